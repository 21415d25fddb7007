"""CRT in visionml's pytracking."""

from crt_plugin.hosts.pytracking.tracker import CRT, experiments

__all__ = ["CRT", "experiments"]
