"""CRT in real time: place first, scale second, on a smaller patch of coarser cells."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")

    # Fewer cells
    params.filter_cells = 64.0  # object of 32 px of input; ours
    params.patch_width = 5  # with its height of 5, what the motion map leaves alive; ours

    # Place first, scale second
    params.search = "two_step"  # one whole patch a frame, in place of three; ours
    params.scale_interval = 2  # sizes change slowly; ours
    params.subcell = "gaussian"  # place between the cells; ours

    # Stronger updates
    params.loss_threshold = 0.0  # th of eq. 3: every error counts; reference
    params.stop_loss = 0.01  # half the paper's; reference
    params.confidence_threshold = 0.0  # every frame is learned from; reference
    params.update_learning_rate = 2e-8  # four times the paper's; ours
    return params
