"""Geometry of the patch, and cutting patches from frames (section 4; docs/conventions.md).

Four coordinate systems, all continuous, all with the origin at the top-left corner:

    frame px      pixel (row i, column j) is the unit square [j, j + 1) x [i, i + 1)
    input px      of the resized patch, the same convention
    cells         of the feature map; one cell is stride x stride input px
    response      cell (i, j) is the window of filter_h x filter_w cells with top-left cell (i, j)

Boxes and rectangles are (x, y, w, h); indices and sizes of maps are (row, column).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from crt_plugin.parameters import Parameters

Box = NDArray[np.float64]


@dataclass(frozen=True)
class PatchGeometry:
    """Sizes of the patch of one object; constant through a sequence.

    Attributes:
        filter_h, filter_w: kh x kw, the object in cells (section 3.1: the receptive field
            has the size of the object).
        cells: feature map, rows x columns.
        stride: input px per cell.
    """

    filter_h: int
    filter_w: int
    cells: tuple[int, int]
    stride: int

    @classmethod
    def of_object(cls, w: float, h: float, params: Parameters, stride: int) -> PatchGeometry:
        """Geometry for an object of w x h frame px: about ``filter_cells`` cells (reference)."""
        aspect = h / w
        filter_w = max(1, round(math.sqrt(params.filter_cells / aspect)))
        filter_h = max(1, round(aspect * filter_w))
        cells = params.patch_height * filter_h, params.patch_width * filter_w
        return cls(filter_h, filter_w, cells, stride)

    def with_margin(self, margin: int) -> PatchGeometry:
        """The same filter on a patch with ``margin`` cells around the object (ours)."""
        return replace(self, cells=(self.filter_h + 2 * margin, self.filter_w + 2 * margin))

    @property
    def relative_size(self) -> tuple[float, float]:
        """Patch, height x width, in object sizes."""
        return self.cells[0] / self.filter_h, self.cells[1] / self.filter_w

    @property
    def input_size(self) -> tuple[int, int]:
        """Resized patch, rows x columns of input px."""
        rows, columns = self.cells
        return rows * self.stride, columns * self.stride

    @property
    def response_size(self) -> tuple[int, int]:
        """Response map, rows x columns: one value for each window; always odd here."""
        rows, columns = self.cells
        return rows - self.filter_h + 1, columns - self.filter_w + 1

    @property
    def center(self) -> tuple[int, int]:
        """Response cell of the window in the middle of the patch."""
        rows, columns = self.response_size
        return rows // 2, columns // 2

    def patch_rect(self, box: Box) -> Box:
        """Patch around an object: the same centre, ``relative_size`` times its size."""
        x, y, w, h = box
        height, width = self.relative_size
        pw, ph = width * w, height * h
        return np.array([x + (w - pw) / 2, y + (h - ph) / 2, pw, ph])

    def box_at(self, patch_rect: Box, row: float, column: float) -> Box:
        """Object's box, frame px, where the response peaks at (row, column)."""
        x, y, pw, ph = patch_rect
        rows, columns = self.cells
        height, width = self.relative_size
        w, h = pw / width, ph / height
        return np.array([x + column * pw / columns, y + row * ph / rows, w, h])

    def response_at(self, patch_rect: Box, box: Box) -> tuple[float, float]:
        """Response coordinates (row, column) of a box; inverse of ``box_at``."""
        x, y, pw, ph = patch_rect
        rows, columns = self.cells
        return (box[1] - y) * rows / ph, (box[0] - x) * columns / pw


def scaled(box: Box, factor: float) -> Box:
    """The box with its size times ``factor`` around the same centre."""
    x, y, w, h = box
    return np.array([x + w * (1 - factor) / 2, y + h * (1 - factor) / 2, w * factor, h * factor])


def cut_patches(
    frame: NDArray[np.uint8], rects: Sequence[Box], height: int, width: int
) -> NDArray[np.uint8]:
    """Cut rectangles from a frame and resize each to height x width.

    Bilinear between pixel centres, the frame's border replicated outside (reference). The
    rectangles keep their fractions of a pixel; the reference rounds them (ours).

    Args:
        frame: H x W x 3, uint8.
        rects: N rectangles (x, y, w, h), frame px.

    Returns:
        N x height x width x 3, uint8.
    """
    patches = np.empty((len(rects), height, width, 3), np.uint8)
    for patch, (x, y, w, h) in zip(patches, rects, strict=True):
        sx, sy = w / width, h / height
        # Centre of output pixel u lies at x + sx (u + 1/2); OpenCV counts from pixel centres.
        to_frame = np.array([[sx, 0, x + sx / 2 - 0.5], [0, sy, y + sy / 2 - 0.5]])
        cv2.warpAffine(
            frame,
            to_frame,
            (width, height),
            dst=patch,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return patches
