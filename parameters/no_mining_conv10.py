"""Table 2 with the paper's best features, conv-10: without hard negative mining."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.loss_threshold = 0.0  # th of eq. 3: every error counts; paper 5.3, table 2
    params.loss_exponent = 0.0  # a of eq. 4: every place weighs the same; paper 5.3, table 2
    return params
