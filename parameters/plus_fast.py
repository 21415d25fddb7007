"""As much of CRT plus as the speed of ``fast`` allows: size and angle take turns."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("plus")
    params.scale_margin = 3  # fewer cells around the object; ours
    params.scale_interval = 2  # in even frames; ours
    params.rotation_interval = 2  # in odd frames; ours
    params.scale_step = 0.03  # as there are half as many; ours
    params.rotation_step = 12.0  # as there are half as many; ours
    return params
