"""One tracker on one sequence, run by got10k."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crt_plugin.benchmark.datasets.part import Part
from crt_plugin.benchmark.results.layout import Record
from crt_plugin.benchmark.results.responses import ResponseLog
from crt_plugin.benchmark.run.tracks import Ended, Track, play
from crt_plugin.errors import BoxError
from crt_plugin.hosts.got10k import GOT10kTracker, Tracker
from crt_plugin.peers.published import Published


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
        asked = isinstance(self.tracker, GOT10kTracker) and self.tracker.recorder is not None
        if not asked or self.record.missing or self.record.responses.is_file():
            return ""
        return (
            f"{self.tracker.name}, {self.sequence}: its result is kept, and has no response maps; "
            "overwriting records them"
        )

    def run(self, on_frame: Callable[[], None]) -> Failure | None:
        """Let the host run it here; nothing is done where results are there."""
        experiment = self.part.only([self.sequence]).experiment
        return self._failure(play(experiment, self.tracker, on_frame, self._keep))

    def finish(self, tracks: Sequence[Track], ended: Ended) -> Failure | None:
        """Keep what was run elsewhere.

        Args:
            tracks: repetitions that the record has no files of, in their order.
            ended: how the run ended.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            for file, track in zip(self.record.absent, tracks, strict=False):
                self._keep(file, track)
        except BoxError as error:
            ended = Ended(ended.frame, str(error))
        return self._failure(ended)

    def _keep(self, file: Path, track: Track) -> None:
        """Write what the host has of a sequence, boxes last: where they are, all is."""
        self.record.forget_maps()
        if track.confidences:
            self.record.write_confidences(track.confidences)
        if track.responses is not None:
            track.responses.save(self.record.responses)
        self.record.write(file, track.boxes, track.times)

    def _failure(self, ended: Ended) -> Failure | None:
        reason = ended.reason or self.record.problem()  # of published results, never seen before
        return self.failed(ended.frame, reason) if reason else None

    def failed(self, frame: int, reason: str) -> Failure:
        """The failure of this job in a frame."""
        return Failure(self.tracker.name, self.sequence, frame, " ".join(reason.split()))


def record_responses(trackers: Sequence[Tracker]) -> int:
    """Let those of this package keep their response maps; how many there are."""
    ours = [tracker for tracker in trackers if isinstance(tracker, GOT10kTracker)]
    for tracker in ours:
        tracker.recorder = ResponseLog()
    return len(ours)
