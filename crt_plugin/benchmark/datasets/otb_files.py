"""OTB's text files, from folders and zip archives: names of targets, boxes, annotations."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from crt_plugin.benchmark.results.importing.archives import files
from crt_plugin.errors import SourceError
from crt_plugin.hosts.got10k import OTB_FOLDERS

Boxes = NDArray[np.float64]

_FOLDERS = {name.lower(): name for name in OTB_FOLDERS}
TWO_TARGETS = ("Jogging", "Skating2")
ONLY_SECOND = ("Human4",)  # its first target has no annotation, so that got10k numbers neither
TARGETS = sorted(
    {*_FOLDERS.values(), *(f"{name}.{k}" for name in TWO_TARGETS for k in (1, 2))}
    - set(TWO_TARGETS)
)
_SEPARATOR = re.compile(r"[,;\s]+")
_WITH_NUMBER = re.compile(r"(.+)[._-]([12])", re.ASCII)
_ANNOTATION = re.compile(r"groundtruth_rect(?:\.(\d))?\.txt", re.ASCII)


def target_name(text: str) -> str | None:
    """The host's name of a target of OTB-100, from any spelling in use.

    ``jogging-1``, ``Jogging_1`` and ``Jogging.1`` are ``Jogging.1``; ``Human4-2`` is ``Human4``;
    letter case does not matter. None if it names no target.
    """
    name = _FOLDERS.get(text.lower())
    if name is not None:
        return None if name in TWO_TARGETS else name
    match = _WITH_NUMBER.fullmatch(text)
    name = _FOLDERS.get(match[1].lower()) if match else None
    if match and name in TWO_TARGETS:
        return f"{name}.{match[2]}"
    if match and name in ONLY_SECOND and match[2] == "2":
        return name
    return None


def parse_boxes(text: str) -> Boxes:
    """Boxes, N x 4, of lines ``x,y,w,h`` with commas, semicolons, tabs or blanks between.

    Raises:
        SourceError: no lines, or one that is not four finite numbers.
    """
    lines = text.strip().splitlines()
    if not lines:
        raise SourceError("it is empty; expected a line x,y,w,h for each frame")
    try:
        boxes = np.loadtxt([_SEPARATOR.sub(" ", line) for line in lines], ndmin=2, comments=None)
    except ValueError:
        boxes = np.empty((0, 4))
    if boxes.shape != (len(lines), 4) or not np.isfinite(boxes).all():
        for number, line in enumerate(lines, start=1):
            _check_line(line, number)
    return boxes


def _check_line(line: str, number: int) -> None:
    """Raise ``SourceError`` if a line is not a box."""
    try:
        box = [float(part) for part in _SEPARATOR.sub(" ", line).split()]
    except ValueError:
        box = []
    if len(box) != 4 or not np.isfinite(box).all():
        raise SourceError(f"line {number} is not a box: {line.strip()!r}; expected x,y,w,h")


def read_annotations(source: str | Path) -> dict[str, Boxes]:
    """Annotated boxes of each target, 1-based as the files are, under the host's names.

    Args:
        source: a folder or zip archive with ``<Sequence>/groundtruth_rect*.txt``, as OTB is laid
            out, or with ``<Target>.txt``.

    Raises:
        SourceError: it holds no annotation of OTB, or one that cannot be read.
    """
    found = {}
    for path, content in files(Path(source)):
        name = _annotated_target(path)
        if name is None or not content.strip():
            continue
        try:
            found[name] = parse_boxes(content.decode())
        except (SourceError, UnicodeDecodeError) as error:
            raise SourceError(f"annotation {path} of {source}: {error}") from error
    if not found:
        raise SourceError(
            f"{source} holds no annotation of OTB; expected a zip archive or folder with "
            "<Sequence>/groundtruth_rect.txt or <Sequence>.txt"
        )
    return dict(sorted(found.items()))


def _annotated_target(path: PurePosixPath) -> str | None:
    match = _ANNOTATION.fullmatch(path.name)
    if match:
        number = f".{match[1]}" if match[1] else ""
        return target_name(path.parent.name + number)
    return target_name(path.stem) if path.suffix.lower() == ".txt" else None
