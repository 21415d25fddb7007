"""Several trackers over a dataset, through got10k's own ``run`` and ``report``.

The experiment is run sequence by sequence, so that a tracker that fails on one goes on with the
next. Results that are there are kept: a stopped run resumes.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from crt_plugin.errors import BoxError, CRTError, ParameterError
from crt_plugin.evaluation.datasets import Part, open_part
from crt_plugin.evaluation.records import Record, check_name, check_settings, keep_settings
from crt_plugin.evaluation.scores import Report, report
from crt_plugin.hosts.got10k import Tracker, quiet
from crt_plugin.media.progress import FpsColumn
from crt_plugin.peers import Published, make

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


@dataclass(frozen=True)
class Evaluation:
    """What came out of a run.

    Attributes:
        part: the sequences.
        report: the host's scores.
        failures: sequences without a result.
        kept: results that were there before.
        notes: a line for each result file that was set aside.
    """

    part: Part
    report: Report
    failures: list[Failure]
    kept: int
    notes: list[str]


def evaluate(
    dataset: str,
    data: str | Path,
    trackers: Sequence[str | Tracker],
    results: str | Path = "results",
    *,
    reports: str | Path | None = None,
    sequences: Sequence[str] | None = None,
    seed: int | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> Evaluation:
    """Run trackers on the sequences that a folder holds, and let the host report.

    Args:
        dataset: a key of ``datasets.BENCHMARKS``.
        data: the dataset's folder.
        trackers: got10k trackers, or what ``peers.make`` accepts.
        results: folder of results, in the host's layout; what is there is kept.
        reports: folder of the host's reports; without it ``results/reports``.
        sequences: names to run, in the host's spelling; None runs all that are there.
        seed: for the trackers named by text that have one; None: each one's own.
        overwrite: delete these trackers' results on these sequences first.
        progress: show a bar over frames on the standard error output.

    Raises:
        ParameterError: unknown dataset or tracker, or two trackers of one name.
        SourceError: the data cannot be used; results of other settings are there.
        MissingExtraError: a tracker or the host lacks a package.
    """
    made = [make(item, seed) if isinstance(item, str) else item for item in trackers]
    part = open_part(dataset, data, sequences, results, reports)
    return run(part, made, overwrite=overwrite, progress=progress)


def run(
    part: Part, trackers: Sequence[Tracker], *, overwrite: bool = False, progress: bool = True
) -> Evaluation:
    """``evaluate`` on an opened part, with trackers that are made."""
    _check_names(trackers)
    jobs = [_Job(part, tracker, sequence) for tracker in trackers for sequence in part.names]
    _prepare(part, trackers, jobs, overwrite)
    notes = [note for job in jobs if (note := job.set_unfinished_aside())]
    kept = sum(not job.record.missing for job in jobs)
    frames = [job.frames for job in jobs]
    failures = []
    with _FrameBar(sum(frames), progress) as bar:
        for job, planned in zip(jobs, frames, strict=True):
            bar.begin(f"{job.tracker.name} {job.sequence}")
            failure = job.run(bar.advance)
            bar.end(planned)
            if failure is not None:
                failures.append(failure)
    scored = report(part, [tracker.name for tracker in trackers], progress)
    return Evaluation(part, scored, failures, kept, notes)


def _check_names(trackers: Sequence[Tracker]) -> None:
    if not trackers:
        raise ParameterError("no trackers; accepted: one or more, see crt trackers")
    names = [tracker.name for tracker in trackers]
    for name in names:
        check_name(name)
        if names.count(name) > 1:
            raise ParameterError(f"two trackers are called {name!r}; accepted: different names")


def _prepare(
    part: Part, trackers: Sequence[Tracker], jobs: Sequence[_Job], overwrite: bool
) -> None:
    """Check settings against results that stay, delete those that do not."""
    doomed = [job.record for job in jobs if overwrite and not job.is_published]
    leaving = [file for record in doomed for file in record.files]
    for tracker in trackers:
        check_settings(part, tracker, leaving)
    for record in doomed:
        record.delete()
    for tracker in trackers:
        keep_settings(part, tracker)


@dataclass
class _Job:
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

    def run(self, on_frame: Callable[[], None]) -> Failure | None:
        """Let the host run it; nothing is done where results are there."""
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
        return None

    def _failure(self, frame: int, reason: str) -> Failure:
        return Failure(self.tracker.name, self.sequence, frame, " ".join(reason.split()))


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


class _FrameBar:
    """One bar over all frames, on the standard error output."""

    def __init__(self, total: int, shown: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            FpsColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not (shown and total),
        )
        self._task = self._progress.add_task("", total=total)
        self._before = 0

    def begin(self, description: str) -> None:
        """Show what is run."""
        self._progress.update(self._task, description=description)

    def advance(self) -> None:
        """Count one frame."""
        self._progress.advance(self._task)

    def end(self, frames: int) -> None:
        """Count what a failed sequence left out."""
        self._before += frames
        self._progress.update(self._task, completed=self._before)

    def __enter__(self) -> _FrameBar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
