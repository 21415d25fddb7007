"""The score of a detection: the probability that its box is right."""

from __future__ import annotations


def calibrate(peak: float, exponent: float, midpoint: float) -> float:
    """Logistic function of the peak's logarithm, 1 / (1 + (midpoint / peak)^exponent), from 0 to 1.

    Args:
        peak: of a detection, response units; at 0 and below the score is 0.
        exponent: the odds grow as peak^exponent.
        midpoint: peak at which the score is 0.5, > 0.
    """
    if not peak > 0:
        return 0.0
    try:
        return 1 / (1 + (midpoint / peak) ** exponent)
    except OverflowError:
        return 0.0
