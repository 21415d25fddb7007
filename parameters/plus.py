"""The most accurate, CRT light in an ensemble: the mean box of light, hog and plus_vgg."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("light")
    params.ensemble = "hog+plus_vgg"  # chosen by cross-validation, see docs/plus.md; ours
    return params
