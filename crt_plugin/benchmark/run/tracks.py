"""Run a tracker in the host's own loop over a sequence, here or on a worker."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.benchmark.results.responses import ResponseLog, ResponseMaps
from crt_plugin.errors import BoxError, CRTError, StorageError
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.hosts.got10k.toolkit import Tracker, run_experiment

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Track:
    """What a tracker returned in one repetition of a sequence.

    Attributes:
        boxes: N x 4, (x, y, w, h), counted as the host does.
        times: seconds of each frame, N.
        confidences: CRT's (peak, score) of each frame; none of other trackers.
        responses: CRT's response maps, where they are recorded.
    """

    boxes: NDArray[np.float64]
    times: NDArray[np.float64]
    confidences: tuple[tuple[float, float], ...]
    responses: ResponseMaps | None


@dataclass(frozen=True)
class Ending:
    """How the host's loop ended.

    Attributes:
        frame: the one at fault, counted from 0: as many were tracked in the last repetition.
        reason: the error, "" if there was none.
    """

    frame: int
    reason: str = ""


def run_sequence(
    experiment: Any,
    tracker: Tracker,
    on_frame: Callable[[], None],
    keep: Callable[[Path, Track], None],
) -> Ending:
    """Let the host run a tracker on an experiment of one sequence.

    Args:
        experiment: got10k's; its way of writing results is replaced.
        on_frame: called after each frame.
        keep: called after each repetition with its file in the host's layout.

    Raises:
        StorageError: of ``keep``. Any other ``Exception`` is in the ``Ending``.
    """
    watch = _Watch(tracker, on_frame)
    try:
        with watch.hook():
            run_experiment(experiment, tracker, lambda f, b, t: keep(f, _make_track(tracker, b, t)))
    except StorageError:  # the other sequences could not be written either
        raise
    except Exception as error:  # a tracker of others may raise anything
        logger.info("%s", tracker.name, exc_info=True)
        kind = "" if isinstance(error, CRTError) else f"{type(error).__name__}: "
        return Ending(watch.frame, f"{kind}{error}")
    return Ending(watch.frame)


def _make_track(tracker: Tracker, boxes: NDArray[np.float64], times: NDArray[np.float64]) -> Track:
    if not isinstance(tracker, GOT10kTracker):
        return Track(boxes, times, (), None)
    log = tracker.recorder
    maps = log.maps if isinstance(log, ResponseLog) else None
    return Track(boxes, times, tuple(tracker.confidences), maps)


class _Watch:
    """Counts a tracker's frames, and checks its boxes, from inside the host's loop."""

    def __init__(self, tracker: Tracker, on_frame: Callable[[], None]) -> None:
        self.frame = 0
        self._tracker = tracker
        self._on_frame = on_frame

    @contextlib.contextmanager
    def hook(self) -> Iterator[None]:
        """Put the hooks on the object: trackers with a loop of their own call them too."""
        tracker, kept = self._tracker, dict(vars(self._tracker))
        init, update = tracker.init, tracker.update

        def init_and_count(image: Any, box: NDArray[np.float64]) -> None:
            self.frame = 0
            init(image, box.copy())  # got10k hands a view into its annotations over
            self._count()

        def update_and_count(image: Any) -> NDArray[np.float64]:
            box = _check_box(update(image))
            self._count()
            return box

        tracker.init, tracker.update = init_and_count, update_and_count
        try:
            yield
        finally:
            del tracker.init, tracker.update
            vars(tracker).update({name: kept[name] for name in ("init", "update") if name in kept})

    def _count(self) -> None:
        self.frame += 1
        self._on_frame()


def _check_box(box: Any) -> NDArray[np.float64]:
    """A tracker's box, if it is one."""
    try:
        values = np.asarray(box, dtype=float)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.shape != (4,) or not np.isfinite(values).all() or (values[2:] < 0).any():
        raise BoxError(f"the tracker returned {box!r}; expected four finite numbers x, y, w, h")
    return values
