"""Image files as frames: which files are images, and their order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

IMAGE_SUFFIXES = (".bmp", ".jp2", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")


def sort_images(paths: Iterable[Path]) -> list[Path]:
    """The visible image files among ``paths``, in natural order."""
    images = (p for p in paths if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith("."))
    return sorted(images, key=natural_key)


def find_frames(folder: Path) -> list[Path]:
    """Frames of a sequence: images in ``img/`` or ``color/``; if there are none, in the folder."""
    for inner in (folder / "img", folder / "color"):
        images = sort_images(inner.iterdir()) if inner.is_dir() else []
        if images:
            return images
    return sort_images(folder.iterdir())


def natural_key(path: Path) -> list[tuple[int, str]]:
    """Sort key of a file name in which runs of digits count as numbers: 2.jpg before 10.jpg."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), part) if part.isdecimal() else (-1, part) for part in parts]


def frame_number(path: Path) -> int | None:
    """The last number of a file's name, 300 of ``img_0300.jpg``; None if there is none."""
    numbers = re.findall(r"\d+", path.stem)
    return int(numbers[-1]) if numbers else None
