"""Where OTB's robustness protocols start a tracker: beside the first box, and in later frames.

Wu, Lim, Yang, "Online Object Tracking: A Benchmark", CVPR 2013, and PAMI 2015. Boxes are
(x, y, w, h) in px, counted from 1 as OTB's files are; frames are counted from 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crt_plugin.formats.boxes import Boxes

# Where the left, top, right and bottom edges go, in tenths of the object's width and height, to the
# right and down. A centre shift moves the box; a corner shift moves one corner outwards, and the
# opposite one stays, as in the benchmark's toolkit; a scaling keeps the centre.
SPATIAL = {
    "left": (-1, 0, -1, 0),
    "right": (1, 0, 1, 0),
    "up": (0, -1, 0, -1),
    "down": (0, 1, 0, 1),
    "top-left": (-1, -1, 0, 0),
    "top-right": (0, -1, 1, 0),
    "bottom-left": (-1, 0, 0, 1),
    "bottom-right": (0, 0, 1, 1),
    "x0.8": (1, 1, -1, -1),
    "x0.9": (0.5, 0.5, -0.5, -0.5),
    "x1.1": (-0.5, -0.5, 0.5, 0.5),
    "x1.2": (-1, -1, 1, 1),
}
LATER = 20  # starts of a sequence under TRE
LEFT = 20  # frames that each of them has at least, the start included
TEMPORAL = tuple(f"{k} of {LATER}" for k in range(1, LATER + 1))
SEPARATOR = "@"  # no target of OTB has it in its name, and file names may


@dataclass(frozen=True)
class Start:
    """One run of a tracker on a target.

    Attributes:
        target: the host's name of the sequence.
        kind: a key of ``SPATIAL``, or one of ``TEMPORAL``.
        label: what tells it from the target's other starts, in names of files.
        frame: that it begins with.
        box: that the tracker is given there, (x, y, w, h), px, counted from 1.
    """

    target: str
    kind: str
    label: str
    frame: int
    box: Boxes

    @property
    def name(self) -> str:
        """For example ``Deer@left`` or ``Deer@f0042``."""
        return f"{self.target}{SEPARATOR}{self.label}"


def spatial_boxes(box: Boxes, width: int, height: int) -> dict[str, Boxes]:
    """SRE's 12 first boxes, under the keys of ``SPATIAL``.

    Fractions of a pixel are kept (ours; the toolkit rounds, so that a small object is shifted by
    more than the paper's 10 %). What is outside the frame is cut off (at the left and top the
    toolkit pushes the box back instead).

    Args:
        box: the annotation, (x, y, w, h), px, counted from 1.
        width, height: of the frame, px.
    """
    end = np.array([width, height, width, height]) + 1.0
    boxes = {}
    for kind in SPATIAL:
        corners = np.clip(_move_corners(box, kind), 1.0, end)
        boxes[kind] = np.concatenate([corners[:2], corners[2:] - corners[:2]])
    return boxes


def move_boxes(boxes: Boxes, kind: str) -> Boxes:
    """Boxes moved or scaled as a start of SRE is, N x 4, not cut at the frame's border."""
    corners = _move_corners(boxes, kind)
    return np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)


def _move_corners(boxes: Boxes, kind: str) -> Boxes:
    """Left, top, right and bottom edges of boxes, ... x 4, moved as a start of SRE is."""
    first, size = boxes[..., :2], boxes[..., 2:]
    edges = np.concatenate([first, first + size], axis=-1)
    return edges + np.concatenate([size, size], axis=-1) * SPATIAL[kind] / 10


def temporal_frames(usable: NDArray[np.bool_]) -> dict[str, int]:
    """TRE's starts: frames under the names in ``TEMPORAL``, the first of them 0.

    They are evenly spaced over the usable frames that leave ``LEFT`` or more. Where those are fewer
    than ``LATER``, each is a start, under the name of its place.

    Args:
        usable: N, whether a tracker can be started in each frame.
    """
    can = usable.copy()
    can[0] = True
    can[max(1, len(can) - LEFT + 1) :] = False
    frames = np.flatnonzero(can)
    # the toolkit's spacing: steps of count / 19, and the last frame that leaves enough
    picks = np.minimum(np.arange(LATER) * len(frames) // (LATER - 1), len(frames) - 1)
    picks, places = np.unique(picks, return_index=True)
    return {TEMPORAL[k]: int(frames[i]) for k, i in zip(places, picks, strict=True)}
