"""VGG conv-2 (paper, OTB-50: OS 68.9 %, DP 76.4 %)."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.vgg_layer = 2  # x of conv-x; paper 5.2, table 1
    return params
