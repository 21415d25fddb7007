"""The settings of an ensemble: those of a tracker and of others that run beside it (ours)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from crt_plugin.errors import ParameterError
from crt_plugin.parameters.loader import load_parameters
from crt_plugin.parameters.schema import Parameters

LEAD = "lead"  # its name in an ensemble
SHARED = (  # the others' are the lead's
    "device",
    "precision",
    "engine",
    "vgg_weights",
    "mobilenet_weights",
    "color_names_table",
    "seed",
    "frame_noise",
)


def list_members(params: Parameters) -> dict[str, Parameters]:
    """Settings of each tracker of an ensemble by its name: the lead's, and those beside it.

    Raises:
        ParameterError: a file of ``ensemble`` has an ensemble itself.
    """
    members = {LEAD: params}
    shared = {name: params.get(name) for name in SHARED}
    for name in params.ensemble.split("+") if params.ensemble else []:
        members[name] = load_parameters(name).copy(**shared)
        if members[name].ensemble is not None:
            raise ParameterError(
                f"ensemble = {params.ensemble!r}: {name} has an ensemble itself; expected "
                "parameter files without one"
            )
    return members


def list_settings(params: Parameters) -> dict[str, Any]:
    """All that a tracker is made from: settings by name, of those beside it as ``member.name``.

    Raises:
        ParameterError: see ``list_members``.
    """
    return {
        _join(member, name): value
        for member, settings in list_members(params).items()
        for name, value in settings
    }


def read_settings(values: Mapping[str, Any]) -> Parameters:
    """The lead's parameters, of what ``list_settings`` gave, elsewhere perhaps.

    Raises:
        ParameterError: impossible values, or members whose files are others here.
    """
    params = Parameters().copy(**{name: v for name, v in values.items() if "." not in name})
    if list_settings(params) != values:
        raise ParameterError(
            f"a parameter file of ensemble = {params.ensemble!r} is another here; expected the same"
        )
    return params


def migrate_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """What ``list_settings`` of an earlier version gave, as today's.

    See ``Parameters.migrate_values``.
    """
    members: dict[str, dict[str, Any]] = defaultdict(dict)
    for key, value in values.items():
        member, _, name = key.rpartition(".")
        members[member or LEAD][name] = value
    return {
        _join(member, name): value
        for member, settings in members.items()
        for name, value in Parameters.migrate_values(settings).items()
    }


def find_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names in which two descriptions of trackers differ.

    Those of a member that only one of them has are left out: ``ensemble`` says it.
    """
    return [
        name
        for name in {**now, **before}
        if before.get(name, ...) != now.get(name, ...)
        and not ("." in name and (name in before) != (name in now))
    ]


def _join(member: str, name: str) -> str:
    return name if member == LEAD else f"{member}.{name}"
