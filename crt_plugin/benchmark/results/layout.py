"""The host's result files of one tracker: where they are, and whether they are whole.

Boxes are written last: where they are there, times, scores and response maps are, too.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crt_plugin.benchmark.datasets.catalog import Benchmark
from crt_plugin.benchmark.datasets.part import Part
from crt_plugin.benchmark.results.manifest import SETTINGS
from crt_plugin.benchmark.results.responses import ResponseMaps
from crt_plugin.errors import BoxError, ParameterError, SourceError
from crt_plugin.runtime.atomic import write_text

UNFINISHED = ".unfinished"
TIMES_FOLDER = "times"
SCORES_FOLDER = "scores"
SHOWN = 60  # characters of a damaged file that a message quotes
Array = NDArray[np.float64]


@dataclass(frozen=True)
class ResultFiles:
    """Result files of a tracker on a sequence.

    Attributes:
        boxes: files of boxes, one a repetition: a line a frame, ``x,y,w,h``.
        times: file of the seconds of each frame.
        responses: file of CRT's response maps, where they are recorded.
        confidences: file of CRT's ``peak,score`` of each frame.
        frames: lines that each of them has when it is whole.
        needs_times: whether the host's report does.
    """

    boxes: tuple[Path, ...]
    times: Path
    responses: Path
    confidences: Path
    frames: int
    needs_times: bool = False

    @classmethod
    def of(cls, part: Part, tracker: str, sequence: str, deterministic: bool = True) -> ResultFiles:
        """Where the host keeps them; random trackers are repeated on GOT-10k."""
        folder = Path(part.experiment.result_dir) / tracker
        repetitions = 1 if deterministic else getattr(part.experiment, "repetitions", 1)
        return cls.at(folder, part.benchmark, sequence, part.lengths[sequence], repetitions)

    @classmethod
    def at(
        cls, folder: Path, benchmark: Benchmark, sequence: str, frames: int, repetitions: int = 1
    ) -> ResultFiles:
        """The files in the host's folder of a tracker; only GOT-10k's may have repetitions."""
        responses = folder / "responses" / f"{sequence}.npz"
        scores = folder / SCORES_FOLDER / f"{sequence}.csv"
        if not benchmark.is_got10k:
            times = folder / TIMES_FOLDER / f"{sequence}_time.txt"
            return cls((folder / f"{sequence}.txt",), times, responses, scores, frames)
        folder = folder / sequence
        boxes = tuple(folder / f"{sequence}_{r + 1:03d}.txt" for r in range(repetitions))
        return cls(boxes, folder / f"{sequence}_time.txt", responses, scores, frames, True)

    @property
    def existing(self) -> list[Path]:
        """The files that are there."""
        return [file for file in (*self.boxes, self.times) if file.is_file()]

    @property
    def absent(self) -> list[Path]:
        """Files of boxes that are not there."""
        return [file for file in self.boxes if not file.is_file()]

    @property
    def folders(self) -> list[Path]:
        """Folders of the files, and the one that holds them."""
        files = (*self.boxes, self.times, self.responses, self.confidences)
        folders = {file.parent for file in files}
        return sorted(folders | {self.responses.parent.parent})

    def problem(self) -> str:
        """What is wrong with boxes or times that are there, "" if nothing."""
        problems = (self._check(file, BOXES) for file in self.boxes)
        return next(filter(None, problems), "") or self._check(self.times, TIMES)

    def damage(self) -> str:
        """``problem``, or what is wrong with the other files of boxes that are there."""
        found = self.problem() or self._check_columns() or self._check(self.confidences, SCORES)
        return found or self._check_maps()

    def _check_columns(self) -> str:
        """The host's report may need a column of times for each repetition."""
        there = len(self.boxes) - len(self.absent)
        if not there or not self.needs_times:
            return ""
        if not self.times.is_file():
            return f"no {self.times.name}"
        columns = len(self._read_times())
        return f"{self.times.name} has {columns} columns" if columns < there else ""

    def _check_maps(self) -> str:
        if not self.responses.is_file():
            return ""
        try:
            frames = ResponseMaps.frames_in(self.responses)
        except SourceError:
            return f"{self.responses.name} cannot be read as response maps"
        if frames != self.frames:
            return f"{self.responses.name} has {frames} maps, and the annotation {self.frames}"
        return ""

    def write(self, file: Path, boxes: Array, times: Array) -> None:
        """Write a repetition as the host does, but in one step: first times, then boxes.

        Args:
            file: one of ``self.boxes``.
            boxes: N x 4, as the tracker gave them.
            times: seconds, N; on GOT-10k they become a column beside earlier repetitions'.

        Raises:
            BoxError: they are not whole; nothing is written.
            StorageError: they cannot be written.
        """
        columns = np.stack([*self._read_times(), np.asarray(times, dtype=float)], axis=1)
        boxes = np.asarray(boxes, dtype=float)
        problem = TIMES.check(self.times.name, columns, self.frames)
        problem = problem or BOXES.check(file.name, boxes, self.frames)
        if problem:
            raise BoxError(problem)
        write_text(self.times, _format_numbers(columns, "%.8f"))
        write_text(file, format_boxes(boxes))

    def _read_times(self) -> list[Array]:
        """Of repetitions that have boxes. A killed run may have left times without boxes."""
        there = len(self.boxes) - len(self.absent)
        if not there or not self.times.is_file():
            return []
        return list(np.loadtxt(self.times, delimiter=",", ndmin=2).T[:there])

    def set_aside(self) -> None:
        """Rename the files, so that the host runs the sequence again and nothing is lost."""
        for file in self.existing:
            file.replace(file.with_name(file.name + UNFINISHED))
        self.forget_maps()

    def forget_maps(self) -> None:
        """Delete scores and response maps: they would belong to other boxes."""
        for file in (self.responses, self.confidences):
            file.unlink(missing_ok=True)

    def write_confidences(self, values: Sequence[tuple[float, float]]) -> None:
        """Write a line ``peak,score`` for each frame, in one step."""
        write_text(self.confidences, _format_numbers(np.array(values), "%.5f"))

    def delete(self) -> None:
        """Delete the files, boxes first."""
        for file in self.existing:
            file.unlink(missing_ok=True)
        self.forget_maps()

    def _check(self, file: Path, content: _Content) -> str:
        if not file.is_file():
            return ""
        text = file.read_text(encoding="utf-8", errors="replace")
        return content.check_text(file.name, text, self.frames)


