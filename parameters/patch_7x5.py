"""Table 3: conv-2, patch of 7 x 5 object sizes (paper, OTB-50: OS 66.2 %, DP 73.2 %)."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.vgg_layer = 2  # the features of section 5.3; paper 5.3
    params.patch_width = 7  # object widths; paper 5.3, table 3
    return params
