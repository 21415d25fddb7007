"""CRT plus, speed first: coarse blocks are interpolated, size and angle take turns."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("plus")

    # Half of the network's operations
    params.mobilenet_density = "interpolation"  # block 13 at its own 16 px; ours

    # Fewer and smaller patches
    params.scale_margin = 3  # fewer cells around the object; ours
    params.scale_interval = 2  # in even frames; ours
    params.rotation_interval = 2  # in odd frames; ours
    params.scale_step = 0.03  # as there are half as many; ours
    params.rotation_step = 12.0  # as there are half as many; ours
    return params
