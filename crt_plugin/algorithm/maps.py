"""The two Gaussian maps of section 4, both with peak 1."""

from __future__ import annotations

import torch

from crt_plugin.algorithm.geometry import PatchGeometry


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


def label_map(geometry: PatchGeometry, sigma: float, cell: tuple[float, float]) -> torch.Tensor:
    """Regression target y of an object at a response cell (row, column) (section 5.1).

    Args:
        sigma: standard deviation, in filter sizes.
    """
    deviation = sigma * geometry.filter_h, sigma * geometry.filter_w
    return gaussian_map(geometry.response_size, cell, deviation)


def motion_map(geometry: PatchGeometry, sigma: float) -> torch.Tensor:
    """Weight of each place before it is seen: near the last position, the patch's centre.

    Args:
        sigma: standard deviation in both directions, cells (reference).
    """
    return gaussian_map(geometry.response_size, geometry.center, (sigma, sigma))
