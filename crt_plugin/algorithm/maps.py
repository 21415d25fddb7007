"""The two Gaussian maps of section 4, both with peak 1, and the top between the cells."""

from __future__ import annotations

import math

import torch

from crt_plugin.algorithm.geometry import PatchGeometry
from crt_plugin.parameters import Parameters


def gaussian_map(
    size: tuple[int, int], center: tuple[float, float], sigma: tuple[float, float]
) -> torch.Tensor:
    """exp(-(di^2 / (2 si^2) + dj^2 / (2 sj^2))), all arguments (row, column), in cells.

    Returns:
        rows x columns, float32.
    """

    def profile(length: int, middle: float, deviation: float) -> torch.Tensor:
        offset = torch.arange(length, dtype=torch.float64) - middle
        return torch.exp(-0.5 * (offset / deviation) ** 2)

    rows, columns = (profile(*axis) for axis in zip(size, center, sigma, strict=True))
    return torch.outer(rows, columns).float()


def label_map(
    geometry: PatchGeometry, params: Parameters, row: float, column: float
) -> torch.Tensor:
    """Regression target y of an object at response cell (row, column) (section 5.1)."""
    sigma = params.label_sigma * geometry.filter_h, params.label_sigma * geometry.filter_w
    return gaussian_map(geometry.response_size, (row, column), sigma)


def motion_map(geometry: PatchGeometry, params: Parameters) -> torch.Tensor:
    """Weight of each place before it is seen: near the last position, the patch's centre.

    The deviation is the same number of cells in both directions (reference).
    """
    sigma = params.motion_sigma * math.sqrt(params.filter_cells)
    return gaussian_map(geometry.response_size, geometry.center, (sigma, sigma))


def score_of(peak: float, params: Parameters) -> float:
    """Score from 0 to 1 of a detection's peak (ours).

    The peak itself, in 0 to 1; or, where ``score_slope`` is set, the chance that the box is right.
    """
    if params.score_slope == 0:
        return min(1.0, max(0.0, peak))  # a peak below 0: no window resembles the object at all
    # tanh does not overflow
    return 0.5 + 0.5 * math.tanh(params.score_slope * (peak - params.score_even) / 2)


# Below this fraction of the maximum a neighbour says little about the top (ours).
LEAST_NEIGHBOUR = 0.1


def gaussian_top(profile: torch.Tensor, index: int) -> float:
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
