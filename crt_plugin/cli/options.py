"""What several commands read from their options."""

from __future__ import annotations

import numpy as np

from crt_plugin.algorithm.geometry import Box
from crt_plugin.errors import BoxError

EXPECTED_BOX = (
    "X,Y,W,H: four numbers with commas between, the top left corner from 0 and the size, in pixels"
)


def split(text: str) -> list[str]:
    """The parts of a text with commas between."""
    return [part for part in (part.strip() for part in text.split(",")) if part]


def parse_box(text: str) -> Box:
    """A box from the text ``X,Y,W,H``.

    Raises:
        BoxError: not four finite numbers.
    """
    try:
        box = np.array([float(part) for part in text.split(",")])
    except ValueError:
        box = np.empty(0)
    if box.shape != (4,) or not np.isfinite(box).all():
        raise BoxError(f"--box {text!r} is not a box; expected {EXPECTED_BOX}")
    return box
