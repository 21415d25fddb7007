"""Annotations of one sequence's folder: which there are, and what is in ``groundtruth.txt``.

VOT counts pixels from 0 and may give polygons or masks; OTB, GOT-10k and LaSOT count from 1. Boxes
are returned as counted from 1, and NaN where there is no object.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import SourceError
from crt_plugin.formats.boxes import (
    FIRST_PIXEL,
    SHOWN,
    Boxes,
    read_boxes,
    read_lines,
    split_numbers,
)
from crt_plugin.formats.otb import annotation_files

GROUNDTRUTH = "groundtruth.txt"
VOT_MARKS = ("sequence", "color", "anchor.value")  # what only VOT's folders hold
# Files of a number a frame, and whether the object is absent where it is not 0, or where it is 0
ABSENCE = {
    "full_occlusion.txt": True,  # LaSOT
    "out_of_view.txt": True,
    "absence.label": True,  # GOT-10k
    "cover.label": False,
}


def number_targets(folder: Path) -> dict[int, Path]:
    """Annotation files of a sequence's folder by the number of their target.

    ``groundtruth.txt``, which is target 1, or else ``groundtruth_rect[.N].txt``; none in other
    folders.
    """
    file = folder / GROUNDTRUTH
    return {1: file} if file.is_file() else annotation_files(folder)


def find_targets(folder: Path) -> dict[str, Path]:
    """``number_targets`` by name: of two files, ``Jogging.1`` and ``Jogging.2``."""
    name, files = folder.resolve().name, number_targets(folder)
    if len(files) == 1:
        return dict.fromkeys([name], *files.values())
    return {f"{name}.{number}": file for number, file in files.items()}


def find_beside(folder: Path) -> Path | None:
    """The annotation file of a folder of frames, where a dataset keeps it in another folder.

    ``anno/UAV123/<name>.txt`` for ``data_seq/UAV123/<name>/``, and of several targets the first,
    ``<name>_1.txt``, with which the frames begin; ``anno/<name>.txt`` for ``frames/<name>/``
    (TrackingNet) and ``sequences/<name>/`` (AVisT; NfS of pytracking: ``nfs_<name>.txt``).
    """
    folder = folder.resolve()
    name, parent = folder.name, folder.parent
    places = []
    if parent.parent.name == "data_seq":
        annotations = parent.parent.parent / "anno" / parent.name
        places = [annotations / f"{name}.txt", annotations / f"{name}_1.txt"]
    elif parent.name in ("frames", "sequences"):
        annotations = parent.parent / "anno"
        places = [annotations / f"{name}.txt", annotations / f"nfs_{name}.txt"]
    return next((place for place in places if place.is_file()), None)


def is_vot(folder: Path) -> bool:
    """Whether ``groundtruth.txt`` of a sequence's folder is VOT's.

    It is if the folder holds what only VOT's do, or if the regions are polygons or masks. A folder
    with nothing but boxes and frames is taken for GOT-10k's.
    """
    if any((folder / name).exists() for name in VOT_MARKS):
        return True
    lines = read_lines(folder / GROUNDTRUTH)
    return bool(lines) and (lines[0].startswith("m") or len(split_numbers(lines[0])) >= 6)


def read_annotation(file: Path, counts_from_zero: bool | None = None) -> Boxes:
    """Boxes of one of ``find_targets``, N x 4, counted from 1, NaN where the object is absent.

    Around a polygon lies the upright box of its corners, ``max - min`` wide and high, and around a
    mask that of its pixels. The object is absent where its box is NaN or has no area, where VOT
    gives a single number, and where LaSOT's and GOT-10k's flags beside the file say so.

    Args:
        counts_from_zero: whether ``groundtruth.txt`` is VOT's; None finds out, see ``is_vot``.

    Raises:
        SourceError: unreadable, a line that is no region, or flags of another length.
    """
    if file.name != GROUNDTRUTH:
        return blank_absent(read_boxes(file))
    boxes = _read_regions(file)
    if is_vot(file.parent) if counts_from_zero is None else counts_from_zero:
        return blank_absent(boxes + FIRST_PIXEL)
    for name, is_absent in ABSENCE.items():
        flags = file.with_name(name)
        if flags.is_file():
            boxes[read_flags(flags, len(boxes)) == is_absent] = np.nan
    return blank_absent(boxes)


def blank_absent(boxes: Boxes) -> Boxes:
    """The same boxes, with NaN in all of a box that has one, or no area."""
    blanked = boxes.copy()
    blanked[~np.isfinite(boxes).all(axis=1) | (boxes[:, 2:] <= 0).any(axis=1)] = np.nan
    return blanked


def read_flags(file: Path, frames: int) -> NDArray[np.bool_]:
    """Whether the number of each frame is not 0; numbers in lines, or separated in one line.

    Raises:
        SourceError: not one number for each frame.
    """
    fields = [field for line in read_lines(file) for field in split_numbers(line)]
    try:
        flags = np.array([float(field) for field in fields])
    except ValueError as error:
        raise SourceError(f"{file}: {error}; expected a number for each frame") from error
    if len(flags) != frames:
        raise SourceError(f"{file} has {len(flags)} numbers; expected {frames}, one for each frame")
    return np.asarray(flags != 0)


def _read_regions(file: Path) -> Boxes:
    boxes = []
    for number, line in enumerate(read_lines(file), start=1):
        try:
            boxes.append(_parse_region(split_numbers(line)))
        except ValueError as error:
            shown = repr(line[:SHOWN]) + "..." * (len(line) > SHOWN)
            raise SourceError(
                f"annotation {file}: line {number} is not a region: {shown}; expected numbers "
                "x,y,w,h, the corners x1,y1,x2,y2,... of a polygon, or a mask mX,Y,W,H,COUNTS"
            ) from error
    if not boxes:
        raise SourceError(f"annotation {file}: it is empty; expected a line for each frame")
    return np.array(boxes)


def _parse_region(fields: list[str]) -> Boxes:
    """The upright box of a region; raises ``ValueError`` if it is none."""
    if fields[0].startswith("m"):
        return _box_of_mask([int(field) for field in (fields[0][1:], *fields[1:])])
    values = np.array([float(field) for field in fields])
    if values.size == 1:
        return np.full(4, np.nan)
    if values.size == 4:
        return values
    if values.size < 6 or values.size % 2:
        raise ValueError(f"{values.size} numbers")
    return _box_around(*values.reshape(-1, 2).T)


def _box_of_mask(numbers: list[int]) -> Boxes:
    """The box around the pixels of a mask.

    Args:
        numbers: x, y, width and height of its rectangle; then how many pixels of it, row by row,
            are outside, inside, outside, ... the object.
    """
    x, y, width, height, *counts = numbers
    inside = np.repeat(np.arange(len(counts)) % 2, counts)
    places = np.flatnonzero(inside)
    if min(width, height) < 0 or len(inside) > width * height:
        raise ValueError(f"{len(inside)} pixels in {width} x {height}")
    if not places.size:
        return np.full(4, np.nan)
    columns, rows = x + places % width, y + places // width
    return _box_around(np.append(columns, columns + 1), np.append(rows, rows + 1))


def _box_around(x: NDArray[Any], y: NDArray[Any]) -> Boxes:
    return np.array([x.min(), y.min(), np.ptp(x), np.ptp(y)], dtype=float)
