"""Figure 3: updates learn from the last frame alone, not from five past frames."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("default")
    params.history_length = 1  # frames of an update; paper 5.2, figure 3
    return params
