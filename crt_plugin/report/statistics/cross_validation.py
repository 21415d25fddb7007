"""How good a choice of settings is on a sequence that was not used for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crt_plugin.errors import ParameterError


@dataclass(frozen=True)
class CrossValidation:
    """Leave-one-sequence-out cross-validation of a choice among candidates.

    Attributes:
        best: candidate with the highest mean over all sequences.
        tuned: that mean.
        mean: over sequences, of the candidate that is best on all the others.
        chosen: that candidate, by sequence.
    """

    best: str
    tuned: float
    mean: float
    chosen: dict[str, str]


def cross_validate(scores: Mapping[str, Mapping[str, float]]) -> CrossValidation:
    """Choose for each sequence the candidate that is best on all the others.

    Args:
        scores: by candidate and sequence; only sequences that every candidate has count. Of
            equal candidates the first is chosen.

    Raises:
        ParameterError: fewer than two sequences in common.
    """
    first = next(iter(scores.values()), {})
    common = [name for name in first if all(name in each for each in scores.values())]
    if len(common) < 2:
        raise ParameterError(
            f"{len(common)} sequences are common to {', '.join(scores) or 'no candidate'}; "
            "expected two or more"
        )

    def best(sequences: Sequence[str]) -> tuple[str, float]:
        means = {name: np.mean([each[s] for s in sequences]) for name, each in scores.items()}
        winner = max(means, key=lambda name: means[name])
        return winner, float(means[winner])

    chosen = {name: best([other for other in common if other != name])[0] for name in common}
    mean = float(np.mean([scores[choice][name] for name, choice in chosen.items()]))
    return CrossValidation(*best(common), mean, chosen)
