"""Agreement of a run's boxes with an annotation, beside its frames and its speed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crt_plugin.algorithm.geometry import Box
from crt_plugin.media.annotations import Annotation, Annotations
from crt_plugin.media.loop import Step
from crt_plugin.media.starts import Id

PRECISION_PIXELS = 20.0  # OTB's threshold of the centre's error


@dataclass(frozen=True)
class Comparison:
    """Agreement of boxes with an annotation, without those that the tracker was given.

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
        lost: by object, how many of them were marked as lost.
    """

    def __init__(self, annotations: Annotations, repeated: int = 0) -> None:
        """Compare with ``annotations`` in the end.

        Args:
            annotations: by the ids of the objects; may be empty.
            repeated: steps at the beginning that an earlier run tracked, and that took no time.
        """
        self._repeated, self._timed = repeated, 0
        self.frames = 0
        self.lost: dict[Id, int] = {}
        self._annotations = annotations
        self._boxes: dict[Id, dict[int, Box]] = {}
        self._update_seconds = 0.0

    def write(self, step: Step) -> None:
        """Count one frame. Boxes that were given are not compared."""
        self.frames += 1
        is_trained = any(found.is_given for found in step.objects)
        if step.objects and not is_trained and self.frames > self._repeated:
            self._timed += 1
            self._update_seconds += step.seconds
        for found in step.objects:
            self.lost[found.id] = self.lost.get(found.id, 0) + found.is_lost
            is_annotated = step.frame.index in self._annotations.get(found.id, {})
            if is_annotated and not found.is_given:
                self._boxes.setdefault(found.id, {})[step.frame.index] = found.box

    def close(self) -> None:
        """Nothing is open."""

    @property
    def fps(self) -> float | None:
        """Updates of all objects per second, without training, reading and writing."""
        return self._timed / self._update_seconds if self._update_seconds else None

    @property
    def comparisons(self) -> dict[Id, Comparison]:
        """Agreement with the annotation, of the objects of which anything could be compared."""
        found = {id: compare(boxes, self._annotations[id]) for id, boxes in self._boxes.items()}
        return {id: comparison for id, comparison in found.items() if comparison is not None}
