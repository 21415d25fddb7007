"""HOG and Color Names, joined: 42 channels of one stride."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("hog")
    params.features = "hog+color_names"  # each rescaled on its own, then joined; ours
    return params
