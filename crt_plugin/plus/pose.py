"""Place, size and in-plane angle of an object, and patches that are rotated with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crt_plugin.algorithm.geometry import (
    Box,
    PatchGeometry,
    find_center,
    map_to_frame,
    scale_box,
    warp_patches,
)


def rotation_matrix(angle: float) -> NDArray[np.float64]:
    """Matrix that rotates (x, y) by ``angle``, radians, clockwise on the screen."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s], [s, c]])


@dataclass(frozen=True)
class Pose:
    """Place, size and in-plane angle of an object.

    Attributes:
        upright: the object's box without its rotation, around its present centre.
        angle: radians, clockwise on the screen.
    """

    upright: Box
    angle: float = 0.0

    @property
    def box(self) -> Box:
        """Upright box around the ellipse that is inscribed in the rotated box.

        The corners of a rotated box are mostly background; the ellipse is the object. After a
        quarter turn width and height are swapped.
        """
        if self.angle == 0:
            return self.upright
        w, h = self.upright[2:]
        c, s = math.cos(self.angle), math.sin(self.angle)
        size = np.array([math.hypot(w * c, h * s), math.hypot(w * s, h * c)])
        return np.concatenate([find_center(self.upright) - size / 2, size])

    def scale(self, factor: float) -> Pose:
        """The size times ``factor``."""
        return Pose(scale_box(self.upright, factor), self.angle)

    def rotate(self, angle: float) -> Pose:
        """The angle plus ``angle``, radians."""
        return Pose(self.upright, self.angle + angle)

    def move_to(self, box: Box) -> Pose:
        """The pose of ``box``, which is given in the rotated patch around this pose."""
        if self.angle == 0:
            return Pose(box)
        offset = rotation_matrix(self.angle) @ (find_center(box) - find_center(self.upright))
        return self._around(find_center(self.upright) + offset, box[2:])

    def place_box(self, box: Box) -> Pose:
        """Moved so that its box is ``box``, which has the size of the present one."""
        return Pose(box) if self.angle == 0 else self._around(find_center(box), self.upright[2:])

    def _around(self, middle: NDArray[np.float64], size: NDArray[np.float64]) -> Pose:
        return Pose(np.concatenate([middle - size / 2, size]), self.angle)


def cut_posed_patches(
    frame: NDArray[np.uint8], poses: Sequence[Pose], geometry: PatchGeometry
) -> NDArray[np.uint8]:
    """A patch around each pose, rotated with it: N x height x width x 3, uint8."""
    size = geometry.input_size
    maps = []
    for pose in poses:
        rect = geometry.patch_rect(pose.upright)
        maps.append(_rotate_map(map_to_frame(rect, size), rect, pose.angle))
    return warp_patches(frame, maps, size)


def _rotate_map(to_frame: NDArray[np.float64], rect: Box, angle: float) -> NDArray[np.float64]:
    """The map of a patch rotated by ``angle`` around its centre."""
    if angle == 0:
        return to_frame
    x, y, w, h = rect
    middle = np.array([x + w / 2 - 0.5, y + h / 2 - 0.5])
    to_frame[:, 2] -= middle
    to_frame = rotation_matrix(angle) @ to_frame
    to_frame[:, 2] += middle
    return to_frame
