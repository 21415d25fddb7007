"""The starts of a run: which objects there are, and the frames and boxes from which they begin."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from crt_plugin.algorithm.geometry import Box
from crt_plugin.errors import BoxError
from crt_plugin.formats.boxes import read_text
from crt_plugin.media.frame import Frame
from crt_plugin.media.selection import (
    TOLERANCE,
    Moment,
    Selection,
    describe_moment,
    has_come,
    parse_moment,
)

EXPECTED_BOX = (
    "X,Y,W,H or ID=X,Y,W,H or ID@FRAME=X,Y,W,H: top left corner (counted from 0) and size, in "
    "pixels"
)
EXPECTED_FILE = (
    "CSV with a header x,y,w,h or id,frame,x,y,w,h and a line for each object, or JSON: "
    '[[x, y, w, h], ...], {"id": [x, y, w, h], ...} or '
    '[{"id": id, "frame": frame, "box": [x, y, w, h]}, ...]'
)
EXPECTED_ID = "letters, digits, _ and -"

Id = int | str  # of an object among those of a run


class UnreachedStartError(BoxError):
    """The frames end before that of a box has come."""


class Start(NamedTuple):
    """A frame and a box from which an object begins, or is learned anew.

    Attributes:
        id: of the object.
        moment: a frame, or s: the first tracked frame at or after it; None: the first of the run.
        box: (x, y, w, h), px, 0-based, or fractions of the frame.
    """

    id: Id
    moment: Moment | None
    box: Any


class Starts:
    """The starts of a run, each of which is taken once, when its frame has come."""

    def __init__(self, starts: Iterable[Start], recorded: Iterable[Start] = ()) -> None:
        """Take the boxes in px.

        Args:
            starts: what is asked for.
            recorded: those of a run that is resumed, at the numbers of their frames; they hold.
        """
        self._waiting = list(starts)
        self._recorded: dict[int, dict[Id, Box]] = {}
        ids = [start.id for start in self._waiting]
        for id, moment, box in recorded:
            self._recorded.setdefault(int(moment or 0), {})[id] = box
            ids.append(id)
        self.ids: tuple[Id, ...] = tuple(dict.fromkeys(ids))

    def take(self, frame: Frame) -> dict[Id, Box]:
        """The boxes of the objects that begin, or begin anew, in this tracked frame.

        Raises:
            BoxError: two of one object.
        """
        waiting, given = self._waiting, dict[Id, Box]()
        self._waiting = []
        for start in waiting:
            if start.moment is not None and not has_come(start.moment, frame):
                self._waiting.append(start)
            elif start.id in given:
                raise BoxError(f"two boxes of {start.id} in frame {frame.index}; expected one")
            else:
                given[start.id] = start.box
        return given | self._recorded.get(frame.index, {})

    def require_taken(self, last: Frame) -> None:
        """Check, after the last frame, that every object has begun.

        Raises:
            UnreachedStartError: the frame of a box did not come.
        """
        if self._waiting:
            id, moment, _ = self._waiting[0]
            raise UnreachedStartError(
                f"the last tracked frame is {last.index}, before the box of {id} at "
                f"{describe_moment(moment or 0)}; expected an earlier one"
            )


def check_starts(
    starts: Iterable[Start],
    first: Frame,
    selection: Selection,
    limit: int | None,
    length: int | None = None,
) -> None:
    """Check that the frames of boxes are tracked, as far as that is known before.

    Args:
        limit: most frames that are tracked.
        length: exact number of the source's frames; None where it is not known.

    Raises:
        BoxError: one is not.
    """
    for id, moment, _ in starts:
        if moment is None:
            continue
        where = f"the box of {id} is at {describe_moment(moment)}"
        if _is_before(moment, first, selection.start):
            raise BoxError(
                f"{where}, before the first tracked frame, {first.index}; expected a later one"
            )
        if type(selection.end) is type(moment) and moment >= selection.end:
            raise BoxError(f"{where}; expected one before --end")
        if isinstance(moment, int):
            if length is not None and moment >= length:
                raise BoxError(f"{where}, behind the last frame, {length - 1}")
            place, rest = divmod(moment - first.index, selection.every)
            if rest:
                raise BoxError(
                    f"{where}, which --every {selection.every} leaves out; expected "
                    f"{moment - rest} or {moment - rest + selection.every}"
                )
            if limit is not None and place >= limit:
                raise BoxError(f"{where}, after the last one of --frames {limit}")


def _is_before(moment: Moment, first: Frame, start: Moment) -> bool:
    if isinstance(moment, int):
        return moment < first.index
    # The first frame may come a little after the time of --start.
    is_asked_for = isinstance(start, float) and moment >= start
    return moment < first.time - TOLERANCE and not is_asked_for


def parse_starts(texts: Iterable[str]) -> list[Start]:
    """Starts of texts ``EXPECTED_BOX``; without an id, it is the place among them, from 1.

    Raises:
        BoxError: another text, or an id that is no name of a file, or two boxes of an object.
        ParameterError: what is behind ``@`` is no frame and no time.
    """
    found: list[tuple[str, str, Any]] = []
    for text in texts:
        key, equals, numbers = text.rpartition("=")
        id, at, moment = key.partition("@")
        box = numbers.split(",")
        _check_numbers(box, f"--box {text!r} is not a box; expected {EXPECTED_BOX}")
        if equals and not key:
            raise BoxError(f"--box {text!r} has no id before =; expected {EXPECTED_BOX}")
        if at and not moment:
            raise BoxError(f"--box {text!r} has no frame; expected {EXPECTED_BOX}")
        found.append((id, moment, box))
    return _collect(found, "--box")


def read_starts(file: Path) -> list[Start]:
    """Starts of a file, ``EXPECTED_FILE``; ids as in ``parse_starts``.

    Raises:
        SourceError: it cannot be read.
        BoxError, ParameterError: it holds something else.
    """
    text = read_text(file)
    wrong = f"{file} holds no boxes of objects; expected {EXPECTED_FILE}"
    if file.suffix.lower() == ".json":
        try:
            # Objects as pairs: a dict would keep one of two of an id.
            content = json.loads(text, object_pairs_hook=tuple)
        except (ValueError, RecursionError) as error:
            raise BoxError(f"{wrong} ({error})") from error
        if isinstance(content, tuple):
            found = [(id, "", box) for id, box in content]
        elif isinstance(content, list):
            found = [_read_item(item, wrong) for item in content]
        else:
            raise BoxError(wrong)
    else:
        rows = list(csv.DictReader(filter(str.strip, text.splitlines())))
        names = [str(name) for name in rows[0]] if rows else []
        if not {*"xywh"} <= set(names) <= {"id", "frame", *"xywh"}:
            raise BoxError(f"{wrong}; the header is {','.join(names) or 'missing'}")
        found = [
            (row.get("id") or "", row.get("frame") or "", [row[name] for name in "xywh"])
            for row in rows
        ]
    if not found:
        raise BoxError(wrong)
    for id, _, box in found:
        _check_numbers(box, f"{file}: {id or 'a box'} is {box!r}; expected {EXPECTED_FILE}")
    return _collect(found, str(file))


def _read_item(item: Any, wrong: str) -> tuple[str, str, Any]:
    """Id, frame and box of an element of a JSON list; a JSON object comes as pairs."""
    if not isinstance(item, tuple):
        return "", "", item
    fields = dict(item)
    if len(fields) < len(item) or not {"box"} <= set(fields) <= {"id", "frame", "box"}:
        raise BoxError(wrong)
    return str(fields.get("id", "")), str(fields.get("frame", "")), fields["box"]


def _collect(found: Iterable[tuple[str, str, Sequence[Any]]], origin: str) -> list[Start]:
    starts: list[Start] = []
    for number, (text, moment_text, box) in enumerate(found, start=1):
        id: Id = text.strip() or number
        if isinstance(id, str) and re.fullmatch(r"\d+", id):
            id = int(id)
        if not re.fullmatch(r"[\w-]+", str(id)):
            raise BoxError(f"{origin}: {id!r} is no id; expected {EXPECTED_ID}")
        moment = parse_moment(origin, moment_text.strip()) if moment_text.strip() else None
        if any((other.id, other.moment) == (id, moment) for other in starts):
            raise BoxError(
                f"{origin}: two objects are called {id}; expected an id for each, or for a later "
                "box of the same object its frame"
            )
        starts.append(Start(id, moment, [float(value) for value in box]))
    return starts


def _check_numbers(box: Any, wrong: str) -> None:
    """Check that a box is four finite numbers."""
    try:
        numbers = [float(value) for value in box]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise BoxError(wrong)
