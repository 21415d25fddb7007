"""Time of each stage of the tracker, measured from outside: the tracker knows nothing of it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch

from crt_plugin.plus.tracker import CRTTracker

STAGES = ("crop", "features", "reduction", "detection", "update", "rest")

Seconds = dict[str, float]


class StageClock:
    """Splits the time of ``CRTTracker.update`` into ``STAGES``, while it is entered.

    Of an ensemble each stage is the sum over its members. A stage that runs inside another counts
    for the outer one: the response of an update is "update". What is in none is "rest".
    """

    def __init__(self, tracker: CRTTracker) -> None:
        self._tracker = tracker
        self._seconds: Seconds = defaultdict(float)
        self._is_inside = False
        self._undo = ExitStack()

    def __enter__(self) -> StageClock:
        for tracker in self._tracker.members.values():
            for owner, name, stage in (
                (tracker, "_cut", "crop"),
                (tracker.features, "extract", "features"),
                (tracker.features, "reduce", "reduction"),
                (tracker.regression, "response", "detection"),
                (tracker, "_predict", "detection"),
                (tracker, "_learn", "update"),
            ):
                setattr(owner, name, self._add_clock(getattr(owner, name), stage))
                self._undo.callback(delattr, owner, name)
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def update(self, frame: Any) -> Seconds:
        """Track ``frame``; seconds of each stage, and ``"frame"``, their sum."""
        self._seconds = defaultdict(float)
        whole = time_call(lambda: self._tracker.update(frame), self._tracker.device)
        spent = {stage: self._seconds[stage] for stage in STAGES[:-1]}
        return spent | {"rest": whole - sum(spent.values()), "frame": whole}

    def _add_clock(self, call: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def call_and_time(*args: Any, **kwargs: Any) -> Any:
            if self._is_inside:
                return call(*args, **kwargs)
            self._is_inside = True
            results: list[Any] = []
            try:
                self._seconds[stage] += time_call(
                    lambda: results.append(call(*args, **kwargs)), self._tracker.device
                )
            finally:
                self._is_inside = False
            return results[0]

        return call_and_time


def time_call(call: Callable[[], Any], device: torch.device) -> float:
    """Seconds of a call; of a GPU's work too, which goes on after the call returns."""
    _wait(device)
    start = time.perf_counter()
    call()
    _wait(device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
