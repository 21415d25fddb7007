"""Table 3: conv-2, patch of 5 x 3 object sizes (paper, OTB-50: OS 64.1 %, DP 68.6 %)."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.vgg_layer = 2  # the features of section 5.3; paper 5.3
    params.patch_width = 5  # object widths; paper 5.3, table 3
    params.patch_height = 3  # object heights; paper 5.3, table 3
    return params
