"""RGB colours, averaged over cells of 4 px."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.features = "rgb"  # 3 channels; paper 5.2
    return params
