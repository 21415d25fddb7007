"""CRT as a tracker of the got10k toolkit."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.hosts.got10k.toolkit import Tracker
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.plus.tracker import CRTTracker, PosedDetection
from crt_plugin.runtime.prefetch import prefetch


class Recorder(Protocol):
    """Keeps more of a sequence than its boxes."""

    def begin(self, tracker: CRTTracker) -> None:
        """Start a sequence, whose first frame ``tracker`` has just learned."""

    def add(self, detection: PosedDetection) -> None:
        """Keep the detection of a later frame."""


class GOT10kTracker(Tracker):
    """CRT with a parameter file, under got10k's interface.

    Args:
        parameters: name or path of a parameter file, or settings.
        name: name of the results; without it ``CRT-<file>``, or ``CRT`` for settings.
        **changes: single settings that differ.

    Attributes:
        tracker: the ``CRTTracker``.
        parameters: its settings, kept beside the results.
        recorder: gets each detection; None at first.
        confidences: (peak, score) of each frame of the last sequence.
    """

    def __init__(
        self,
        parameters: str | Path | Parameters = "default",
        name: str | None = None,
        **changes: Any,
    ) -> None:
        if isinstance(parameters, Parameters):
            loaded, own_name = parameters, "CRT"
        else:
            loaded, own_name = load_parameters(parameters), f"CRT-{Path(parameters).stem}"
        super().__init__(name=name or own_name, is_deterministic=True)
        self.parameters = loaded.copy(**changes)
        self.tracker = CRTTracker(self.parameters)
        self.recorder: Recorder | None = None
        self.confidences: list[tuple[float, float]] = []

    def init(self, image: Any, box: NDArray[np.float64]) -> None:
        """Train on the first frame; ``box`` is (x, y, w, h), 1-based, and is not kept."""
        self.tracker.init(image, box - FIRST_PIXEL)
        self.confidences = [(self.tracker.last.peak, self.tracker.last.score)]
        if self.recorder is not None:
            self.recorder.begin(self.tracker)

    def update(self, image: Any) -> NDArray[np.float64]:
        """Box of the next frame, (x, y, w, h), 1-based."""
        found = self.tracker.update(image) + FIRST_PIXEL
        self.confidences.append((self.tracker.last.peak, self.tracker.last.score))
        if self.recorder is not None:
            self.recorder.add(self.tracker.last)
        return found

    def track(
        self, img_files: Sequence[str], box: NDArray[np.float64], visualize: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Track a whole sequence as got10k's ``track`` does, with frames decoded ahead.

        The times are those of got10k, which count decoding unless an image is converted to RGB.

        Returns:
            Boxes, N x 4, and seconds, N.
        """
        if visualize:
            return super().track(img_files, box, visualize)
        boxes, times = np.zeros((len(img_files), 4)), np.zeros(len(img_files))
        boxes[0] = box
        with contextlib.closing(prefetch(map(_decode, img_files))) as images:
            for f, (image, decoding) in enumerate(images):
                start = time.perf_counter()
                if f == 0:
                    self.init(image, box)
                else:
                    boxes[f] = self.update(image)
                times[f] = decoding + time.perf_counter() - start
        return boxes, times


def _decode(file: str) -> tuple[Image.Image, float]:
    """An image, and the seconds of its decoding that got10k counts."""
    with Image.open(file) as image:
        if image.mode != "RGB":
            return image.convert("RGB"), 0.0
        start = time.perf_counter()
        image.load()
        return image, time.perf_counter() - start
