"""Where a maximum lies between the cells."""

from __future__ import annotations

import math

import torch

# Below this fraction of the maximum a neighbour says little about the top (ours).
LEAST_NEIGHBOUR = 0.1


def find_gaussian_peak(profile: torch.Tensor, index: int) -> float:
    """Offset of the top from the largest value of a profile, from -0.5 to 0.5 cells (ours).

    Of the Gaussian through the value and its two neighbours: labels are Gaussians, and so is
    what the regression learns. 0 at the profile's ends, and where the value is no maximum.
    """
    if not 0 < index < len(profile) - 1:
        return 0.0
    before, middle, after = profile[index - 1 : index + 2].tolist()
    if not middle > 0:
        return 0.0
    least = LEAST_NEIGHBOUR * middle
    left, right = (math.log(max(value, least) / middle) for value in (before, after))
    if left + right >= 0:
        return 0.0
    return min(0.5, max(-0.5, (left - right) / (2 * (left + right))))
