"""The score of a detection: the probability that its box is right."""

from __future__ import annotations

import math


def calibrate(peak: float, slope: float, midpoint: float) -> float:
    """Logistic function of the peak of a detection, from 0 to 1.

    Args:
        slope: of the logistic function, 1 / response units.
        midpoint: peak at which the score is 0.5.
    """
    # tanh does not overflow
    return 0.5 + 0.5 * math.tanh(slope * (peak - midpoint) / 2)
