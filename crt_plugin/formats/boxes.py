"""Lines of boxes ``x,y,w,h``, as datasets and authors of trackers write them.

The numbers of a line are separated by commas, semicolons, or tabs and blanks; commas and semicolons
may also end it. Blank lines may follow the last box. A blank line before another box is refused: if
it stood for a frame without a box, the boxes after it would belong to later frames.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import SourceError

T = TypeVar("T")
Boxes = NDArray[np.float64]
FIRST_PIXEL = np.array([1.0, 1.0, 0.0, 0.0])  # OTB and GOT-10k count from 1, this package from 0
SHOWN = 80  # characters of a wrong line that a message shows


def read_boxes(file: Path) -> Boxes:
    """Boxes of an annotation file, N x 4, px, as they are in it; they may be NaN.

    Raises:
        SourceError: unreadable, see ``read_lines``, or a line that is not four numbers.
    """
    lines = read_lines(file)
    try:
        return _parse(lines, finite=False)
    except SourceError as error:
        raise SourceError(f"annotation {file}: {error}") from error


def parse_boxes(content: bytes | str) -> Boxes:
    """Boxes, N x 4, of a text.

    Raises:
        SourceError: see ``split_lines``; no lines, or one that is not four finite numbers.
    """
    return _parse(split_lines(content), finite=True)


def read_lines(file: Path) -> list[str]:
    """Lines of an annotation file, see ``split_lines``.

    Raises:
        SourceError: the file is missing, unreadable, not text, or has a blank line in the middle.
    """
    return _read(file, split_lines, "annotation ")


def read_text(file: Path) -> str:
    """Text of a file in UTF-8, without a byte order mark.

    Raises:
        SourceError: the file is missing, unreadable, or not text.
    """
    return _read(file, _decode)


def _read(file: Path, parse: Callable[[bytes], T], kind: str = "") -> T:
    """The content of a file, parsed; errors name the file, ``kind`` before it."""
    try:
        return parse(file.read_bytes())
    except SourceError as error:
        raise SourceError(f"{kind}{file}: {error}") from error
    except OSError as error:
        raise SourceError(f"{kind}{file} cannot be read: {error}") from error


def split_lines(content: bytes | str) -> list[str]:
    """Lines of a text in UTF-8, one a frame; without a byte order mark and blank lines at the end.

    Raises:
        SourceError: it is not text, or a blank line precedes another.
    """
    lines = _decode(content).splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            raise SourceError(
                f"line {number} is blank, but others follow, and it is unclear to which frames "
                "those belong; expected one line for each frame"
            )
    return lines


def split_numbers(line: str) -> list[str]:
    """Fields of a line; more than one kind of separator leaves fields that are not numbers."""
    text = line.rstrip(",; \t")
    separator = next((mark for mark in ",;" if mark in text), None)
    return [field.strip() for field in text.split(separator)]


def _decode(content: bytes | str) -> str:
    try:
        text = content.decode() if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        raise SourceError(f"it is not text: {error}; expected UTF-8") from error
    return text.removeprefix("\ufeff")


def _parse(lines: list[str], finite: bool) -> Boxes:
    boxes = []
    for number, line in enumerate(lines, start=1):
        try:
            box = [float(field) for field in split_numbers(line)]
        except ValueError:
            box = []
        if len(box) != 4 or (finite and not all(map(math.isfinite, box))):
            shown = repr(line[:SHOWN]) + "..." * (len(line) > SHOWN)
            raise SourceError(f"line {number} is not a box: {shown}; expected numbers x,y,w,h")
        boxes.append(box)
    if not boxes:
        raise SourceError("it is empty; expected a line x,y,w,h for each frame")
    return np.array(boxes)
