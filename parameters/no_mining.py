"""Table 2: conv-2 without hard negative mining (paper, OTB-50: OS 58.6 %, DP 68.1 %)."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.vgg_layer = 2  # the features of section 5.3; paper 5.3
    params.loss_threshold = 0.0  # th of eq. 3: every error counts; paper 5.3, table 2
    params.loss_exponent = 0.0  # a of eq. 4: every place weighs the same; paper 5.3, table 2
    return params
