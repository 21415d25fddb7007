"""Annotations of one sequence's folder: which there are, and what is in ``groundtruth.txt``.

VOT counts pixels from 0 and may give polygons; OTB, GOT-10k and LaSOT count from 1. Boxes are
returned as counted from 1, and NaN where there is no object.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import SourceError
from crt_plugin.formats.boxes import SHOWN, Boxes, read_boxes, read_lines, split_numbers
from crt_plugin.formats.otb import annotation_files

GROUNDTRUTH = "groundtruth.txt"
VOT_MARKS = ("sequence", "color", "anchor.value")  # what only VOT's folders hold
FIRST_PIXEL = (1.0, 1.0, 0.0, 0.0)
# Files of a number a frame, and whether the object is absent where it is not 0, or where it is 0
ABSENCE = {
    "full_occlusion.txt": True,  # LaSOT
    "out_of_view.txt": True,
    "absence.label": True,  # GOT-10k
    "cover.label": False,
}


def find_targets(folder: Path) -> dict[str, Path]:
    """Annotation files of a sequence's folder by target.

    ``groundtruth.txt``, or else ``groundtruth_rect*.txt``, of which two are ``Jogging.1`` and
    ``Jogging.2``; none in other folders.
    """
    name = folder.resolve().name
    if (folder / GROUNDTRUTH).is_file():
        return {name: folder / GROUNDTRUTH}
    files = annotation_files(folder)
    if len(files) == 1:
        return dict.fromkeys([name], *files.values())
    return {f"{name}.{number}": file for number, file in files.items()}


def is_vot(folder: Path) -> bool:
    """Whether ``groundtruth.txt`` of a sequence's folder is VOT's.

    It is if the folder holds what only VOT's do, or if the regions are polygons. A folder with
    nothing but boxes and frames is taken for GOT-10k's.
    """
    if any((folder / name).exists() for name in VOT_MARKS):
        return True
    lines = read_lines(folder / GROUNDTRUTH)
    return bool(lines) and len(split_numbers(lines[0])) >= 6


def read_annotation(file: Path, counts_from_zero: bool | None = None) -> Boxes:
    """Boxes of one of ``find_targets``, N x 4, counted from 1, NaN where the object is absent.

    Around a polygon lies the upright box of its corners, ``max - min`` wide and high. The object is
    absent where its box is NaN or has no area, where VOT gives a single number, and where LaSOT's
    and GOT-10k's flags beside the file say so.

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
            values = np.array([float(field) for field in split_numbers(line)])
        except ValueError:
            values = np.empty(0)
        if values.size == 1:
            boxes.append(np.full(4, np.nan))
        elif values.size == 4:
            boxes.append(values)
        elif values.size >= 6 and values.size % 2 == 0:
            corners = values.reshape(-1, 2)
            low = corners.min(axis=0)
            boxes.append(np.concatenate([low, corners.max(axis=0) - low]))
        else:
            shown = repr(line[:SHOWN]) + "..." * (len(line) > SHOWN)
            raise SourceError(
                f"annotation {file}: line {number} is not a region: {shown}; expected x,y,w,h, or "
                "the corners x1,y1,x2,y2,... of a polygon (masks are not read)"
            )
    if not boxes:
        raise SourceError(f"annotation {file}: it is empty; expected a line for each frame")
    return np.array(boxes)
