"""Files of boxes, a line a frame: CSV, JSON lines, and the texts of MOTChallenge and OTB."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.media.frame import Frame
from crt_plugin.media.loop import Found, Step
from crt_plugin.media.starts import Id


@dataclass(frozen=True)
class Columns:
    """What the lines of a run have beside frame, time, box and score.

    Attributes:
        has_id: there are, or may be, several objects.
        has_lost: lost frames are marked.
    """

    has_id: bool
    has_lost: bool


def _write_csv(frame: Frame, found: Found, number: int, columns: Columns) -> str:
    id = f",{found.id}" if columns.has_id else ""
    lost = f",{found.is_lost:d}" if columns.has_lost else ""
    return f"{frame.index},{frame.time:.4f}{id},{_join(*found.box, found.score)}{lost}"


def _write_json(frame: Frame, found: Found, number: int, columns: Columns) -> str:
    fields: dict[str, Any] = {"frame": frame.index, "time": round(frame.time, 4)}
    if columns.has_id:
        fields["id"] = found.id
    fields["box"] = [round(value, 4) for value in found.box.tolist()]
    fields["score"] = round(found.score, 4)
    return json.dumps(fields | ({"lost": found.is_lost} if columns.has_lost else {}))


def _write_mot(frame: Frame, found: Found, number: int, columns: Columns) -> str:
    """``frame,id,x,y,w,h,conf,-1,-1,-1``; MOTChallenge counts frames, ids and pixels from 1."""
    place = _join(*(found.box + FIRST_PIXEL), found.score)
    return f"{frame.index + 1},{number},{place},-1,-1,-1"


def _write_otb(frame: Frame, found: Found, number: int, columns: Columns) -> str:
    """``x,y,w,h``; OTB counts pixels from 1, and does not number its lines."""
    return _join(*(found.box + FIRST_PIXEL))


def _join(*values: float) -> str:
    return ",".join(f"{value:.4f}" for value in values)


@dataclass(frozen=True)
class BoxFormat:
    """A format of boxes.

    Attributes:
        name: of the file; with ``{id}`` there is a file for each of several objects.
        write: the line of an object in a frame; px are 0-based in it. ``number`` is its place
            among the objects, from 1.
        absent: the line of an object that has not begun yet; empty for none.
    """

    name: str
    write: Callable[[Frame, Found, int, Columns], str]
    absent: str = ""

    def name_file(self, id: str) -> str:
        """Name of the file of one of several objects; of the only one, if ``id`` is empty."""
        return self.name.format(id=f".{id}" if id else "")


FORMATS = {
    "csv": BoxFormat("boxes.csv", _write_csv),
    "jsonl": BoxFormat("boxes.jsonl", _write_json),
    "mot": BoxFormat("mot.txt", _write_mot),
    # Its lines are not numbered, and a box without an area stands for no object.
    "otb": BoxFormat("otb{id}.txt", _write_otb, absent="0,0,0,0"),
}


class BoxFile:
    """Sink that writes the boxes in one of ``FORMATS``.

    Every line is on the disk before the next frame is tracked. In CSV and JSON, frames count from
    0, time is in seconds from the start of the source, and boxes are in px, 0-based.
    """

    # Not written atomically: what was tracked stays even if the process is killed.

    def __init__(
        self, folder: Path, kind: str = "csv", has_lost: bool = False, has_id: bool = False
    ) -> None:
        """Write below ``folder``, in place of what is there, from the first frame on.

        Args:
            folder: of the file, which ``FORMATS`` names.
            kind: of ``FORMATS``.
            has_lost: say of each frame whether it is lost, where the format can.
            has_id: tell objects apart even if there is one: others may be added.
        """
        self._folder, self._format = folder, FORMATS[kind]
        self._has_lost, self._has_id = has_lost, has_id
        self._is_csv = kind == "csv"
        self._files: dict[Path, TextIO] = {}
        self._count = 0  # of the frames

    @property
    def paths(self) -> list[Path]:
        """The files that were begun."""
        return list(self._files)

    def find_earlier(self) -> list[Path]:
        """Files of an earlier run that are in the way, whatever its objects were."""
        names = {self._format.name_file(id) for id in ("", "*")}
        return sorted({path for name in names for path in self._folder.glob(name)})

    def write(self, step: Step) -> None:
        """Add a line for each object."""
        columns = Columns(self._has_id or len(step.ids) > 1, self._has_lost)
        found = {each.id: (number, each) for number, each in step.numbered}
        if not self._files:
            self._remove_others(step, columns)
        for id in step.ids:
            file = self._find(id, columns)
            if id in found:
                number, each = found[id]
                file.write(self._format.write(step.frame, each, number, columns) + "\n")
            elif self._format.absent:
                file.write(self._format.absent + "\n")
        self._count += 1
        for file in self._files.values():
            file.flush()

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()

    def _remove_others(self, step: Step, columns: Columns) -> None:
        """Remove files of objects that are not there any more."""
        paths = {self._path(id, columns) for id in step.ids}
        for path in set(self.find_earlier()) - paths:
            path.unlink()

    def _find(self, id: Id, columns: Columns) -> TextIO:
        """The file of an object; begun if it was not, with what it has missed."""
        path = self._path(id, columns)
        if path not in self._files:
            self._files[path] = path.open("w", encoding="utf-8", newline="\n")
            if self._is_csv:
                names = ",id" * columns.has_id, ",lost" * columns.has_lost
                self._files[path].write("frame,time{},x,y,w,h,score{}\n".format(*names))
            if self._format.absent:
                self._files[path].write(f"{self._format.absent}\n" * self._count)
        return self._files[path]

    def _path(self, id: Id, columns: Columns) -> Path:
        return self._folder / self._format.name_file(str(id) if columns.has_id else "")
