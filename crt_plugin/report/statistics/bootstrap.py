"""Whether a difference between two trackers is more than the choice of sequences."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
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
    found = paired_differences({"first": first, "second": second}, draws, level, seed)
    return found.get(("first", "second"))


def paired_differences(
    scores: Mapping[str, Mapping[str, float]],
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = 0,
) -> dict[tuple[str, str], Difference]:
    """``paired_difference`` of every two of many, each pair in one direction.

    Pairs with the same sequences in common share their draws, as one product of matrices: all
    of 20 trackers on 100 sequences take a tenth of a second and not four.

    Args:
        scores: by tracker and sequence; all trackers name sequences in the same order.

    Returns:
        Differences by (first, second), in the order of ``scores``; pairs that have fewer than
        two sequences in common are left out.
    """
    groups: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for first, second in itertools.combinations(scores, 2):
        common = tuple(name for name in scores[first] if name in scores[second])
        if len(common) >= 2:
            groups.setdefault(common, []).append((first, second))
    found = {}
    for common, pairs in groups.items():
        found.update(_differences(scores, common, pairs, (draws, level, seed)))
    return {pair: found[pair] for pair in itertools.combinations(scores, 2) if pair in found}


def _differences(
    scores: Mapping[str, Mapping[str, float]],
    common: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    bootstrap: tuple[int, float, int],
) -> dict[tuple[str, str], Difference]:
    """Differences of pairs that have the sequences ``common`` in common."""
    draws, level, seed = bootstrap
    count = len(common)
    values = np.array([[scores[a][name] - scores[b][name] for a, b in pairs] for name in common])
    chosen = np.random.default_rng(seed).integers(count, size=(draws, count))
    # how often each draw has each sequence: a draw's mean is a weighted one
    places = chosen + count * np.arange(draws)[:, None]
    weights = np.bincount(places.ravel(), minlength=draws * count).reshape(draws, count)
    means = weights @ values / count
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(means, [tail, 100 - tail], axis=0)
    return {
        pair: Difference(float(values[:, i].mean()), float(low[i]), float(high[i]), count)
        for i, pair in enumerate(pairs)
    }
