"""One tracker on one sequence, run by got10k."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from crt_plugin.benchmark.datasets.part import Part
from crt_plugin.benchmark.results.layout import ResultFiles
from crt_plugin.benchmark.results.responses import ResponseLog
from crt_plugin.benchmark.run.tracks import Ending, Track, run_sequence
from crt_plugin.errors import BoxError, SourceError
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.hosts.got10k.toolkit import Tracker
from crt_plugin.peers.published import Published

ROUNDING = 0.01  # px; result files have three decimals


@dataclass(frozen=True)
class Failure:
    """A sequence that a tracker did not finish.

    Attributes:
        frame: at fault, counted from 0: as many frames had been tracked.
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
    files: ResultFiles = field(init=False)

    def __post_init__(self) -> None:
        deterministic = bool(self.tracker.is_deterministic)
        self.files = ResultFiles.of(self.part, self.tracker.name, self.sequence, deterministic)

    @property
    def is_published(self) -> bool:
        """Whether there are only result files, and nothing to run."""
        return isinstance(self.tracker, Published)

    @property
    def frames(self) -> int:
        """Frames that are to be tracked, with the host's repetitions."""
        return 0 if self.is_published else len(self.files.absent) * self.files.frames

    def check_start(self) -> None:
        """Check that results that are there begin with the box that this sequence begins with.

        Sequences of two datasets may have one name, such as the user's own ``1``.

        Raises:
            SourceError: they are of another sequence.
        """
        there = [file for file in self.files.boxes if file.is_file()]
        if self.is_published or not there or self.files.problem():  # damaged ones are set aside
            return
        _, truth = self.part.experiment.dataset[self.part.names.index(self.sequence)]
        first = np.asarray(truth[0], dtype=float)
        for file in there:
            line = file.read_text(encoding="utf-8").partition("\n")[0]
            box = np.array(line.split(","), dtype=float)
            if not np.allclose(box, first, rtol=0, atol=ROUNDING):
                raise SourceError(
                    f"{file} begins with the box {line}, and {self.sequence} with "
                    f"{','.join(f'{value:.3f}' for value in first)}: it is of another sequence of "
                    "this name; expected another folder of results, or overwriting it"
                )

    def set_unfinished_aside(self) -> str:
        """Rename result files that are not whole, so that they are made again; a note if so."""
        problem = "" if self.is_published else self.files.damage()
        if not problem:
            return ""
        self.files.set_aside()
        return f"{self.tracker.name}, {self.sequence}: {problem}; set aside and run again"

    def note_missing_responses(self) -> str:
        """A note where response maps are asked for, and a result without any is kept."""
        if not is_recording(self.tracker) or self.files.absent or self.files.responses.is_file():
            return ""
        return (
            f"{self.tracker.name}, {self.sequence}: its result is kept, and has no response maps; "
            "overwriting records them"
        )

    def run(self, on_frame: Callable[[], None]) -> Failure | None:
        """Let the host run it here, unless there are results."""
        experiment = self.part.only([self.sequence]).experiment
        return self._find_failure(run_sequence(experiment, self.tracker, on_frame, self._write))

    def finish(self, tracks: Sequence[Track], ending: Ending) -> Failure | None:
        """Write what a worker ran: repetitions without files, in their order, and their ending.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            for file, track in zip(self.files.absent, tracks, strict=False):
                self._write(file, track)
        except BoxError as error:
            ending = Ending(ending.frame, str(error))
        return self._find_failure(ending)

    def _write(self, file: Path, track: Track) -> None:
        """Write a repetition, boxes last: where they are, all is."""
        self.files.forget_maps()
        if track.confidences:
            self.files.write_confidences(track.confidences)
        if track.responses is not None:
            track.responses.save(self.files.responses)
        self.files.write(file, track.boxes, track.times)

    def _find_failure(self, ending: Ending) -> Failure | None:
        reason = ending.reason or self.files.problem()  # of published results, never seen before
        return self.make_failure(ending.frame, reason) if reason else None

    def make_failure(self, frame: int, reason: str) -> Failure:
        """The failure of this job in a frame."""
        return Failure(self.tracker.name, self.sequence, frame, " ".join(reason.split()))


def is_recording(tracker: Tracker) -> bool:
    """Whether a tracker of this package keeps its response maps."""
    return isinstance(tracker, GOT10kTracker) and tracker.recorder is not None


def record_responses(trackers: Sequence[Tracker]) -> int:
    """Let those of this package keep their response maps; how many there are."""
    ours = [tracker for tracker in trackers if isinstance(tracker, GOT10kTracker)]
    for tracker in ours:
        tracker.recorder = ResponseLog()
    return len(ours)
