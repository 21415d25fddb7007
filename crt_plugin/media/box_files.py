"""Files of boxes, a line a frame: CSV, JSON lines, and the texts of MOTChallenge and OTB."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crt_plugin.media.loop import Step

Write = Callable[[Step, float, bool], str]


def _write_csv(step: Step, time: float, with_lost: bool) -> str:
    lost = f",{step.is_lost:d}" if with_lost else ""
    return f"{step.index},{time:.4f},{_join(*step.box, step.score)}{lost}"


def _write_json(step: Step, time: float, with_lost: bool) -> str:
    fields: dict[str, Any] = {
        "frame": step.index,
        "time": round(time, 4),
        "box": [round(value, 4) for value in step.box.tolist()],
        "score": round(step.score, 4),
    }
    return json.dumps(fields | ({"lost": step.is_lost} if with_lost else {}))


def _write_mot(step: Step, time: float, with_lost: bool) -> str:
    """``frame,id,x,y,w,h,conf,-1,-1,-1``; MOTChallenge counts frames, ids and pixels from 1."""
    return f"{step.index + 1},1,{_join(*(step.box + (1, 1, 0, 0)), step.score)},-1,-1,-1"


def _write_otb(step: Step, time: float, with_lost: bool) -> str:
    """``x,y,w,h``; OTB counts pixels from 1, and does not number its lines."""
    return _join(*(step.box + (1, 1, 0, 0)))


def _join(*values: float) -> str:
    return ",".join(f"{value:.4f}" for value in values)


@dataclass(frozen=True)
class BoxFormat:
    """A format of boxes.

    Attributes:
        name: of the file.
        write: the line of a step, its time and whether to say if it is lost; px are 0-based in
            the step.
        header: first line; ``lost`` is added if asked for. Empty: none.
    """

    name: str
    write: Write
    header: str = ""


FORMATS = {
    "csv": BoxFormat("boxes.csv", _write_csv, "frame,time,x,y,w,h,score"),
    "jsonl": BoxFormat("boxes.jsonl", _write_json),
    "mot": BoxFormat("mot.txt", _write_mot),
    "otb": BoxFormat("otb.txt", _write_otb),
}


class BoxFile:
    """Sink that writes the boxes in one of ``FORMATS``.

    Every line is on the disk before the next frame is tracked. In CSV and JSON, frames count from
    0, time is in seconds from the start of the source, and boxes are in px, 0-based.
    """

    # Not written atomically: what was tracked stays even if the process is killed.

    def __init__(
        self, folder: Path, fps: float, kind: str = "csv", with_lost: bool = False
    ) -> None:
        """Write below ``folder``, in place of what is there, from the first frame on.

        Args:
            folder: of the file, which ``FORMATS`` names.
            fps: frames per second of the source, for the time.
            kind: of ``FORMATS``.
            with_lost: say of each frame whether it is lost, where the format can.
        """
        self._format, self._fps, self._with_lost = FORMATS[kind], fps, with_lost
        self.path = folder / self._format.name
        self._file: Any = None

    def write(self, step: Step) -> None:
        """Add a line."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="\n")
            if self._format.header:
                self._file.write(self._format.header + ",lost" * self._with_lost + "\n")
        self._file.write(self._format.write(step, step.index / self._fps, self._with_lost) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
