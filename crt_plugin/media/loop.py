"""The loop: frames go through a tracker, and what it finds goes to sinks."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

import numpy as np

from crt_plugin.algorithm.geometry import Box
from crt_plugin.media.frame import Frame
from crt_plugin.media.starts import Id, Starts

Boxes = Mapping[Id, Any]


class Tracker(Protocol):
    """What the loop asks of a tracker of several objects; ``MultiTracker`` is one."""

    @property
    def last(self) -> Mapping[Any, Any]:
        """The last detection of each object, with its ``score``."""

    def init(self, image: Any, boxes: Boxes) -> None:
        """Start on the first frame, perhaps without an object."""

    def start(self, image: Any, boxes: Boxes) -> None:
        """Start objects, or those that there are anew, on the frame that was tracked last."""

    def update(self, image: Any) -> Mapping[Any, Box]:
        """Find the objects in the next frame."""


@dataclass(frozen=True)
class Found:
    """One object in one frame.

    Attributes:
        id: of the object.
        box: (x, y, w, h), frame px, 0-based.
        score: the tracker's confidence, 0 to 1.
        is_lost: whether the score is below the one that the user asked for; never if it is given.
        is_given: whether the box was not found, but given: the object begins here, or anew.
    """

    id: Id
    box: Box
    score: float
    is_lost: bool = False
    is_given: bool = False


@dataclass(frozen=True)
class Step:
    """One tracked frame.

    Attributes:
        frame: sinks must not draw on its picture.
        objects: those that have begun, in the order of ``ids``.
        seconds: that the tracker took, without reading and writing.
        ids: all objects of the run, also those that begin later; more may be added behind.
    """

    frame: Frame
    objects: tuple[Found, ...]
    seconds: float
    ids: tuple[Id, ...]

    @property
    def numbered(self) -> list[tuple[int, Found]]:
        """Each object with its place among all of the run, from 1."""
        return [(self.ids.index(found.id) + 1, found) for found in self.objects]


Revise = Callable[[Step], Boxes]  # the user's boxes of objects that begin anew in a tracked frame


class Sink(Protocol):
    """Something that steps are given to, one after the other."""

    def write(self, step: Step) -> bool | None:
        """Take one step; True ends the run after it."""

    def close(self) -> None:
        """Finish what was begun. Called once, whatever happened, also before any step."""


def generate_steps(
    frames: Iterable[Frame],
    tracker: Tracker,
    starts: Starts,
    lost_below: float = 0.0,
    revise: Revise | None = None,
) -> Iterator[Step]:
    """Track through ``frames``; objects begin where ``starts`` and ``revise`` say.

    Raises:
        UnreachedStartError: the frames end before an object has begun.
    """
    ids, last = starts.ids, None
    for frame in frames:
        began = time.perf_counter()
        given: dict[Id, Any] = dict(starts.take(frame))
        found: Boxes = {}
        if last is None:
            tracker.init(frame.picture, given)
        else:
            found = tracker.update(frame.picture)
            if given:
                tracker.start(frame.picture, given)
        seconds, last = time.perf_counter() - began, frame
        step = _make_step(frame, tracker, {**found, **given}, given, seconds, ids, lost_below)
        drawn = {} if revise is None else revise(step)
        if drawn:
            tracker.start(frame.picture, drawn)
            given |= drawn
            ids = tuple(dict.fromkeys((*ids, *drawn)))
            step = _make_step(frame, tracker, {**found, **given}, given, seconds, ids, lost_below)
        yield step
    if last is not None:
        starts.require_taken(last)


def _make_step(
    frame: Frame,
    tracker: Tracker,
    boxes: Boxes,
    given: Boxes,
    seconds: float,
    ids: tuple[Id, ...],
    lost_below: float,
) -> Step:
    scores = {id: float(last.score) for id, last in tracker.last.items()}
    objects = []
    for id in ids:
        if id in boxes:
            box, is_given = np.array(boxes[id], dtype=np.float64), id in given
            is_lost = not is_given and scores[id] < lost_below
            objects.append(Found(id, box, scores[id], is_lost, is_given))
    return Step(frame, tuple(objects), seconds, ids)


def track_frames(
    frames: Iterable[Frame],
    tracker: Tracker,
    starts: Starts,
    sinks: Sequence[Sink],
    lost_below: float = 0.0,
    revise: Revise | None = None,
) -> None:
    """Track and give every step to every sink; see ``generate_steps``.

    The sinks are closed in any case, each even if another fails. Ctrl-C interrupts the
    tracker at once, but a sink never: no line and no frame is half written.

    Raises:
        KeyboardInterrupt: after Ctrl-C, when all sinks are closed.
        CRTError: what the frames, the tracker or a sink raise.
    """
    tracked = generate_steps(frames, tracker, starts, lost_below, revise)
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
