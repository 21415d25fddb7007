"""A frame of a source: its number, its time and its picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # RGB, H x W x 3


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a source.

    Attributes:
        index: in its source, from 0.
        time: s since the first frame of the source.
        picture: RGB, H x W x 3, uint8; nobody may draw on it.
        name: of the file of an image; empty for a frame of a video.
    """

    index: int
    time: float
    picture: Picture
    name: str = ""