@dataclass(frozen=True)
class _Content:
    """What a file of numbers holds: a line a frame.

    Attributes:
        line: what a line is called.
        columns: "" where any number will do.
        least: of the values.
    """

    line: str
    columns: str
    least: float = -np.inf

    def check_text(self, name: str, text: str, frames: int) -> str:
        """What is wrong with the text of a file, "" if nothing."""
        if not text.strip():
            return f"{name} is empty"
        if not text.endswith("\n"):
            return f"{name} ends in the middle of a line"
        lines = text.splitlines()
        if not all(map(str.strip, lines)):
            return f"{name} has empty lines"
        try:
            values = np.loadtxt(lines, delimiter=",", ndmin=2, comments=None)
        except ValueError as error:
            return f"{name}: {str(error)[:SHOWN]}"
        return self.check(name, values, frames)

    def check(self, name: str, values: Array, frames: int) -> str:
        """What is wrong with the numbers of a file, a row a frame, "" if nothing."""
        if len(values) != frames:
            return f"{name} has {len(values)} lines, and the annotation {frames}"
        columns = math.prod(values.shape[1:])
        if self.columns and columns != self.columns.count(",") + 1:
            return f"{name} has {columns} columns; expected {self.columns}"
        rows = values.reshape(frames, columns)
        good = (np.isfinite(rows) & (rows >= self.least)).all(axis=1)
        if good.all():
            return ""
        line = int(good.argmin())
        row = ",".join(f"{value:g}" for value in rows[line])
        return f"line {line + 1} of {name} is not {self.line}: {row[:SHOWN]!r}"


BOXES = _Content("a box", "x,y,w,h")
TIMES = _Content("a time", "", 0.0)
SCORES = _Content("a peak and a score", "peak,score")


def check_times(name: str, text: str, frames: int) -> str:
    """What is wrong with the text of a file of times, "" if nothing."""
    return TIMES.check_text(name, text, frames)


def check_scores(name: str, text: str, frames: int) -> str:
    """What is wrong with the text of a file of CRT's scores, "" if nothing."""
    return SCORES.check_text(name, text, frames)


def format_boxes(boxes: Array) -> str:
    """Lines of boxes, as the host formats them."""
    return _format_numbers(boxes, "%.3f")


def _format_numbers(values: Array, fmt: str) -> str:
    text = io.StringIO()
    np.savetxt(text, values, fmt=fmt, delimiter=",")
    return text.getvalue()


def trackers_in(folder: str | Path) -> list[str]:
    """Trackers that have result files in the host's folder of a benchmark, by name."""

    def has_results(tracker: Path) -> bool:
        return any(file.name != SETTINGS for file in tracker.rglob("*.txt"))

    folders = (p for p in Path(folder).glob("*") if p.is_dir() and not p.name.startswith("."))
    return sorted(p.name for p in folders if has_results(p))


def seeds_in(folder: str | Path, tracker: str) -> list[str]:
    """Names of a tracker in the host's folder of a benchmark: its own, and those with a seed."""
    pattern = re.escape(tracker) + r"(-seed\d+)?"
    return [name for name in trackers_in(folder) if re.fullmatch(pattern, name)]


def check_name(name: str) -> None:
    """Check that results can be kept under the name of a tracker.

    Raises:
        ParameterError: it is no name of a folder, or got10k has another use for it.
    """
    if not re.fullmatch(r"[\w+@=,()-][\w.+@=,() -]*", name) or name == "reports":
        raise ParameterError(
            f"results cannot be kept under the tracker's name {name!r}; expected letters, "
            "digits, and . _ - + @ = , ( ) or blanks after the first, but not 'reports'"
        )
