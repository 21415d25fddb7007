"""Annotated boxes of a sequence.

An annotation maps frames, counted from 0, to boxes (x, y, w, h) in px, 0-based. Frames
without an object, or that nobody annotated, are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from crt_plugin.algorithm.geometry import Box
from crt_plugin.formats.boxes import FIRST_PIXEL, Boxes, parse_boxes, read_lines

Annotation = dict[int, Box]
Annotations = Mapping[int | str, Annotation]  # by the ids of the objects


def boxes_at(annotations: Annotations, index: int) -> list[Box]:
    """The annotated boxes of one frame."""
    return [truth[index] for truth in annotations.values() if index in truth]


def convert_otb(boxes: Boxes) -> Annotation:
    """Annotation of OTB's boxes, N x 4.

    OTB counts pixels from 1, the result from 0. Boxes without an area, and NaN, stand for frames
    without the object.
    """
    there = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)
    return {int(frame): boxes[frame] - FIRST_PIXEL for frame in np.flatnonzero(there)}


def read_key_frames(path: Path) -> Annotation:
    """Annotation of some frames: CSV ``frame,x,y,w,h``, all 0-based, comments after ``#``.

    Raises:
        SourceError: a row that is not five numbers.
    """
    rows = [line.partition(",") for line in read_lines(path) if not line.startswith("#")]
    rows = rows[1:]  # below the header
    boxes = parse_boxes("\n".join(box for _, _, box in rows))
    return dict(zip((int(frame) for frame, _, _ in rows), boxes, strict=True))
