"""How good a choice of settings is on a sequence that was not used for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crt_plugin.errors import ParameterError


@dataclass(frozen=True)
class CrossValidation:
    """Cross-validation of a choice among candidates.

    Attributes:
        best: candidate with the highest mean over all sequences.
        tuned: that mean.
        chosen: candidate that is best on the sequences of all other folds, by sequence.
        held_out: its score, by sequence.
    """

    best: str
    tuned: float
    chosen: dict[str, str]
    held_out: dict[str, float]

    @property
    def mean(self) -> float:
        """Of ``held_out``."""
        return float(np.mean(list(self.held_out.values())))


def cross_validate(
    scores: Mapping[str, Mapping[str, float]], folds: int | None = None
) -> CrossValidation:
    """Choose for each sequence the candidate that is best on all other folds.

    Args:
        scores: by candidate and sequence; only sequences that every candidate has count. Of
            equal candidates the first is chosen.
        folds: the n-th sequence by name is in fold n modulo ``folds``; None: each has its own.

    Raises:
        ParameterError: fewer than two sequences in common, or folds that are not from 2 to their
            number.
    """
    first = next(iter(scores.values()), {})
    common = sorted(name for name in first if all(name in each for each in scores.values()))
    if len(common) < 2:
        raise ParameterError(
            f"{len(common)} sequences are common to {', '.join(scores) or 'no candidate'}; "
            "expected two or more"
        )
    count = len(common) if folds is None else folds
    if not 2 <= count <= len(common):
        raise ParameterError(f"{count} folds of {len(common)} sequences; expected 2 to as many")

    def best(sequences: Sequence[str]) -> tuple[str, float]:
        means = {name: np.mean([each[s] for s in sequences]) for name, each in scores.items()}
        winner = max(means, key=lambda name: means[name])
        return winner, float(means[winner])

    chosen: dict[str, str] = {}
    for fold in range(count):
        winner, _ = best([name for n, name in enumerate(common) if n % count != fold])
        chosen |= dict.fromkeys(common[fold::count], winner)
    held_out = {name: scores[chosen[name]][name] for name in common}
    return CrossValidation(*best(common), {name: chosen[name] for name in common}, held_out)
