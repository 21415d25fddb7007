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

from crt_plugin.errors import BoxError
from crt_plugin.parameters import Parameters

Box = NDArray[np.float64]

LARGEST_INPUT_SIDE = 32766  # px; OpenCV 4 cuts no larger patch
# Longer side of an object against the shorter. One cell across, such a one has four times the
# cells of others, and costs 16 times their time and memory; both grow with the square (ours).
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
    def of_object(cls, w: float, h: float, params: Parameters, stride: int) -> PatchGeometry:
        """Geometry for an object of w x h frame px: about ``filter_cells`` cells (reference).

        Raises:
            BoxError: an object thinner than ``THINNEST``, or whose patch is larger than
                ``LARGEST_INPUT_SIDE``.
        """
        aspect = h / w
        if not 1 / THINNEST <= aspect <= THINNEST:
            raise BoxError(
                f"box of {w:g} x {h:g} px (width x height) is too thin; expected one side up to "
                f"{THINNEST} times the other"
            )
        filter_w = max(1, round(math.sqrt(params.filter_cells / aspect)))
        filter_h = max(1, round(aspect * filter_w))
        cells = params.patch_height * filter_h, params.patch_width * filter_w
        if max(cells) * stride > LARGEST_INPUT_SIDE:
            rows, columns = (n * stride for n in cells)
            raise BoxError(
                f"box of {w:g} x {h:g} px (width x height) with filter_cells = "
                f"{params.filter_cells:g} and cells of {stride} px needs a patch of {rows} x "
                f"{columns} px; expected up to {LARGEST_INPUT_SIDE} px a side"
            )
        return cls(filter_h, filter_w, cells, stride)

    def with_margin(self, margin: int) -> PatchGeometry:
        """The same filter on a patch with ``margin`` cells around the object (ours)."""
        return replace(self, cells=(self.filter_h + 2 * margin, self.filter_w + 2 * margin))

    def searching(
        self, frame_size: tuple[int, int], box: Box, most: int
    ) -> tuple[PatchGeometry, Box]:
        """The same filter on a patch over the whole frame, for an object of the box's size (ours).

        Where that takes more than ``most`` cells, the patch shows what is around the box, in the
        shape of the frame and inside of it.

        Args:
            frame_size: rows x columns, px.

        Returns:
            The geometry, and the box whose ``patch_rect`` is that patch.
        """
        size = np.array(frame_size[::-1], dtype=float)
        cell = box[2:] / (self.filter_w, self.filter_h)  # px
        whole = size / cell
        seen = whole * min(1.0, math.sqrt(most / whole.prod()))
        # A window is centred in each cell that is seen; those at the border reach outside.
        columns, rows = (int(n) for n in np.maximum(np.ceil(seen), 1))
        cells = rows + self.filter_h - 1, columns + self.filter_w - 1
        half = np.minimum(seen, whole) * cell / 2
        middle = np.clip(center(box), half, size - half)
        return replace(self, cells=cells), np.concatenate([middle - box[2:] / 2, box[2:]])

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


def center(box: Box) -> NDArray[np.float64]:
    """Centre (x, y) of a box."""
    return box[:2] + box[2:] / 2


def rotation(angle: float) -> NDArray[np.float64]:
    """Matrix that turns (x, y) by ``angle``, radians, clockwise on the screen."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s], [s, c]])


@dataclass(frozen=True)
class Pose:
    """Place, size and in-plane angle of an object (the angle is ours).

    Attributes:
        upright: the object's box before it turned, around the centre that it has now.
        angle: radians, clockwise on the screen.
    """

    upright: Box
    angle: float = 0.0

    @property
    def box(self) -> Box:
        """Upright box about the ellipse that the object's own box holds.

        The corners of a turned box are mostly background; the ellipse is the object. After a
        quarter turn width and height have changed places.
        """
        if self.angle == 0:
            return self.upright
        w, h = self.upright[2:]
        c, s = math.cos(self.angle), math.sin(self.angle)
        size = np.array([math.hypot(w * c, h * s), math.hypot(w * s, h * c)])
        return np.concatenate([center(self.upright) - size / 2, size])

    def scaled(self, factor: float) -> Pose:
        """The size times ``factor``."""
        return Pose(scaled(self.upright, factor), self.angle)

    def turned(self, angle: float) -> Pose:
        """Turned by ``angle`` more."""
        return Pose(self.upright, self.angle + angle)

    def moved_to(self, box: Box) -> Pose:
        """Where ``box`` lies, given in a patch around this pose that is turned as it is."""
        if self.angle == 0:
            return Pose(box)
        offset = rotation(self.angle) @ (center(box) - center(self.upright))
        return self._around(center(self.upright) + offset, box[2:])

    def with_box(self, box: Box) -> Pose:
        """Moved so that ``box``, of the same size as its own, is its box."""
        return Pose(box) if self.angle == 0 else self._around(center(box), self.upright[2:])

    def _around(self, middle: NDArray[np.float64], size: NDArray[np.float64]) -> Pose:
        return Pose(np.concatenate([middle - size / 2, size]), self.angle)


def cut_patches(
    frame: NDArray[np.uint8],
    rects: Sequence[Box],
    height: int,
    width: int,
    angles: Sequence[float] | None = None,
) -> NDArray[np.uint8]:
    """Cut rectangles from a frame and resize each to height x width.

    Bilinear between pixel centres, the frame's border replicated outside (reference). The
    rectangles keep their fractions of a pixel; the reference rounds them (ours).

    Args:
        frame: H x W x 3, uint8.
        rects: N rectangles (x, y, w, h), frame px.
        angles: N angles by which they are turned around their centres, radians, clockwise on
            the screen; upright without them.

    Returns:
        N x height x width x 3, uint8.
    """
    patches = np.empty((len(rects), height, width, 3), np.uint8)
    turns = [0.0] * len(rects) if angles is None else angles
    for patch, rect, angle in zip(patches, rects, turns, strict=True):
        x, y, w, h = rect
        sx, sy = w / width, h / height
        # Centre of output pixel u lies at x + sx (u + 1/2); OpenCV counts from pixel centres.
        to_frame = np.array([[sx, 0, x + sx / 2 - 0.5], [0, sy, y + sy / 2 - 0.5]])
        if angle:
            middle = np.array([x + w / 2 - 0.5, y + h / 2 - 0.5])
            to_frame[:, 2] -= middle
            to_frame = rotation(angle) @ to_frame
            to_frame[:, 2] += middle
        cv2.warpAffine(
            frame,
            to_frame,
            (width, height),
            dst=patch,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return patches
