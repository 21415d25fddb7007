"""CRT plus, speed first: on half of its operations."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("plus")
    params.mobilenet_density = "interpolation"  # block 13 at its own 16 px; ours
    params.filter_window = 0.8  # the best of three, see docs/light.md; ours
    return params
