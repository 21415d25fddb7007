"""Whether a difference between two trackers is more than the choice of sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

DRAWS = 10_000
LEVEL = 0.95


@dataclass(frozen=True)
class Difference:
    """Mean over sequences of one tracker's score minus another's.

    Attributes:
        mean: over the sequences that both have.
        low, high: ends of the confidence interval.
        sequences: how many there are.
    """

    mean: float
    low: float
    high: float
    sequences: int

    @property
    def is_clear(self) -> bool:
        """Whether 0 lies outside of the interval."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        """For example "+0.031 [-0.002, +0.064], 13 sequences"."""
        interval = f"[{self.low:+.3f}, {self.high:+.3f}]"
        return f"{self.mean:+.3f} {interval}, {self.sequences} sequences"


def paired_difference(
    first: Mapping[str, float],
    second: Mapping[str, float],
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = 0,
) -> Difference | None:
    """``first`` minus ``second`` with a paired bootstrap over sequences (percentiles; Efron).

    Sequences are drawn with replacement, and both trackers are compared on the same draw, so
    that what makes a sequence hard for both cancels.

    Args:
        first, second: scores by sequence; only those in both count.
        level: of confidence.

    Returns:
        None where they have fewer than two sequences in common.
    """
    common = [name for name in first if name in second]
    if len(common) < 2:
        return None
    differences = np.array([first[name] - second[name] for name in common])
    chosen = np.random.default_rng(seed).integers(len(common), size=(draws, len(common)))
    means = differences[chosen].mean(axis=1)
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return Difference(float(differences.mean()), float(low), float(high), len(common))
