"""Copies of a sequence's frames in a page's folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

QUALITY = 85  # of JPEG
JPEG = (".jpg", ".jpeg")


@dataclass(frozen=True)
class FrameCopies:
    """Frames in a page's folder, ``<frame, from 0, four digits>.jpg``.

    Attributes:
        width, height: of the pictures, px.
        scale: px of a picture for one px of the frame; a box is multiplied by it.
        unread: frames, from 0, that could not be read and have no picture.
    """

    width: int
    height: int
    scale: float
    unread: list[int]


def copy_frames(files: Sequence[Path], folder: Path, max_side: int) -> FrameCopies | None:
    """Copy frames as JPEG, downscaled so that no side is longer than ``max_side`` px.

    JPEGs that are small enough keep their bytes.

    Returns:
        None if no frame could be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shape: tuple[int, int, float] | None = None
    unread = []
    for index, file in enumerate(files):
        try:
            found = _copy(file, folder / f"{index:04d}.jpg", max_side)
        except (OSError, ValueError, SyntaxError):  # what PIL raises at damaged files
            unread.append(index)
        else:
            shape = shape or found
    return None if shape is None else FrameCopies(*shape, unread)


def _copy(file: Path, to: Path, max_side: int) -> tuple[int, int, float]:
    """Copy one frame; width and height of the copy, px, and its scale."""
    with Image.open(file) as image:
        scale = min(1.0, max_side / max(image.size))
        width, height = (max(1, round(side * scale)) for side in image.size)
        if scale == 1 and file.suffix.lower() in JPEG:
            image.load()  # finds a damaged file
            shutil.copyfile(file, to)
        else:
            small = image.convert("RGB").resize((width, height), Image.Resampling.BOX)
            small.save(to, format="JPEG", quality=QUALITY)
    return width, height, scale
