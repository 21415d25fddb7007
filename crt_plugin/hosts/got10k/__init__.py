"""CRT in the got10k toolkit, and that toolkit without its prints."""

from crt_plugin.hosts.got10k.toolkit import (
    FIRST_PIXEL,
    Tracker,
    center_error,
    datasets,
    experiments,
    quiet,
    rect_iou,
    require_got10k,
    run_experiment,
    skip_check,
)
from crt_plugin.hosts.got10k.tracker import GOT10kTracker

__all__ = [
    "FIRST_PIXEL",
    "GOT10kTracker",
    "Tracker",
    "center_error",
    "datasets",
    "experiments",
    "quiet",
    "rect_iou",
    "require_got10k",
    "run_experiment",
    "skip_check",
]
