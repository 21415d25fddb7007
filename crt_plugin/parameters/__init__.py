"""Settings (the paper's, and ours) and parameter files."""

from collections.abc import Mapping
from typing import Any

from crt_plugin.parameters import settings
from crt_plugin.parameters.loader import load_parameters, parameter_directory, parameter_names
from crt_plugin.parameters.paper import PaperParameters
from crt_plugin.parameters.schema import Parameters
from crt_plugin.parameters.settings import HOST_ATTRIBUTES

__all__ = [
    "HOST_ATTRIBUTES",
    "PaperParameters",
    "Parameters",
    "describe",
    "load_parameters",
    "parameter_directory",
    "parameter_names",
    "read_values",
]


def describe(name: str) -> dict[str, str]:
    """Facts about a setting, see ``settings.describe_setting``."""
    return settings.describe_setting(Parameters, name)


def read_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Kept values under today's names, see ``settings.read_values``."""
    return settings.read_values(Parameters, values)
