"""The last settings that the authors released (2018): every negative, faster updates, no gate."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.loss_threshold = 0.0  # th of eq. 3: every error counts; reference
    params.stop_loss = 0.01  # half the paper's, so trained longer; reference
    params.confidence_threshold = 0.0  # every frame is learned from; reference
    params.update_learning_rate = 1e-8  # twice the paper's; reference
    return params
