"""HOG, 31 channels in cells of 4 px (paper, OTB-50: OS 68.1 %, DP 75.2 %)."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.features = "hog"  # no network, no PCA: 31 channels are fewer than 64; paper 5.2, table 1
    params.feature_std = 200.0  # not in the paper; chosen on 14 targets outside its tables; ours
    return params
