"""Raw results as an archive: what others compare with, without running the tracker."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from crt_plugin.benchmark.results.layout import SCORES_FOLDER, TIMES_FOLDER
from crt_plugin.benchmark.results.manifest import MANIFEST
from crt_plugin.errors import SourceError
from crt_plugin.formats.boxes import read_boxes
from crt_plugin.runtime.atomic import write_atomically

# In the archive everything is of this day, so that the same results are the same bytes.
DATE = (1980, 1, 1, 0, 0, 0)
PARTS = ("*.txt", f"{TIMES_FOLDER}/*.txt", f"{SCORES_FOLDER}/*.csv", MANIFEST)


def export_results(folder: Path, file: Path) -> int:
    """Pack boxes, times, scores and manifest of one tracker, in the host's layout.

    Boxes are ``<tracker>/<Sequence>.txt``, as authors publish theirs: a line ``x,y,w,h`` a frame,
    px from 1. ``crt results import`` takes them back, whole.

    Args:
        folder: ``<results>/OTB2015/<tracker>``.

    Returns:
        Number of sequences.

    Raises:
        SourceError: there are no results of OTB in the folder, or damaged ones.
        StorageError: the file cannot be written.
    """
    members = [path for pattern in PARTS for path in sorted(folder.glob(pattern))]
    sequences = sum(path.parent == folder and path.suffix == ".txt" for path in members)
    if not sequences:
        raise SourceError(f"no results in {folder}; expected {folder}/<Sequence>.txt")
    for path in members:
        if path.parent == folder and path.suffix == ".txt":
            _check(path)
    pack({f"{folder.name}/{path.relative_to(folder).as_posix()}": path for path in members}, file)
    return sequences


def pack(members: Mapping[str, Path], file: Path) -> None:
    """Write a zip archive of files, by their names in it; the same files give the same bytes.

    Raises:
        StorageError: it cannot be written.
    """
    with write_atomically(file) as unfinished, zipfile.ZipFile(unfinished, "w") as archive:
        for name, path in members.items():
            entry = zipfile.ZipInfo(name, DATE)
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def _check(boxes: Path) -> None:
    """Check that boxes are finite, and times and scores, where they are, as many."""
    read = read_boxes(boxes)
    if not np.isfinite(read).all():
        line = int(np.argmin(np.isfinite(read).all(axis=1)))
        raise SourceError(f"line {line + 1} of {boxes} is {read[line]}; expected a box")
    times = boxes.parent / TIMES_FOLDER / f"{boxes.stem}_time.txt"
    scores = boxes.parent / SCORES_FOLDER / f"{boxes.stem}.csv"
    for file in (times, scores):
        lines = len(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else len(read)
        if lines != len(read):
            raise SourceError(
                f"{file} has {lines} lines; expected {len(read)}, as {boxes.name} has"
            )
