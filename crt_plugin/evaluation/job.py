"""One tracker on one sequence, run by got10k."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import BoxError, CRTError
from crt_plugin.evaluation.datasets import Part
from crt_plugin.evaluation.records import Record
from crt_plugin.hosts.got10k import GOT10kTracker, Tracker, quiet
from crt_plugin.hosts.responses import ResponseLog
from crt_plugin.peers import Published

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """A sequence that a tracker did not finish.

    Attributes:
        frame: at fault, counted from 0: so many frames had been tracked.
        reason: the error.
    """

    tracker: str
    sequence: str
    frame: int
    reason: str

    def __str__(self) -> str:
        return f"{self.tracker}, {self.sequence}, frame {self.frame}: {self.reason}"


@dataclass
class Job:
    """One tracker on one sequence."""

    part: Part
    tracker: Tracker
    sequence: str
    record: Record = field(init=False)

    def __post_init__(self) -> None:
        deterministic = bool(self.tracker.is_deterministic)
        self.record = Record.of(self.part, self.tracker.name, self.sequence, deterministic)

    @property
    def is_published(self) -> bool:
        """Whether there are only result files, and nothing to run."""
        return isinstance(self.tracker, Published)

    @property
    def frames(self) -> int:
        """Frames that are to be tracked, with the host's repetitions."""
        return 0 if self.is_published else self.record.missing * self.record.frames

    def set_unfinished_aside(self) -> str:
        """Move result files that are not whole out of the host's way, and say so."""
        problem = self.record.problem()
        if not problem or self.is_published:
            return ""
        self.record.set_aside()
        return f"{self.tracker.name}, {self.sequence}: {problem}; set aside and run again"

    def without_responses(self) -> str:
        """Say so where response maps are asked for, and a result without any is kept."""
        asked = isinstance(self.tracker, GOT10kTracker) and self.tracker.responses is not None
        if not asked or self.record.missing or self.record.responses.is_file():
            return ""
        return (
            f"{self.tracker.name}, {self.sequence}: its result is kept, and has no response maps; "
            "overwriting records them"
        )

    def run(self, on_frame: Callable[[], None]) -> Failure | None:
        """Let the host run it; nothing is done where results are there."""
        ours = self.tracker if isinstance(self.tracker, GOT10kTracker) else None
        log = ours.responses if ours else None
        # The host runs nothing where results are there
        if ours:
            ours.confidences.clear()
        if log is not None:
            log.clear()
        if not self.is_published:
            # Two processes that find no folder both make one in the host's way, and one fails.
            self.record.make_folders()
        watch = _Watch(self.tracker, on_frame)
        try:
            with quiet(), watch.hooked():
                self.part.only([self.sequence]).experiment.run(self.tracker)
        except Exception as error:  # a tracker of others may raise anything
            logger.info("%s on %s", self.tracker.name, self.sequence, exc_info=True)
            kind = "" if isinstance(error, CRTError) else f"{type(error).__name__}: "
            return self._failure(watch.frame, f"{kind}{error}")
        problem = self.record.problem()
        if problem:
            if not self.is_published:
                self.record.set_aside()
            return self._failure(watch.frame, problem)
        if ours and ours.confidences:
            self.record.write_confidences(ours.confidences)
        maps = None if log is None else log.maps
        if maps is not None:
            maps.save(self.record.responses)
        return None

    def _failure(self, frame: int, reason: str) -> Failure:
        return Failure(self.tracker.name, self.sequence, frame, " ".join(reason.split()))


def record_responses(trackers: Sequence[Tracker]) -> int:
    """Let those of this package keep their response maps; how many there are."""
    ours = [tracker for tracker in trackers if isinstance(tracker, GOT10kTracker)]
    for tracker in ours:
        tracker.responses = ResponseLog()
    return len(ours)


class _Watch:
    """Counts a tracker's frames, and checks its boxes, from inside the host's loop."""

    def __init__(self, tracker: Tracker, on_frame: Callable[[], None]) -> None:
        self.frame = 0
        self._tracker = tracker
        self._on_frame = on_frame

    @contextlib.contextmanager
    def hooked(self) -> Iterator[None]:
        """Put the hooks on the object: trackers with a loop of their own call them too."""
        tracker, kept = self._tracker, dict(vars(self._tracker))
        init, update = tracker.init, tracker.update

        def hooked_init(image: Any, box: NDArray[np.float64]) -> None:
            self.frame = 0
            init(image, box.copy())  # got10k hands a view into its annotations over
            self._count()

        def hooked_update(image: Any) -> NDArray[np.float64]:
            box = _checked(update(image))
            self._count()
            return box

        tracker.init, tracker.update = hooked_init, hooked_update
        try:
            yield
        finally:
            for name in ("init", "update"):
                if name in kept:
                    setattr(tracker, name, kept[name])
                else:
                    delattr(tracker, name)

    def _count(self) -> None:
        self.frame += 1
        self._on_frame()


def _checked(box: Any) -> NDArray[np.float64]:
    """A tracker's box, if it is one."""
    try:
        values = np.asarray(box, dtype=float)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.shape != (4,) or not np.isfinite(values).all() or (values[2:] < 0).any():
        raise BoxError(f"the tracker returned {box!r}; accepted: four finite numbers x, y, w, h")
    return values
