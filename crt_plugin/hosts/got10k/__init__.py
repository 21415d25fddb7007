"""CRT in the got10k toolkit, and that toolkit without its prints."""

from crt_plugin.hosts.got10k.tracker import (
    FIRST_PIXEL,
    GOT10kTracker,
    Tracker,
    datasets,
    experiments,
    quiet,
    require_got10k,
)

__all__ = [
    "FIRST_PIXEL",
    "GOT10kTracker",
    "Tracker",
    "datasets",
    "experiments",
    "quiet",
    "require_got10k",
]
