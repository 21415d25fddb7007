"""Which frames of a source are tracked: from one on, before another, every n-th of them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from crt_plugin.errors import ParameterError

T = TypeVar("T")

EXPECTED_MOMENT = "a frame (counted from 0), or a time: 12.5s, 1:30 or 1:02:03.5"
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)(s?)")


@dataclass(frozen=True)
class Selection:
    """The frames start, start + every, start + 2 every, ... before ``end``; None: to the last.

    Raises:
        ParameterError: no frame is selected.
    """

    start: int = 0
    end: int | None = None
    every: int = 1

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ParameterError(
                f"no frame is from {self.start} on and before {self.end}; expected an end after "
                "the start"
            )

    @property
    def indices(self) -> Iterator[int]:
        """Numbers of the selected frames, without end."""
        return itertools.count(self.start, self.every)

    def select(self, frames: Iterable[T]) -> Iterator[T]:
        """The selected ones of all frames of a source."""
        return itertools.islice(frames, self.start, self.end, self.every)

    def count(self, length: int | None, limit: int | None = None) -> int | None:
        """How many of a source of ``length`` frames, ``limit`` at most; None where unknown."""
        ends = [n for n in (self.end, length) if n is not None]
        counts = [len(range(self.start, min(ends), self.every))] if ends else []
        return min(counts if limit is None else [*counts, limit], default=None)


def parse_moment(option: str, text: str, fps: float) -> int:
    """The frame that a text names, or the first one at or after the time that it names.

    Args:
        option: that the text was given to, for the message.
        text: ``EXPECTED_MOMENT``.
        fps: of the source.

    Raises:
        ParameterError: neither a frame nor a time.
    """
    if re.fullmatch(r"\d+", text):
        return int(text)
    match = _TIME.fullmatch(text)
    if match is None or not (match[2] or match[4]):
        raise ParameterError(f"{option} {text!r} is no moment; expected {EXPECTED_MOMENT}")
    seconds = int(match[1] or 0) * 3600 + int(match[2] or 0) * 60 + float(match[3])
    return math.ceil(seconds * fps - 1e-6)  # 0.3 s of 10 fps is frame 3, not 4
