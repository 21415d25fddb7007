"""What each further object of a ``MultiTracker`` costs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import torch

from crt_plugin.bench.measure import OnStep, Result
from crt_plugin.bench.stages import time_call
from crt_plugin.bench.workload import WARM_UP, open_workload, take_frames
from crt_plugin.parameters import load_parameters
from crt_plugin.plus.multi_tracker import MultiTracker
from crt_plugin.runtime.device import choose_device


def measure_objects(
    parameters: str,
    precision: str,
    source: str,
    box: Sequence[float] | None,
    frames: int,
    most: int,
    on_step: OnStep,
) -> Result:
    """Trackers of 1, 2, ... ``most`` objects, in turn on each frame: noise cancels.

    All objects are the same one, so that each costs what the first does.

    Args:
        parameters: name or path.
        source, box: see ``workload.open_workload``.
        frames: of the medians, after the first and the warm-up; 0: all there are.
    """
    params = load_parameters(parameters).copy(precision=precision)
    device = choose_device(params.device)
    clip, first_box = open_workload(source, box)
    pictures = clip.frames()
    first = next(pictures)
    trackers: dict[int, MultiTracker] = {}
    for count in range(1, most + 1):
        on_step(f"init of {count}")
        trackers[count] = MultiTracker(params)
        trackers[count].init(first, dict.fromkeys(range(count), first_box))
    spent: dict[int, list[float]] = {count: [] for count in trackers}
    for picture in take_frames(pictures, frames, on_step):
        for count, tracker in trackers.items():
            spent[count].append(time_call(lambda: tracker.update(picture), device))  # noqa: B023
    timed = {count: values[WARM_UP:] for count, values in spent.items()}
    one = timed[1]
    return {
        "precision": precision,
        "threads": torch.get_num_threads(),
        "objects_ms": {count: 1e3 * statistics.median(each) for count, each in timed.items()},
        "objects_ratio": {
            count: statistics.median(some / alone for some, alone in zip(each, one, strict=True))
            for count, each in timed.items()
        },
    }
