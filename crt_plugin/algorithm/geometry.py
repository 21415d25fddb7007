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
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import BoxError

Box = NDArray[np.float64]

LARGEST_INPUT_SIDE = 32766  # px; OpenCV 4 cuts no larger patch
# Longer side of an object against the shorter. The thinnest object is one cell wide, has four times
# the cells of others, and costs 16 times their time and memory (ours).
THINNEST = 400


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
    def of_object(
        cls,
        size: tuple[float, float],
        *,
        filter_cells: float,
        patch_size: tuple[int, int],
        stride: int,
    ) -> PatchGeometry:
        """Geometry for an object: about ``filter_cells`` cells whatever its size (reference).

        Args:
            size: of the object, w x h frame px.
            patch_size: height x width of the patch, in object sizes.
            stride: input px per cell.

        Raises:
            BoxError: an object thinner than ``THINNEST``, or whose patch is larger than
                ``LARGEST_INPUT_SIDE``.
        """
        w, h = size
        aspect = h / w
        if not 1 / THINNEST <= aspect <= THINNEST:
            raise BoxError(
                f"box of {w:g} x {h:g} px (width x height) is too thin; expected one side up to "
                f"{THINNEST} times the other"
            )
        filter_w = max(1, round(math.sqrt(filter_cells / aspect)))
        filter_h = max(1, round(aspect * filter_w))
        cells = patch_size[0] * filter_h, patch_size[1] * filter_w
        if max(cells) * stride > LARGEST_INPUT_SIDE:
            rows, columns = (n * stride for n in cells)
            raise BoxError(
                f"box of {w:g} x {h:g} px (width x height) with filter_cells = "
                f"{filter_cells:g} and cells of {stride} px needs a patch of {rows} x "
                f"{columns} px; expected up to {LARGEST_INPUT_SIDE} px a side"
            )
        return cls(filter_h, filter_w, cells, stride)

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


def scale_box(box: Box, factor: float) -> Box:
    """The box with its size times ``factor`` around the same centre."""
    x, y, w, h = box
    return np.array([x + w * (1 - factor) / 2, y + h * (1 - factor) / 2, w * factor, h * factor])


def find_center(box: Box) -> NDArray[np.float64]:
    """Centre (x, y) of a box."""
    return box[:2] + box[2:] / 2


def cut_patches(
    frame: NDArray[np.uint8], rects: Sequence[Box], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Cut rectangles from a frame and resize each.

    Bilinear between pixel centres, the frame's border replicated outside (reference). The
    rectangles keep their fractions of a pixel; the reference rounds them (ours).

    Args:
        frame: H x W x 3, uint8.
        rects: N rectangles (x, y, w, h), frame px.
        size: of the patches, height x width, input px.

    Returns:
        N x height x width x 3, uint8.
    """
    return warp_patches(frame, [map_to_frame(rect, size) for rect in rects], size)


def map_to_frame(rect: Box, size: tuple[int, int]) -> NDArray[np.float64]:
    """Affine map, 2 x 3, from the pixel centres of a patch of ``rect`` to those of the frame."""
    x, y, w, h = rect
    height, width = size
    sx, sy = w / width, h / height
    # Centre of output pixel u lies at x + sx (u + 1/2); OpenCV counts from pixel centres.
    return np.array([[sx, 0, x + sx / 2 - 0.5], [0, sy, y + sy / 2 - 0.5]])


def warp_patches(
    frame: NDArray[np.uint8], maps: Sequence[NDArray[np.float64]], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Patches of a frame through maps as of ``map_to_frame``, see ``cut_patches``."""
    patches = np.empty((len(maps), *size, 3), np.uint8)
    for patch, to_frame in zip(patches, maps, strict=True):
        cv2.warpAffine(
            frame,
            to_frame,
            size[::-1],
            dst=patch,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return patches
