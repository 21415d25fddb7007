"""Settings (the paper's, and ours) and parameter files."""

from crt_plugin.parameters.folder import parameter_directory, parameter_names
from crt_plugin.parameters.loader import load_parameters
from crt_plugin.parameters.paper import PaperParameters
from crt_plugin.parameters.schema import Parameters

__all__ = [
    "PaperParameters",
    "Parameters",
    "load_parameters",
    "parameter_directory",
    "parameter_names",
]
