"""A longer history than the paper's last frames, in which the object's place drifts (ours)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from crt_plugin.algorithm.history import History, Sample


class LongHistory(History):
    """Samples of several ages among the frames that passed the gate, and the first frame.

    The first frame's box is the only one that is known to be right, and a frame that did not pass
    the gate is labelled where the object may not be: the paper's history forgets the one and keeps
    the other.

    Attributes:
        kept: samples of frames that passed the gate, newest last.
    """

    def __init__(self, first: Sample, ages: Sequence[int]) -> None:
        """``ages``: counted in frames that passed the gate, ascending; 0 is the newest."""
        self.kept = deque([first], maxlen=ages[-1] + 1)
        self._first, self._ages = first, ages

    def add(self, sample: Sample, is_sure: bool) -> None:
        """Keep the sample of a new frame if it has passed the gate."""
        if is_sure:
            self.kept.append(sample)

    def choose(self) -> list[Sample]:
        """Those of the ages that there are, newest first, then the first frame's."""
        newest_first = list(self.kept)[::-1]
        chosen = [newest_first[age] for age in self._ages if age < len(newest_first)]
        return chosen if self._first in chosen else [*chosen, self._first]
