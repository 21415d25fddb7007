"""Frames that differ by what no eye sees, to tell how much of a result is chance (ours)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def add_noise(
    frame: NDArray[np.uint8], fraction: float, seed: int, index: int
) -> NDArray[np.uint8]:
    """A frame with some of its pixels one level of 255 lighter in each channel.

    A tracker whose seed plays no part has one result on one machine, and another on the next,
    where sums are rounded otherwise. With noise of several seeds it shows that spread on one.

    Args:
        frame: H x W x 3, uint8; it stays as it is.
        fraction: of the pixels, 0 to 1, drawn anew in each frame.
        seed: of the run.
        index: of the frame; the same seed and index draw the same pixels.
    """
    drawn = np.random.default_rng((seed, index)).random(frame.shape[:2]) < fraction
    return frame + (drawn[:, :, None] & (frame < 255))
