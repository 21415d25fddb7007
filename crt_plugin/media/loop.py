"""The loop: frames go through a tracker, and what it finds goes to sinks."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

import numpy as np

from crt_plugin.algorithm.geometry import Box
from crt_plugin.media.frame import Frame

Id = int | str  # of an object among those of a run
Boxes = Mapping[Id, Any]


class Tracker(Protocol):
    """What the loop asks of a tracker of several objects; ``MultiTracker`` is one."""

    @property
    def last(self) -> Mapping[Any, Any]:
        """The last detection of each object, with its ``score``."""

    def init(self, image: Any, boxes: Boxes) -> None:
        """Start on the first frame."""

    def update(self, image: Any) -> Mapping[Any, Box]:
        """Find the objects in the next frame."""


@dataclass(frozen=True)
class Found:
    """One object in one frame.

    Attributes:
        id: of the object.
        box: (x, y, w, h), frame px, 0-based; of the first frame the one that the tracker was given.
        score: the tracker's confidence, 0 to 1.
        is_lost: whether the score is below the one that the user asked for.
    """

    id: Id
    box: Box
    score: float
    is_lost: bool = False


@dataclass(frozen=True)
class Step:
    """One tracked frame.

    Attributes:
        frame: sinks must not draw on its picture.
        objects: the same ones in the same order in each step.
        seconds: that the tracker took, without reading and writing.
    """

    frame: Frame
    objects: tuple[Found, ...]
    seconds: float


class Sink(Protocol):
    """Something that steps are given to, one after the other."""

    def write(self, step: Step) -> bool | None:
        """Take one step; True ends the run after it."""

    def close(self) -> None:
        """Finish what was begun. Called once, whatever happened, also before any step."""


def generate_steps(
    frames: Iterable[Frame], tracker: Tracker, boxes: Boxes, lost_below: float = 0.0
) -> Iterator[Step]:
    """Track through ``frames``, starting on the first with ``boxes``, which are never lost."""
    is_first = True
    for frame in frames:
        start = time.perf_counter()
        found: Mapping[Any, Any] = boxes
        if is_first:
            tracker.init(frame.picture, boxes)
        else:
            found = tracker.update(frame.picture)
        seconds = time.perf_counter() - start
        scores = {id: float(last.score) for id, last in tracker.last.items()}
        objects = tuple(
            Found(
                id,
                np.array(box, dtype=np.float64),
                scores[id],
                not is_first and scores[id] < lost_below,
            )
            for id, box in found.items()
        )
        yield Step(frame, objects, seconds)
        is_first = False


def track_frames(
    frames: Iterable[Frame],
    tracker: Tracker,
    boxes: Boxes,
    sinks: Sequence[Sink],
    lost_below: float = 0.0,
) -> None:
    """Track and give every step to every sink; see ``generate_steps``.

    The sinks are closed in any case, each even if another fails. Ctrl-C interrupts the
    tracker at once, but a sink never: no line and no frame is half written.

    Raises:
        KeyboardInterrupt: after Ctrl-C, when all sinks are closed.
        CRTError: what the frames, the tracker or a sink raise.
    """
    tracked = generate_steps(frames, tracker, boxes, lost_below)
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
