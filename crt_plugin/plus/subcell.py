"""Position of a maximum between the cells."""

from __future__ import annotations

import math

import torch

# A neighbour below this fraction of the maximum counts as that fraction (ours).
LEAST_NEIGHBOUR = 0.1


def find_gaussian_peak(profile: torch.Tensor, index: int) -> float:
    """Offset of the maximum from the largest value of a profile, -0.5 to 0.5 cells (ours).

    It is the maximum of the Gaussian through the value and its two neighbours: labels are
    Gaussians, so responses resemble them. 0 at the ends, or if the value is not a maximum.
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
