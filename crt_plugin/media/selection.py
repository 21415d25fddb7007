"""Which frames of a source are tracked: from one on, before another, every n-th of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crt_plugin.errors import ParameterError
from crt_plugin.media.frame import Frame

Moment = int | float  # a frame, counted from 0; a float is s since the first one
TOLERANCE = 1e-6  # s; 0.3 s of 10 fps is frame 3, not 4

EXPECTED_MOMENT = "a frame (counted from 0), or a time: 12.5s, 1:30 or 1:02:03.5"
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)(s?)")


@dataclass(frozen=True)
class Selection:
    """Every n-th frame, from the first at or after ``start``, before ``end``; None: to the last.

    Raises:
        ParameterError: no frame is selected.
    """

    start: Moment = 0
    end: Moment | None = None
    every: int = 1

    def __post_init__(self) -> None:
        is_same_kind = isinstance(self.start, float) == isinstance(self.end, float)
        if self.end is not None and is_same_kind and self.end <= self.start:
            raise ParameterError(
                f"nothing is from {self.start} on and before {self.end}; expected an end after "
                "the start"
            )

    def select(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The selected ones of all frames of a source."""
        passed = 0
        for frame in frames:
            if self.end is not None and has_come(self.end, frame):
                return
            if not has_come(self.start, frame):
                continue
            if passed % self.every == 0:
                yield frame
            passed += 1
            if isinstance(self.end, int) and frame.index + 1 >= self.end:
                return  # the next one need not even be readable

    def count(self, length: int | None, fps: float, limit: int | None = None) -> int | None:
        """How many of a source of ``length`` frames, ``limit`` at most; None where unknown.

        Where frames come at varying times, it is an estimate.
        """
        start, end = (
            math.ceil(moment * fps - TOLERANCE) if isinstance(moment, float) else moment
            for moment in (self.start, self.end)
        )
        ends = [n for n in (end, length) if n is not None]
        counts = [len(range(start or 0, min(ends), self.every))] if ends else []
        return min(counts if limit is None else [*counts, limit], default=None)


def has_come(moment: Moment, frame: Frame) -> bool:
    """Whether a frame is at the moment, or after it."""
    if isinstance(moment, float):
        return frame.time >= moment - TOLERANCE
    return frame.index >= moment


def describe_moment(moment: Moment) -> str:
    """For messages."""
    return f"{moment:g} s" if isinstance(moment, float) else f"frame {moment}"


def parse_moment(option: str, text: str) -> Moment:
    """The frame or the time that a text names.

    Args:
        option: that the text was given to, for the message.
        text: ``EXPECTED_MOMENT``.

    Raises:
        ParameterError: neither a frame nor a time.
    """
    if re.fullmatch(r"\d+", text):
        return int(text)
    match = _TIME.fullmatch(text)
    over = match is not None and match[2] and float(match[3]) >= 60  # s beside minutes
    if match is None or over or not (match[2] or match[4]):
        raise ParameterError(f"{option} {text!r} is no moment; expected {EXPECTED_MOMENT}")
    return int(match[1] or 0) * 3600 + int(match[2] or 0) * 60 + float(match[3])
