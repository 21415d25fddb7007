"""Time of each stage of the tracker, measured from outside: the tracker knows nothing of it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import torch

from crt_plugin.plus.tracker import CRTTracker

STAGES = ("crop", "features", "reduction", "detection", "update", "rest")

Seconds = dict[str, float]


class StageClock:
    """Splits the time of ``CRTTracker.update`` into ``STAGES``, while it is entered.

    A stage that runs inside of another counts for the outer one: the response of an update is
    "update". What is in none is "rest".
    """

    def __init__(self, tracker: CRTTracker) -> None:
        self._tracker = tracker
        self._places = (
            (tracker, "_cut", "crop"),
            (tracker.features, "extract", "features"),
            (tracker.features, "reduce", "reduction"),
            (tracker.regression, "response", "detection"),
            (tracker, "_predict", "detection"),
            (tracker, "_learn", "update"),
        )
        self._seconds: Seconds = defaultdict(float)
        self._is_inside = False
        self._undo = ExitStack()

    def __enter__(self) -> StageClock:
        for owner, name, stage in self._places:
            setattr(owner, name, self._timed(getattr(owner, name), stage))
            self._undo.callback(delattr, owner, name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._undo.close()

    def update(self, frame: Any) -> Seconds:
        """Track ``frame``; seconds of each stage, and ``"frame"``, their sum."""
        self._seconds = defaultdict(float)
        whole = self._elapsed(lambda: self._tracker.update(frame))
        spent = {stage: self._seconds[stage] for stage in STAGES[:-1]}
        return spent | {"rest": whole - sum(spent.values()), "frame": whole}

    def _timed(self, call: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            if self._is_inside:
                return call(*args, **kwargs)
            self._is_inside = True
            results: list[Any] = []
            try:
                seconds = self._elapsed(lambda: results.append(call(*args, **kwargs)))
            finally:
                self._is_inside = False
            self._seconds[stage] += seconds
            return results[0]

        return timed

    def _elapsed(self, call: Callable[[], Any]) -> float:
        return elapsed(call, self._tracker.device)


def elapsed(call: Callable[[], Any], device: torch.device) -> float:
    """Seconds of a call; of a GPU's work too, which goes on after the call returns."""
    _wait(device)
    start = time.perf_counter()
    call()
    _wait(device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
