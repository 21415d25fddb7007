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
    size: tuple[int, int] | None = None
    unread = []
    for index, file in enumerate(files):
        try:
            found = _copy(file, folder / f"{index:04d}.jpg", max_side)
        except (OSError, ValueError, SyntaxError):  # what PIL raises at damaged files
            unread.append(index)
        else:
            size = size or found
    if size is None:
        return None
    factor = _factor(size, max_side)
    width, height = _scaled(size, factor)
    return FrameCopies(width, height, factor, unread)


def _copy(file: Path, to: Path, max_side: int) -> tuple[int, int]:
    """Copy one frame, and return its size, width x height px."""
    with Image.open(file) as image:
        size = image.size
        factor = _factor(size, max_side)
        if factor == 1 and file.suffix.lower() in JPEG:
            image.load()  # finds a damaged file
            shutil.copyfile(file, to)
            return size
        small = image.convert("RGB").resize(_scaled(size, factor), Image.Resampling.BOX)
    small.save(to, format="JPEG", quality=QUALITY)
    return size


def _factor(size: tuple[int, int], max_side: int) -> float:
    return min(1.0, max_side / max(size))


def _scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
