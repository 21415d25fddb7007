"""Published result files into the host's layout, so that their trackers can be compared.

``names`` says whose they are and of what. Boxes count pixels as the dataset's annotation does;
those of ``crt track`` count from 0. The host wants ``OTB2015/KCF/Deer.txt``, a line for each frame,
and times beside the boxes. An archive of ``crt results export`` has scores and a manifest too.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from crt_plugin.benchmark.datasets.catalog import BENCHMARKS
from crt_plugin.benchmark.datasets.part import Part, make_part
from crt_plugin.benchmark.results.importing.archives import list_files, read_files
from crt_plugin.benchmark.results.importing.groundtruth import (
    Annotated,
    read_annotations,
    read_lengths,
)
from crt_plugin.benchmark.results.importing.matlab import MatlabReader
from crt_plugin.benchmark.results.importing.names import (
    BOXES,
    OWN_FILE,
    TIMES,
    ResultName,
    name_files,
)
from crt_plugin.benchmark.results.layout import (
    ResultFiles,
    check_scores,
    check_times,
    format_boxes,
    trackers_in,
)
from crt_plugin.benchmark.results.manifest import MANIFEST
from crt_plugin.errors import MissingExtraError, ParameterError, SourceError
from crt_plugin.formats.boxes import FIRST_PIXEL, Boxes, parse_boxes, split_lines
from crt_plugin.formats.otb import FRAME_RANGES
from crt_plugin.hosts.got10k.toolkit import datasets
from crt_plugin.runtime.atomic import write_text
from crt_plugin.runtime.progress import ProgressBar

BENCHMARK = BENCHMARKS["otb2015"]

# Files that do not cover the annotation: (target, their lines): lines missing before and after.
# The benchmark starts Tiger1 at frame 6; in the last frame of the others there is no object.
SHORTER = {("Tiger1", 349): (5, 0), ("Board", 697): (0, 1), ("Twinnings", 471): (0, 1)}
Rows = NDArray[np.int64]


@dataclass
class Import:
    """What came of an import.

    Attributes:
        sequences: written, or already there with the same boxes, by dataset and tracker; datasets
            as the host names their folders.
        notes: what was changed in files, or is missing, and of which trackers.
        unused: files that could not be used, and why, in the order of the source.
        is_checked: whether lengths were compared with annotations.
    """

    sequences: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    unused: list[tuple[PurePosixPath, str]] = field(default_factory=list)
    is_checked: bool = False


def import_results(
    source: str | Path,
    to: str | Path,
    groundtruth: str | Path | None = None,
    tracker: str | None = None,
    overwrite: bool = False,
    progress: bool = False,
    dataset: str | None = None,
) -> Import:
    """Bring published boxes into the host's layout.

    Args:
        source: a folder, zip archive or single file of results.
        to: the host's folder of results; files go to ``to/OTB2015/<tracker>/<Target>.txt``.
        groundtruth: annotations to check lengths against, see ``read_lengths``.
        tracker: name of the tracker, where neither folder nor file says it.
        overwrite: replace result files that are there with other boxes.
        progress: show a bar on the standard error output.
        dataset: key of ``BENCHMARKS``; None takes that of ``groundtruth``, or what the names say.

    Raises:
        SourceError: nothing could be used.
        ParameterError: no such dataset, or a name under which no results can be kept.
    """
    if dataset is not None and dataset not in BENCHMARKS:
        raise ParameterError(f"no dataset {dataset!r}; expected {', '.join(BENCHMARKS)}")
    source = Path(source)
    annotated = None if groundtruth is None else read_lengths(groundtruth, dataset)
    sequences = None
    if annotated is not None:
        dataset, sequences = annotated.dataset, {*annotated.lengths, *annotated.problems}
    names = name_files(list_files(source), source, dataset, sequences, tracker)
    with (
        ProgressBar(description="reading", is_shown=progress, is_transient=True) as bar,
        MatlabReader() as matlab,
    ):
        work = _Importer(Path(to), names, annotated, overwrite, matlab)
        for path, content in read_files(source):
            bar.advance()
            work.take(path, content)
        work.finish()
    if not work.done.sequences:
        why = "; ".join(f"{path}: {reason}" for path, reason in work.done.unused[:3])
        raise SourceError(f"nothing in {source} could be used: {why or 'it is empty'}")
    return work.done


class _Importer:
    """Writes files one after the other: boxes as they come, what belongs to them at the end."""

    def __init__(
        self,
        to: Path,
        names: dict[PurePosixPath, ResultName | str],
        annotated: Annotated | None,
        overwrite: bool,
        matlab: MatlabReader,
    ) -> None:
        self.done = Import(is_checked=annotated is not None)
        self._to, self._names, self._annotated = to, names, annotated
        self._overwrite, self._matlab = overwrite, matlab
        self._seen: dict[ResultName, PurePosixPath] = {}
        self._beside: list[tuple[PurePosixPath, bytes]] = []
        self._frames: dict[tuple[str, str, str], int] = {}
        self._timed: set[tuple[str, str, str]] = set()
        self._folders: dict[PurePosixPath, ResultName] = {}

    def take(self, path: PurePosixPath, content: bytes) -> None:
        """Write boxes; keep other files until all boxes are there."""
        name = self._names[path]
        if path.name == MANIFEST or (isinstance(name, ResultName) and name.kind != BOXES):
            self._beside.append((path, content))
            return
        try:
            if isinstance(name, str):
                raise SourceError(name)
            self._write_boxes(path, name, content)
        except (SourceError, ParameterError, MissingExtraError) as error:
            self.done.unused.append((path, str(error)))

    def finish(self) -> None:
        """Write times, scores and manifests beside their boxes."""
        for path, content in self._beside:
            try:
                self._write_beside(path, content)
            except SourceError as error:
                self.done.unused.append((path, str(error)))
        self._note_untimed()

    def _write_boxes(self, path: PurePosixPath, name: ResultName, content: bytes) -> None:
        if name in self._seen:
            where = self._seen[name]
            raise SourceError(f"{name.sequence} of {name.tracker} was read from {where} before")
        if name.repetition > 1 and not BENCHMARKS[name.dataset].is_got10k:
            raise SourceError("a later repetition; of several the first is taken")
        boxes = _read_boxes(path, content, self._matlab)
        rows, note = self._choose_rows(name, len(boxes))
        key = name.dataset, name.tracker, name.sequence
        if self._frames.setdefault(key, len(rows)) != len(rows):
            raise SourceError(f"{len(rows)} lines, and another repetition {self._frames[key]}")
        file = self._place(name).boxes[name.repetition - 1]
        _write(file, format_boxes(boxes[rows]), self._overwrite)
        self._seen[name] = path
        is_inside = path.parent.name == name.sequence
        self._folders.setdefault(path.parent.parent if is_inside else path.parent, name)
        kept = self.done.sequences.setdefault((BENCHMARKS[name.dataset].folder, name.tracker), [])
        if name.sequence not in kept:
            kept.append(name.sequence)
        if note:
            self._note(note, [name.tracker])

    def _write_beside(self, path: PurePosixPath, content: bytes) -> None:
        name = self._names[path]
        if path.name == MANIFEST:
            owner = self._folders.get(path.parent)
            if owner is None:
                raise SourceError(f"there are no boxes of its tracker in {path.parent}")
            _write(self._folder(owner) / MANIFEST, _decode(content), self._overwrite)
            return
        assert isinstance(name, ResultName)
        key = name.dataset, name.tracker, name.sequence
        if key not in self._frames:
            raise SourceError(f"there are no boxes of {name.sequence} beside it")
        lines = split_lines(content)
        rows, _ = self._choose_rows(name, len(lines))
        text = "".join(f"{lines[row]}\n" for row in rows)
        check = check_times if name.kind == TIMES else check_scores
        problem = check(path.name, text, self._frames[key])
        if problem:
            raise SourceError(problem)
        files = self._place(name)
        if name.kind == TIMES:
            self._timed.add(key)
            _write(files.times, text, self._overwrite)
        else:
            _write(files.confidences, text, self._overwrite)

    def _choose_rows(self, name: ResultName, lines: int) -> tuple[Rows, str]:
        """Which of a file's lines belong to the annotation's frames, and a note of changes."""
        rows, note = np.arange(lines), ""
        if BENCHMARKS[name.dataset].dataset is datasets.OTB:
            rows, note = choose_rows(name.sequence, lines)
        if self._annotated is None:
            return rows, note
        problem = self._annotated.problems.get(name.sequence)
        if problem:
            raise SourceError(f"{name.sequence} cannot be used: {problem}")
        expected = self._annotated.lengths.get(name.sequence)
        if expected is None:
            raise SourceError(
                f"there is no annotation of {name.sequence} to check its length against"
            )
        if len(rows) != expected:
            raise SourceError(
                f"{lines} lines, and the annotation of {name.sequence} has {expected}"
            )
        return rows, note

    def _note_untimed(self) -> None:
        """Name trackers of GOT-10k whose results the host will not score."""
        untimed = Counter(
            (dataset, tracker)
            for dataset, tracker, sequence in self._frames
            if BENCHMARKS[dataset].is_got10k and (dataset, tracker, sequence) not in self._timed
        )
        for (dataset, tracker), count in untimed.items():
            self._note(
                f"{BENCHMARKS[dataset].folder}: no times of {count} "
                f"sequence{'s' * (count != 1)}, which got10k does not score without",
                [tracker],
            )

    def _note(self, text: str, trackers: Iterable[str]) -> None:
        self.done.notes.setdefault(text, []).extend(trackers)

    def _folder(self, name: ResultName) -> Path:
        return self._to / BENCHMARKS[name.dataset].folder / name.tracker

    def _place(self, name: ResultName) -> ResultFiles:
        benchmark = BENCHMARKS[name.dataset]
        frames = self._frames.get((name.dataset, name.tracker, name.sequence), 0)
        return ResultFiles.at(self._folder(name), benchmark, name.sequence, frames, name.repetition)


def published_part(
    results: str | Path, groundtruth: str | Path, reports: str | Path | None = None
) -> Part:
    """The host's OTB experiment with annotations and no frames: enough for its report.

    Raises:
        SourceError: no annotations.
    """
    truth = read_annotations(groundtruth)
    sequences: dict[str, tuple[list[str], Boxes]] = {n: ([], boxes) for n, boxes in truth.items()}
    return make_part(BENCHMARK, sequences, results, reports)


def published_names(results: str | Path) -> list[str]:
    """Trackers that have results of OTB-100 in a folder of the host's layout.

    Raises:
        SourceError: there are none.
    """
    folder = Path(results) / BENCHMARK.folder
    names = trackers_in(folder)
    if not names:
        raise SourceError(f"no results in {folder}; expected {folder}/<tracker>/<Sequence>.txt")
    return names


# ------------------------------------------------------------------------------------- contents


def _read_boxes(path: PurePosixPath, content: bytes, matlab: MatlabReader) -> Boxes:
    if path.suffix.lower() == ".mat":
        rows = matlab.read_boxes(content)
        return parse_boxes("\n".join(" ".join(map(repr, row)) for row in rows))
    if path.name == OWN_FILE:
        table = list(csv.DictReader(split_lines(content)))
        if [row.get("frame") for row in table] != list(map(str, range(len(table)))):
            raise SourceError("its frames are not 0, 1, 2, ...; expected a file of crt track")
        lines = [",".join(str(row.get(name)) for name in "xywh") for row in table]
        return parse_boxes("\n".join(lines)) + FIRST_PIXEL
    return parse_boxes(content)


def choose_rows(target: str, lines: int) -> tuple[Rows, str]:
    """Which lines of a file stand for the frames of a target of OTB, and a note if not all do.

    Lines that a file lacks repeat the nearest one, since the host wants one for each frame.
    """
    rows = np.arange(lines)
    before, after = SHORTER.get((target, lines), (0, 0))
    if before or after:
        place = "first box stands for those before" if before else "last box stands for those after"
        rows = np.pad(rows, (before, after), mode="edge")
        return rows, f"{target}: {lines} lines for {len(rows)} frames, the {place}"
    first, last = FRAME_RANGES.get(target, (1, lines))
    if lines > last - first + 1 and lines >= last:  # it covers the whole folder
        note = f"{target}: {lines} lines, of which the benchmark uses {first} to {last}"
        return rows[first - 1 : last], note
    return rows, ""


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"not a text in UTF-8: {error}") from error


def _write(file: Path, text: str, overwrite: bool) -> None:
    if file.is_file() and not overwrite:
        if file.read_text(encoding="utf-8") == text:
            return
        raise SourceError(f"{file} is there with other content; expected overwriting it")
    write_text(file, text)
