"""What a run came to: frames, speed, agreement with the annotation."""

from __future__ import annotations

from crt_plugin.algorithm.geometry import Box
from crt_plugin.media.annotations import Annotation, Comparison, compare
from crt_plugin.media.loop import Step


class Record:
    """Sink that counts, and keeps the boxes of the annotated frames.

    Attributes:
        frames: tracked so far, the first included.
        lost: how many of them were marked as lost.
    """

    def __init__(self, truth: Annotation) -> None:
        """Compare with ``truth`` in the end."""
        self.frames = self.lost = 0
        self._truth = truth
        self._boxes: dict[int, Box] = {}
        self._update_seconds = 0.0

    def write(self, step: Step) -> None:
        """Count one frame. The first one's box was given, so it is not compared."""
        self.frames += 1
        self.lost += step.is_lost
        if step.index == 0:
            return
        self._update_seconds += step.seconds
        if step.index in self._truth:
            self._boxes[step.index] = step.box

    def close(self) -> None:
        """Nothing is open."""

    @property
    def fps(self) -> float | None:
        """Updates per second of the tracker alone, without training, reading and writing."""
        return (self.frames - 1) / self._update_seconds if self._update_seconds else None

    @property
    def comparison(self) -> Comparison | None:
        """Agreement with the annotation; None where nothing could be compared."""
        return compare(self._boxes, self._truth)
