"""dlib's tracker under got10k's interface."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import MissingExtraError, ParameterError
from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.hosts.got10k.toolkit import Tracker


class DlibTracker(Tracker):
    """dlib's correlation tracker (Danelljan et al., BMVC 2014).

    Its rectangles name the first and the last pixel, counted from 0: w = right - left + 1.

    Raises:
        ParameterError: a name that is not "correlation", the only one.
        MissingExtraError: dlib is not installed.
    """

    def __init__(self, name: str = "correlation") -> None:
        super().__init__(name="dlib-correlation", is_deterministic=True)
        if name != "correlation":
            raise ParameterError(f"no tracker dlib:{name}; expected dlib:correlation")
        if missing := missing_dlib():
            raise MissingExtraError(f"dlib:correlation cannot run here: {missing}")
        self._dlib = importlib.import_module("dlib")

    def init(self, image: Any, box: NDArray[np.float64]) -> None:
        """Start with a box, (x, y, w, h), 1-based."""
        x, y, w, h = (np.asarray(box, dtype=float) - FIRST_PIXEL).tolist()
        self._tracker = self._dlib.correlation_tracker()
        rectangle = self._dlib.drectangle(x, y, x + w - 1, y + h - 1)
        self._tracker.start_track(np.asarray(image), rectangle)

    def update(self, image: Any) -> NDArray[np.float64]:
        """Box of the next frame, (x, y, w, h), 1-based."""
        self._tracker.update(np.asarray(image))
        at = self._tracker.get_position()
        return np.array([at.left(), at.top(), at.width(), at.height()]) + FIRST_PIXEL


def missing_dlib() -> str:
    """What to install so that dlib can run here, "" if nothing."""
    if importlib.util.find_spec("dlib"):
        return ""
    return "the package dlib-bin brings it: pip install dlib-bin"
