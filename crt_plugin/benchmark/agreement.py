"""Agreement of a run's boxes with an annotation, beside its frames and its speed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crt_plugin.algorithm.geometry import Box
from crt_plugin.media.annotations import Annotation
from crt_plugin.media.loop import Step

PRECISION_PIXELS = 20.0  # OTB's threshold of the centre's error


@dataclass(frozen=True)
class Comparison:
    """Agreement of boxes with an annotation, without the frame that the tracker was given.

    Attributes:
        frames: how many annotated frames were compared.
        mean_iou: mean intersection over union.
        precision: fraction of the frames whose centre is off by ``PRECISION_PIXELS`` at most.
    """

    frames: int
    mean_iou: float
    precision: float


def compare(boxes: Mapping[int, Box], truth: Annotation) -> Comparison | None:
    """Compare boxes of frames with their annotation; None where no frame has both."""
    frames = [frame for frame in boxes if frame in truth]
    if not frames:
        return None
    from crt_plugin.hosts.got10k.toolkit import center_error, rect_iou  # matplotlib comes with them

    ours = np.array([boxes[frame] for frame in frames])
    theirs = np.array([truth[frame] for frame in frames])
    near = center_error(ours, theirs) <= PRECISION_PIXELS
    return Comparison(len(frames), float(rect_iou(ours, theirs).mean()), float(near.mean()))


class RunSummary:
    """Sink that counts, and keeps the boxes of the annotated frames.

    Attributes:
        frames: tracked so far, the first included.
        lost: how many of them were marked as lost.
    """

    def __init__(self, truth: Annotation, repeated: int = 0) -> None:
        """Compare with ``truth`` in the end.

        Args:
            truth: may be empty.
            repeated: steps at the beginning that an earlier run tracked, and that took no time.
        """
        self._untimed = max(1, repeated)  # the first one is training
        self.frames = self.lost = 0
        self._truth = truth
        self._boxes: dict[int, Box] = {}
        self._update_seconds = 0.0

    def write(self, step: Step) -> None:
        """Count one frame. The first one's box was given, so it is not compared."""
        self.frames += 1
        self.lost += step.is_lost
        if self.frames == 1:
            return
        if self.frames > self._untimed:
            self._update_seconds += step.seconds
        if step.index in self._truth:
            self._boxes[step.index] = step.box

    def close(self) -> None:
        """Nothing is open."""

    @property
    def fps(self) -> float | None:
        """Updates per second of the tracker alone, without training, reading and writing."""
        timed = self.frames - self._untimed
        return timed / self._update_seconds if self._update_seconds else None

    @property
    def comparison(self) -> Comparison | None:
        """Agreement with the annotation; None where nothing could be compared."""
        return compare(self._boxes, self._truth)
