"""VGG conv-10, the default by its own name (paper, OTB-50: OS 75.7 %, DP 83.5 %)."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.vgg_layer = 10  # x of conv-x; paper 5.2, table 1
    return params
