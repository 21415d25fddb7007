"""Search of the whole frame for a lost object; the regression runs on any real window."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from crt_plugin.algorithm.geometry import Box, PatchGeometry, find_center


def cover_frame(
    geometry: PatchGeometry, frame_size: tuple[int, int], box: Box, most: int
) -> tuple[PatchGeometry, Box]:
    """The same filter on a patch over the whole frame, for an object of the box's size.

    If that takes more than ``most`` cells, the patch covers a part of the frame around the box
    that has the frame's shape.

    Args:
        frame_size: rows x columns, px.

    Returns:
        The geometry, and the box whose ``patch_rect`` is that patch.
    """
    size = np.array(frame_size[::-1], dtype=float)
    cell = box[2:] / (geometry.filter_w, geometry.filter_h)  # px
    whole = size / cell
    seen = whole * min(1.0, math.sqrt(most / whole.prod()))
    # A window is centred in each cell that is seen; those at the border reach outside.
    columns, rows = (int(n) for n in np.maximum(np.ceil(seen), 1))
    cells = rows + geometry.filter_h - 1, columns + geometry.filter_w - 1
    half = np.minimum(seen, whole) * cell / 2
    middle = np.clip(find_center(box), half, size - half)
    return replace(geometry, cells=cells), np.concatenate([middle - box[2:] / 2, box[2:]])
