"""CRT in visionml's pytracking."""

from typing import Any

from crt_plugin.hosts.pytracking import tracker
from crt_plugin.hosts.pytracking.tracker import CRT, experiments

__all__ = ["CRT", "HostedTracker", "experiments"]


def __getattr__(name: str) -> Any:
    if name == "HostedTracker":
        return tracker.HostedTracker  # made when it is first asked for
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
