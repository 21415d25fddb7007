"""Published OTB result files into the host's layout, so that their trackers can be compared.

Authors publish boxes as ``KCF/Deer.txt``, ``Deer_KCF.txt`` or the benchmark's ``deer_KCF.mat``,
1-based; pytracking writes ``atom/default_000/Deer.txt``; ``crt track`` writes ``Deer/boxes.csv``,
0-based. The host wants ``OTB2015/KCF/Deer.txt``, a line for each line of the annotation. An archive
of ``crt results export`` has times, scores and a manifest beside the boxes, which are kept.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from crt_plugin.benchmark.datasets.catalog import BENCHMARKS
from crt_plugin.benchmark.datasets.part import Part, make_part
from crt_plugin.benchmark.results.importing.archives import read_files
from crt_plugin.benchmark.results.importing.groundtruth import read_annotations
from crt_plugin.benchmark.results.importing.matlab import MatlabReader
from crt_plugin.benchmark.results.layout import (
    SCORES_FOLDER,
    TIMES_FOLDER,
    check_name,
    format_boxes,
    trackers_in,
)
from crt_plugin.benchmark.results.manifest import MANIFEST
from crt_plugin.errors import MissingExtraError, ParameterError, SourceError
from crt_plugin.formats.boxes import FIRST_PIXEL, Boxes, parse_boxes, split_lines
from crt_plugin.formats.otb import FRAME_RANGES, TWO_TARGETS, target_name
from crt_plugin.runtime.atomic import write_text
from crt_plugin.runtime.progress import ProgressBar

BENCHMARK = BENCHMARKS["otb2015"]

# Files that do not cover the annotation: (target, their lines): lines missing before and after.
# The benchmark starts Tiger1 at frame 6; in the last frame of the others there is no object.
SHORTER = {("Tiger1", 349): (5, 0), ("Board", 697): (0, 1), ("Twinnings", 471): (0, 1)}
# Folders between a tracker's and its files that do not name it
_GENERIC = re.compile(r"(otb|tb)[-_ ]?\d*|results?|results?[-_](ope|otb.*)|ope", re.IGNORECASE)
# pytracking's folder of a parameter file and a run; several trackers have one of that name
_RUN = re.compile(r"default|.+_\d{3}")
OWN_FILE = "boxes.csv"  # of crt track, in a folder called after the sequence


@dataclass
class Import:
    """What came of an import.

    Attributes:
        targets: written, or already there with the same boxes, by tracker.
        notes: what was changed in files, and in whose.
        unused: files that could not be used, and why.
        is_checked: whether lengths were compared with annotations.
    """

    targets: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    is_checked: bool = False


def import_results(
    source: str | Path,
    to: str | Path,
    groundtruth: str | Path | None = None,
    tracker: str | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Import:
    """Bring published boxes into the host's layout.

    Args:
        source: a folder, zip archive or single file of results.
        to: the host's folder of results; files go to ``to/OTB2015/<tracker>/<Target>.txt``.
        groundtruth: annotations to check lengths against, see ``read_annotations``.
        tracker: name of the tracker, where neither folder nor file says it.
        overwrite: replace result files that are there with other boxes.
        progress: show a bar on the standard error output.

    Raises:
        SourceError: nothing could be used.
        ParameterError: a name under which no results can be kept.
    """
    source = Path(source)
    truth = {} if groundtruth is None else read_annotations(groundtruth)
    done = Import(is_checked=groundtruth is not None)
    seen: dict[tuple[str, str], PurePosixPath] = {}
    beside: list[tuple[PurePosixPath, bytes]] = []
    folders: dict[PurePosixPath, str] = {}
    bar = ProgressBar(description="reading", is_shown=progress)
    with bar, MatlabReader() as matlab:
        for path, content in read_files(source):
            bar.advance()
            if path.name == MANIFEST or path.parent.name in (TIMES_FOLDER, SCORES_FOLDER):
                beside.append((path, content))
                continue
            try:
                name, target = _identify(path, source, tracker)
                if (name, target) in seen:
                    where = seen[name, target]
                    raise SourceError(f"{target} of {name} was read from {where} before")
                boxes, note = _fit(target, _read_boxes(path, content, matlab), truth)
                file = Path(to) / BENCHMARK.folder / name / f"{target}.txt"
                _write(file, format_boxes(boxes), overwrite)
            except (SourceError, ParameterError, MissingExtraError) as error:
                done.unused.append(f"{path}: {error}")
                continue
            seen[name, target] = path
            folders[path.parent] = name
            done.targets.setdefault(name, []).append(target)
            if note:
                done.notes.setdefault(note, []).append(name)
    for path, content in beside:
        folder = path.parent if path.name == MANIFEST else path.parent.parent
        try:
            if folder not in folders:
                raise SourceError(f"there are no boxes of its tracker in {folder}")
            place = Path(to) / BENCHMARK.folder / folders[folder] / path.relative_to(folder)
            _write(place, _decode(content), overwrite)
        except SourceError as error:
            done.unused.append(f"{path}: {error}")
    if not done.targets:
        why = "; ".join(done.unused[:3]) or "it is empty"
        raise SourceError(f"nothing in {source} could be used: {why}")
    return done


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


# ----------------------------------------------------------------------------- whose and of what


def _identify(path: PurePosixPath, source: Path, tracker: str | None) -> tuple[str, str]:
    """Tracker and target of ``[<tracker>/]<target>[_<tracker>]``, or ``<target>/boxes.csv``."""
    *above, last = source.resolve().parts[-3:]
    folders = above if last == OWN_FILE else [*above, last if source.is_dir() else source.stem]
    folders += [part for part in path.parent.parts if not _GENERIC.fullmatch(part)]
    stem = path.stem
    if path.name == OWN_FILE:
        stem = folders.pop()
    elif path.suffix.lower() not in (".txt", ".mat"):
        raise SourceError(f"not a result file; expected .txt, .mat, or {OWN_FILE} of crt track")
    target, rest = _find_target(stem)
    if target is None:
        several = [name for name in TWO_TARGETS if name.lower() == stem.lower()]
        hint = f"; which of its targets, {several[0]}.1 or {several[0]}.2?" if several else ""
        raise SourceError(f"{stem} names no target of OTB-100{hint}")
    named = "-".join(folders[-2:]) if _RUN.fullmatch(folders[-1]) else folders[-1]
    name = tracker or rest or named
    check_name(name)
    return name, target


def _find_target(stem: str) -> tuple[str | None, str]:
    """Target, and the rest, of ``<target>``, ``<target>_<tracker>`` or ``<tracker>_<target>``."""
    parts = stem.split("_")
    for count in range(len(parts), 0, -1):
        for target, rest in (
            (parts[:count], parts[count:]),
            (parts[-count:], parts[:-count]),
        ):
            name = target_name("_".join(target))
            if name is not None:
                return name, "_".join(rest)
    return None, ""


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


def _fit(target: str, boxes: Boxes, truth: dict[str, Boxes]) -> tuple[Boxes, str]:
    """Boxes for the annotation's frames, and a note where that needed a change.

    Lines that a file lacks repeat the nearest box, since the host wants one for each frame.
    """
    before, after = SHORTER.get((target, len(boxes)), (0, 0))
    lines, note = len(boxes), ""
    if before or after:
        boxes = np.concatenate([boxes[:1].repeat(before, 0), boxes, boxes[-1:].repeat(after, 0)])
        place = "first box stands for those before" if before else "last box stands for those after"
        note = f"{target}: {lines} lines for {len(boxes)} frames, the {place}"
    first, last = FRAME_RANGES.get(target, (1, lines))
    if lines > last - first + 1 and lines >= last:  # it covers the whole folder
        boxes = boxes[first - 1 : last]
        note = f"{target}: {lines} lines, of which the benchmark uses {first} to {last}"
    if truth and target not in truth:
        raise SourceError(f"there is no annotation of {target} to check its length against")
    if truth and len(boxes) != len(truth[target]):
        raise SourceError(f"{lines} lines, and the annotation of {target} has {len(truth[target])}")
    return boxes, note


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
