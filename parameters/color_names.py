"""Color Names, 11 terms in cells of 4 px."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.features = "color_names"  # 11 channels; paper 5.2
    return params
