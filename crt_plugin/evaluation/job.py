"""One tracker on one sequence, run by got10k."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import BoxError, CRTError, StorageError
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
        problem = "" if self.is_published else self.record.damage()
        if not problem:
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
        experiment = self.part.only([self.sequence]).experiment
        # The host writes in place, boxes before times: killed there, it leaves boxes that look
        # whole and have no times, and readers see parts. What it hands over is written here.
        assert callable(experiment._record)  # in got10k 0.1.3
        experiment._record = self._keep
        watch = _Watch(self.tracker, on_frame)
        try:
            with quiet(), watch.hooked():
                experiment.run(self.tracker)
        except StorageError:  # the other sequences could not be written either
            raise
        except Exception as error:  # a tracker of others may raise anything
            logger.info("%s on %s", self.tracker.name, self.sequence, exc_info=True)
            kind = "" if isinstance(error, CRTError) else f"{type(error).__name__}: "
            return self._failure(watch.frame, f"{kind}{error}")
        problem = self.record.problem()  # published results are not looked at before
        return self._failure(watch.frame, problem) if problem else None

    def _keep(self, file: str, boxes: NDArray[np.float64], times: NDArray[np.float64]) -> None:
        """Write what the host has of a sequence, boxes last: where they are, all is."""
        self.record.forget_maps()
        ours = self.tracker if isinstance(self.tracker, GOT10kTracker) else None
        if ours and ours.confidences:
            self.record.write_confidences(ours.confidences)
        maps = ours.responses.maps if ours and ours.responses else None
        if maps is not None:
            maps.save(self.record.responses)
        self.record.write(Path(file), boxes, times)

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
