"""The score of a detection: the probability that its box is right (ours)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from crt_plugin.algorithm.geometry import Box

SHAPE_FRAMES = 120  # of the running mean of the shape's change: 4 s of most videos
STEADY = 0.005  # change of ln(w / h) in a frame that is small
COLOR_FRAMES = 30  # of the running mean of the colours' distance: longer than a crossing
INSIDE = 0.8  # of the box's sides: at its border there is background
MOST_LINES = 64  # rows, and columns, of pixels that the colours are taken from
COLOR_BINS = [4, 16, 16]  # of CIELAB: few of lightness, which light and shade change


def calibrate(peak: float, exponent: float, midpoint: float, doubt: float = 0.0) -> float:
    """Logistic function, 1 / (1 + (midpoint / peak)^exponent e^doubt), from 0 to 1.

    Args:
        peak: of a detection, response units; at 0 and below the score is 0.
        exponent: the odds grow as peak^exponent.
        midpoint: peak at which the score is 0.5 without doubt, > 0.
        doubt: what else speaks against the box, as a logarithm of the odds.
    """
    if not peak > 0:
        return 0.0
    try:
        return 1 / (1 + math.exp(exponent * (math.log(midpoint) - math.log(peak)) + doubt))
    except OverflowError:
        return 0.0


@dataclass
class TrackRecord:
    """What the frames so far say of a box, beside its peak.

    A box that goes over to another object is learned, and the peak is as high as before. But its
    colours are no longer the first frame's; and where the shape of the box has changed much, it was
    often wrong.

    Attributes:
        colors: histogram of the object in the first frame.
        shape_change: running mean of the absolute change of ln(w / h) of the box in a frame.
        color_distance: running mean of the distance of the colours from the first frame's
            (Bhattacharyya, 0 to 1).
    """

    colors: NDArray[np.float32] = field(repr=False)
    shape_change: float = 0.0
    color_distance: float = 0.0

    @classmethod
    def of_object(cls, frame: NDArray[np.uint8], box: Box) -> TrackRecord:
        """At its start. ``frame``: H x W x 3, RGB; ``box``: (x, y, w, h), frame px."""
        return cls(count_colors(frame, box))

    def add(self, frame: NDArray[np.uint8], box: Box, before: Box) -> None:
        """Take one more frame, its box, and the box of the frame before it, frame px."""
        change = abs(math.log(box[2] / box[3]) - math.log(before[2] / before[3]))
        self.shape_change += (change - self.shape_change) / SHAPE_FRAMES
        self.color_distance += (self.compare(frame, box) - self.color_distance) / COLOR_FRAMES

    def compare(self, frame: NDArray[np.uint8], box: Box) -> float:
        """Distance of the colours inside a box from the first frame's, 0 to 1."""
        colors = count_colors(frame, box)
        return float(cv2.compareHist(self.colors, colors, cv2.HISTCMP_BHATTACHARYYA))

    @property
    def evidence(self) -> tuple[float, float]:
        """ln(1 + shape_change / STEADY) and color_distance, whose weights are settings."""
        return math.log1p(self.shape_change / STEADY), self.color_distance


def count_colors(frame: NDArray[np.uint8], box: Box) -> NDArray[np.float32]:
    """Histogram of the colours inside a box, of sum 1; at least one pixel is taken.

    Args:
        frame: H x W x 3, RGB.
        box: (x, y, w, h), frame px, 0-based; it may leave the frame.

    Returns:
        L x a x b of CIELAB, 4 x 16 x 16, float32.
    """
    start = box[:2] + box[2:] * (1 - INSIDE) / 2
    limits = np.array([frame.shape[1], frame.shape[0]])
    x, y = np.clip(np.rint(start).astype(int), 0, limits - 1).tolist()
    right, bottom = np.clip(np.rint(start + box[2:] * INSIDE).astype(int), 0, limits).tolist()
    step_x, step_y = (1 + max(0, side - 1) // MOST_LINES for side in (right - x, bottom - y))
    inside = frame[y : max(y + 1, bottom) : step_y, x : max(x + 1, right) : step_x]
    lab = cv2.cvtColor(np.ascontiguousarray(inside), cv2.COLOR_RGB2LAB)
    counts = cv2.calcHist([lab], [0, 1, 2], None, COLOR_BINS, [0, 256] * 3)
    return np.asarray(counts / counts.sum(), np.float32)
