"""The boxes of the objects in the first frame, as a user gives them."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from crt_plugin.errors import BoxError
from crt_plugin.formats.boxes import read_text
from crt_plugin.media.loop import Id

EXPECTED_BOX = "X,Y,W,H or ID=X,Y,W,H: top left corner (counted from 0) and size, in pixels"
EXPECTED_FILE = (
    "CSV with a header x,y,w,h or id,x,y,w,h and a line for each object, or JSON: "
    '[[x, y, w, h], ...] or {"id": [x, y, w, h], ...}'
)
EXPECTED_ID = "letters, digits, _ and -"

FirstBoxes = dict[Id, list[float]]


def parse_first_boxes(texts: Iterable[str]) -> FirstBoxes:
    """Boxes (x, y, w, h) of texts ``X,Y,W,H`` or ``ID=X,Y,W,H``; without an id, it counts from 1.

    Raises:
        BoxError: another text, or an id that is no name of a file, or that two have.
    """
    pairs: list[tuple[str, Sequence[Any]]] = []
    for text in texts:
        id, _, numbers = text.rpartition("=")
        pairs.append((id, numbers.split(",")))
        _check_numbers(pairs[-1][1], f"--box {text!r} is not a box; expected {EXPECTED_BOX}")
    return _collect(pairs, "--box")


def read_first_boxes(file: Path) -> FirstBoxes:
    """Boxes (x, y, w, h) of a file, ``EXPECTED_FILE``; ids as in ``parse_first_boxes``.

    Raises:
        SourceError: it cannot be read.
        BoxError: it holds something else.
    """
    text = read_text(file)
    wrong = f"{file} holds no boxes of objects; expected {EXPECTED_FILE}"
    if file.suffix.lower() == ".json":
        try:
            # Objects as pairs: a dict would keep one of two of an id.
            content = json.loads(text, object_pairs_hook=lambda pairs: pairs)
        except ValueError as error:
            raise BoxError(f"{wrong} ({error})") from error
        if not isinstance(content, list):
            raise BoxError(wrong)
        pairs = [each if isinstance(each, tuple) else ("", each) for each in content]
    else:
        rows = list(csv.DictReader(filter(str.strip, text.splitlines())))
        if not rows or set(rows[0]) not in ({*"xywh"}, {"id", *"xywh"}):
            raise BoxError(wrong)
        pairs = [(row.get("id") or "", [row[name] for name in "xywh"]) for row in rows]
    if not pairs:
        raise BoxError(wrong)
    for id, box in pairs:
        _check_numbers(box, f"{file}: {id or 'a box'} is {box!r}; expected {EXPECTED_FILE}")
    return _collect(pairs, str(file))


def _collect(pairs: Iterable[tuple[str, Sequence[Any]]], origin: str) -> FirstBoxes:
    boxes: FirstBoxes = {}
    for number, (text, box) in enumerate(pairs, start=1):
        id: Id = text.strip() or number
        if isinstance(id, str) and re.fullmatch(r"\d+", id):
            id = int(id)
        if not re.fullmatch(r"[\w-]+", str(id)):
            raise BoxError(f"{origin}: {id!r} is no id; expected {EXPECTED_ID}")
        if id in boxes:
            raise BoxError(f"{origin}: two objects are called {id}; expected an id for each")
        boxes[id] = [float(value) for value in box]
    return boxes


def _check_numbers(box: Any, wrong: str) -> None:
    """Check that a box is four finite numbers."""
    try:
        numbers = [float(value) for value in box]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise BoxError(wrong)
