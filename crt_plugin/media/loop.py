"""The loop: frames go through a tracker, and what it finds goes to sinks."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from crt_plugin.algorithm.geometry import Box


class Tracker(Protocol):
    """What the loop asks of a tracker; ``CRTTracker`` is one."""

    @property
    def last(self) -> Any:
        """The last detection, with its ``score``."""

    def init(self, image: Any, box: Any) -> None:
        """Start on the first frame."""

    def update(self, image: Any) -> Box:
        """Find the object in the next frame."""


@dataclass(frozen=True)
class Step:
    """One tracked frame.

    Attributes:
        index: of the frame in its source, from 0.
        image: RGB, H x W x 3, uint8; sinks must not draw on it.
        box: (x, y, w, h), frame px, 0-based; of the first step the one that the tracker was given.
        score: the tracker's confidence, 0 to 1.
        seconds: that the tracker took, without reading and writing.
        is_lost: whether the score is below the one that the user asked for.
    """

    index: int
    image: NDArray[np.uint8]
    box: Box
    score: float
    seconds: float
    is_lost: bool = False


class Sink(Protocol):
    """Something that steps are given to, one after the other."""

    def write(self, step: Step) -> bool | None:
        """Take one step; True ends the run after it."""

    def close(self) -> None:
        """Finish what was begun. Called once, whatever happened, also before any step."""


def generate_steps(
    frames: Iterable[NDArray[np.uint8]],
    tracker: Tracker,
    box: Box,
    lost_below: float = 0.0,
    indices: Iterable[int] | None = None,
) -> Iterator[Step]:
    """Track through ``frames``, starting on the first with ``box``, which is never lost.

    ``indices`` are the frames' numbers in their source; by default 0, 1, 2, ...
    """
    numbers = itertools.count() if indices is None else indices
    is_first = True
    for image, index in zip(frames, numbers, strict=False):
        start = time.perf_counter()
        if is_first:
            tracker.init(image, box)
            found = np.array(box, dtype=np.float64)
        else:
            found = tracker.update(image)
        seconds = time.perf_counter() - start
        score = float(tracker.last.score)
        is_lost = not is_first and score < lost_below
        yield Step(index, image, found, score, seconds, is_lost)
        is_first = False


def track_frames(
    frames: Iterable[NDArray[np.uint8]],
    tracker: Tracker,
    box: Box,
    sinks: Sequence[Sink],
    lost_below: float = 0.0,
    indices: Iterable[int] | None = None,
) -> None:
    """Track and give every step to every sink; see ``generate_steps``.

    The sinks are closed in any case, each even if another fails. Ctrl-C interrupts the
    tracker at once, but a sink never: no line and no frame is half written.

    Raises:
        KeyboardInterrupt: after Ctrl-C, when all sinks are closed.
        CRTError: what the frames, the tracker or a sink raise.
    """
    tracked = generate_steps(frames, tracker, box, lost_below, indices)
    with _Interrupts() as interrupts, ExitStack() as closing:
        for sink in sinks:
            closing.callback(sink.close)
        while True:
            with interrupts.let_through():
                step = next(tracked, None)
            if step is None:
                return
            stops = [sink.write(step) for sink in sinks]
            if any(stops):
                return


class _Interrupts:
    """Holds Ctrl-C back, except inside ``let_through``, and raises it at the end.

    Does nothing outside the main thread, which alone receives Ctrl-C, and where somebody
    else handles or ignores it.
    """

    def __init__(self) -> None:
        self._held = True
        self._pending = False
        self._installed = False

    def __enter__(self) -> _Interrupts:
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._receive)
            self._installed = True
        return self

    def __exit__(self, *raised: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if raised[0] is None:
            self._raise_pending()

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """Ctrl-C inside, or held back before, raises at once."""
        self._held = False
        try:
            self._raise_pending()
            yield
        finally:
            self._held = True

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        self._pending = True
        if not self._held:
            self._raise_pending()

    def _raise_pending(self) -> None:
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt
