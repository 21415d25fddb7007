"""The train data pairs of past frames that an update learns from (section 4)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False)  # two of the same values are two
class Sample:
    """One train data pair: features H x W x C, and label Ho x Wo."""

    features: torch.Tensor
    label: torch.Tensor


class History:
    """Frames t, t - gap, t - 2 gap, ... (the gap is the reference's).

    Attributes:
        kept: samples, newest last.
    """

    def __init__(self, first: Sample, length: int, gap: int) -> None:
        """Begin with the first frame; ``length`` samples are learned from at most."""
        self.kept: deque[Sample] = deque([first], maxlen=(length - 1) * gap + 1)
        self._gap = gap

    def add(self, sample: Sample, is_sure: bool) -> None:
        """Keep the sample of a new frame, whether it has passed the gate or not (reference)."""
        self.kept.append(sample)

    def choose(self) -> list[Sample]:
        """What is learned from now, newest first."""
        return list(self.kept)[:: -self._gap]
