"""VGG conv-13, weights not packaged (paper, OTB-50: OS 68.8 %, DP 76.9 %)."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.vgg_layer = 13  # x of conv-x; paper 5.2, table 1
    return params
