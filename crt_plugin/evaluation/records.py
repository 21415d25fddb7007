"""The host's result files of one tracker: where they are, and whether they are whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crt_plugin.errors import ParameterError, SourceError
from crt_plugin.evaluation.datasets import Part
from crt_plugin.hosts.got10k import Tracker

UNFINISHED = ".unfinished"
SETTINGS = "settings.txt"


@dataclass(frozen=True)
class Record:
    """Result files of a tracker on a sequence.

    Attributes:
        boxes: files of boxes, one a repetition: a line a frame, ``x,y,w,h``.
        times: file of the seconds of each frame.
        responses: file of CRT's response maps, where they are recorded.
        confidences: file of CRT's ``peak,score`` of each frame.
        frames: lines that each of them has when it is whole.
    """

    boxes: tuple[Path, ...]
    times: Path
    responses: Path
    confidences: Path
    frames: int

    @classmethod
    def of(cls, part: Part, tracker: str, sequence: str, deterministic: bool = True) -> Record:
        """Where the host keeps the record; random trackers are repeated on GOT-10k."""
        folder, frames = Path(part.experiment.result_dir) / tracker, part.lengths[sequence]
        responses = folder / "responses" / f"{sequence}.npz"
        scores = folder / "scores" / f"{sequence}.csv"
        if not part.benchmark.is_got10k:
            times = folder / "times" / f"{sequence}_time.txt"
            return cls((folder / f"{sequence}.txt",), times, responses, scores, frames)
        folder = folder / sequence
        repetitions = 1 if deterministic else part.experiment.repetitions
        boxes = tuple(folder / f"{sequence}_{r + 1:03d}.txt" for r in range(repetitions))
        return cls(boxes, folder / f"{sequence}_time.txt", responses, scores, frames)

    @property
    def files(self) -> list[Path]:
        """The files that are there."""
        return [file for file in (*self.boxes, self.times) if file.is_file()]

    @property
    def missing(self) -> int:
        """Repetitions without a file."""
        return sum(not file.is_file() for file in self.boxes)

    def problem(self) -> str:
        """What is wrong with a file that is there, "" if nothing."""
        problems = (_problem(file, self.frames, 4) for file in self.boxes if file.is_file())
        found = next(filter(None, problems), "")
        if not found and self.times.is_file():
            found = _problem(self.times, self.frames, None)
        return found

    def make_folders(self) -> None:
        """Make the folders of the files, where they are not there."""
        for file in (*self.boxes, self.times):
            file.parent.mkdir(parents=True, exist_ok=True)

    def set_aside(self) -> None:
        """Rename the files, so that the host runs the sequence again and nothing is lost."""
        for file in self.files:
            file.replace(file.with_name(file.name + UNFINISHED))
        for file in (self.responses, self.confidences):  # they would belong to other boxes
            file.unlink(missing_ok=True)

    def write_confidences(self, values: Sequence[tuple[float, float]]) -> None:
        """Write a line ``peak,score`` for each frame, in one step."""
        self.confidences.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.confidences.with_name(self.confidences.name + ".part")
        np.savetxt(unfinished, np.array(values), fmt="%.5f", delimiter=",")
        unfinished.replace(self.confidences)

    def delete(self) -> None:
        """Delete the files."""
        for file in (*self.files, self.responses, self.confidences):
            file.unlink(missing_ok=True)


def _problem(file: Path, frames: int, columns: int | None) -> str:
    """What is wrong with a file of numbers; the host writes it in one go, at the sequence's end."""
    text = file.read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()
    if not text.strip():
        return f"{file.name} is empty"
    if not text.endswith("\n"):
        return f"{file.name} ends in the middle of a line"
    if len(lines) != frames:
        return f"{file.name} has {len(lines)} lines, and the annotation {frames}"
    try:
        values = np.loadtxt(lines, delimiter=",", ndmin=2, comments=None)
        whole = values.shape[0] == frames and (columns is None or values.shape[1] == columns)
        finite = np.isfinite(values).all(axis=1) if columns else np.ones(frames, dtype=bool)
    except ValueError as error:
        return f"{file.name}: {error}"
    if not whole:
        return f"{file.name} has {values.shape[1]} columns; accepted: x,y,w,h"
    if not finite.all():
        line = int(finite.argmin())
        return f"line {line + 1} of {file.name} is not a box: {lines[line]!r}"
    return ""


def trackers_in(folder: str | Path) -> list[str]:
    """Trackers that have result files in the host's folder of a benchmark, by name."""

    def has_results(tracker: Path) -> bool:
        return any(file.name != SETTINGS for file in tracker.rglob("*.txt"))

    return sorted(p.name for p in Path(folder).glob("*") if p.is_dir() and has_results(p))


def check_name(name: str) -> None:
    """Check that results can be kept under the name of a tracker.

    Raises:
        ParameterError: it is no name of a folder, or got10k has another use for it.
    """
    if not re.fullmatch(r"[\w+@=,()-][\w.+@=,() -]*", name) or name == "reports":
        raise ParameterError(
            f"results cannot be kept under the tracker's name {name!r}; accepted: letters, "
            "digits, and . _ - + @ = , ( ) or blanks after the first, but not 'reports'"
        )


def check_settings(part: Part, tracker: Tracker, leaving: Sequence[Path] = ()) -> None:
    """Check that the results under the tracker's name are of the tracker's settings.

    Args:
        leaving: files that are about to be deleted.

    Raises:
        SourceError: there are results of other settings.
    """
    file = _settings_file(part, tracker)
    if file is None or not file.is_file() or not _results(file, leaving):
        return
    before = file.read_text(encoding="utf-8")
    if before != tracker.settings:
        raise SourceError(
            f"{file.parent} holds results of other settings "
            f"({_difference(before, tracker.settings)}); "
            "accepted: another folder of results, or overwriting all of them"
        )


def keep_settings(part: Part, tracker: Tracker) -> None:
    """Write the tracker's settings, if it tells any, beside its first results."""
    file = _settings_file(part, tracker)
    if file is not None and not _results(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(tracker.settings, encoding="utf-8")


def settings_differ(part: Part, other: Part, name: str) -> bool:
    """Whether a tracker's results on two parts are known to be of different settings."""
    files = [Path(one.experiment.result_dir) / name / SETTINGS for one in (part, other)]
    texts = {file.read_text(encoding="utf-8") for file in files if file.is_file()}
    return len(texts) > 1


def _settings_file(part: Part, tracker: Tracker) -> Path | None:
    told = isinstance(getattr(tracker, "settings", None), str)
    return Path(part.experiment.result_dir) / tracker.name / SETTINGS if told else None


def _results(settings: Path, leaving: Sequence[Path] = ()) -> list[Path]:
    """Result files beside the file of settings."""
    return [file for file in settings.parent.rglob("*.txt") if file not in (settings, *leaving)]


def _difference(before: str, now: str) -> str:
    """The lines in which two texts of settings differ, shortly."""
    old, new = set(before.splitlines()), set(now.splitlines())
    return f"there {', '.join(sorted(old - new))}; now {', '.join(sorted(new - old))}"
