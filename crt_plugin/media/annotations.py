"""Annotated boxes of a sequence.

An annotation maps frames, counted from 0, to boxes (x, y, w, h) in px, 0-based. Frames
without an object, or that nobody annotated, are left out.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from crt_plugin.algorithm.geometry import Box
from crt_plugin.errors import SourceError

Annotation = dict[int, Box]


def read_otb(path: Path) -> Annotation:
    """Annotation in OTB's format: one ``x,y,w,h`` a line, separated by commas, tabs or blanks.

    The file counts pixels from 1, the result from 0. Boxes without an area, and NaN, stand
    for frames without the object.

    Raises:
        SourceError: unreadable, or a line that is not four numbers.
    """
    try:
        lines = path.read_text(encoding="utf-8").strip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"annotation {path} cannot be read: {error}") from error
    annotation = {}
    for number, line in enumerate(lines):
        box = _numbers(re.split(r"[,\s]+", line.strip()), f"{path}, line {number + 1}")
        if np.isfinite(box).all() and (box[2:] > 0).all():
            annotation[number] = box - (1, 1, 0, 0)
    return annotation


def read_key_frames(path: Path) -> Annotation:
    """Annotation of some frames: CSV ``frame,x,y,w,h``, all 0-based, comments after ``#``.

    Raises:
        SourceError: a row that is not five numbers.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = csv.reader(line for line in lines if not line.startswith("#"))
    next(rows)  # header
    return {int(frame): _numbers(box, f"{path}, frame {frame}") for frame, *box in rows}


def _numbers(texts: list[str], where: str) -> Box:
    try:
        box = np.array([float(text) for text in texts])
    except ValueError:
        box = np.empty(0)
    if box.shape != (4,):
        raise SourceError(f"{where}: {' '.join(texts)!r} is not a box; expected x,y,w,h")
    return box
