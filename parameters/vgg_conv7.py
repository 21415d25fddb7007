"""VGG conv-7 (paper, OTB-50: OS 70.2 %, DP 78.0 %)."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.vgg_layer = 7  # x of conv-x; paper 5.2, table 1
    return params
