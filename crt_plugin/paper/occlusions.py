"""Where a target is hidden: the frame in which most published trackers lose it (ours).

The paper shows one occlusion and does not say how it was chosen. A rule that no result of CRT takes
part in gives one for each target where there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAMES = 10  # before and after
ON, OFF = 0.5, 0.2  # mean IoU over them
LEAST = 3  # trackers


@dataclass(frozen=True)
class Loss:
    """Where trackers lose a target.

    Attributes:
        frame: the first without it, counted from 0.
        trackers: how many lose it there.
    """

    frame: int
    trackers: int


def find_loss(overlaps: Sequence[NDArray[np.float64]]) -> Loss | None:
    """The frame in which most trackers lose a target.

    A tracker loses it in a frame if its mean IoU is above ``ON`` in the ``FRAMES`` frames before,
    and below ``OFF`` in as many from there on. Of frames with as many trackers it is the one where
    their IoU falls most, the first of several.

    Args:
        overlaps: IoU with the annotation of each tracker, N each; NaN where there is none.

    Returns:
        None if fewer than ``LEAST`` trackers lose it in any one frame.
    """
    if not overlaps or len(overlaps[0]) < 2 * FRAMES:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(np.stack(overlaps), FRAMES, axis=1)
    counts = np.isfinite(windows).sum(axis=2)
    with np.errstate(invalid="ignore"):
        means = np.nansum(windows, axis=2) / counts  # of FRAMES frames from each, NaN without one
    before, after = means[:, :-FRAMES], means[:, FRAMES:]
    lost = (before > ON) & (after < OFF)
    trackers = lost.sum(axis=0)
    falls = np.where(lost, before - after, 0.0).sum(axis=0)
    frame = max(range(len(trackers)), key=lambda t: (trackers[t], falls[t]))
    return Loss(frame + FRAMES, int(trackers[frame])) if trackers[frame] >= LEAST else None
