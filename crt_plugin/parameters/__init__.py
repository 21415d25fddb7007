"""Settings and parameter files (schema.py has every setting)."""

from crt_plugin.parameters.schema import (
    HOST_ATTRIBUTES,
    Parameters,
    describe,
    load_parameters,
    parameter_directory,
    parameter_names,
)

__all__ = [
    "HOST_ATTRIBUTES",
    "Parameters",
    "describe",
    "load_parameters",
    "parameter_directory",
    "parameter_names",
]
