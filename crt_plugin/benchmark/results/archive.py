"""Raw results as an archive: what others compare with, without running the tracker."""

from __future__ import annotations

import zipfile
from pathlib import Path

from crt_plugin.benchmark.results.layout import SCORES_FOLDER, TIMES_FOLDER
from crt_plugin.benchmark.results.manifest import MANIFEST
from crt_plugin.errors import SourceError
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
        SourceError: there are no results of OTB in the folder.
        StorageError: the file cannot be written.
    """
    members = [path for pattern in PARTS for path in sorted(folder.glob(pattern))]
    sequences = sum(path.parent == folder and path.suffix == ".txt" for path in members)
    if not sequences:
        raise SourceError(f"no results in {folder}; expected {folder}/<Sequence>.txt")
    with (
        write_atomically(file) as unfinished,
        zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for path in members:
            place = (Path(folder.name) / path.relative_to(folder)).as_posix()
            archive.writestr(zipfile.ZipInfo(place, DATE), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return sequences
