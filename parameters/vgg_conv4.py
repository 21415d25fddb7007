"""VGG conv-4 (paper, OTB-50: OS 67.3 %, DP 79.5 %)."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.vgg_layer = 4  # x of conv-x; paper 5.2, table 1
    return params
