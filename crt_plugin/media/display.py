"""A display window that shows tracking as it runs, and in which a box can be drawn."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import cv2
import numpy as np

from crt_plugin.algorithm.geometry import Box
from crt_plugin.errors import BoxError, CRTError
from crt_plugin.media.annotations import Annotations, boxes_at
from crt_plugin.media.drawing import annotate
from crt_plugin.media.frame import Picture
from crt_plugin.media.loop import Step

TITLE = "crt: q or Esc ends"
STOP_KEYS = (27, ord("q"))
PROBE = "import cv2; cv2.namedWindow('crt'); cv2.destroyAllWindows()"


def require_display() -> None:
    """Check that OpenCV can open a window here.

    Raises:
        CRTError: no display, or an OpenCV without windows.
    """
    if re.search(r"^\s*GUI:\s*NONE", cv2.getBuildInformation(), re.MULTILINE):
        raise CRTError(
            "--show needs an OpenCV with windows, and this one has none: "
            "pip uninstall opencv-python-headless; pip install --force-reinstall opencv-python"
        )
    has_address = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not has_address:
        raise CRTError(
            "--show needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set; "
            "leave --show out and give the object with --box"
        )
    # If the display cannot be reached, the GUI library of OpenCV aborts the whole process.
    probe = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, check=False)
    if probe.returncode != 0:
        raise CRTError(
            "--show cannot open a window on this display; "
            "leave --show out and give the object with --box"
        )


def select_boxes(frame: Picture) -> list[Box]:
    """Let the user draw the objects' boxes with the mouse on the first frame, RGB.

    Raises:
        BoxError: the user drew none.
    """
    title = "crt: draw each object, then Enter or Space; Esc when all are drawn"
    selected = cv2.selectROIs(title, frame[:, :, ::-1].copy(), showCrosshair=False)
    cv2.destroyWindow(title)
    boxes = [np.array(box, dtype=np.float64) for box in selected if min(box[2:]) > 0]
    if not boxes:
        raise BoxError("no box was drawn; expected one of at least 1 px, or --box X,Y,W,H")
    return boxes


class DisplayWindow:
    """Sink that shows annotated frames; q or Esc ends the run."""

    def __init__(self, annotations: Annotations) -> None:
        """The window opens with the first frame."""
        self._annotations = annotations

    def write(self, step: Step) -> bool:
        """Show a frame; True once the user wants to end."""
        picture = annotate(step, boxes_at(self._annotations, step.frame.index))
        cv2.imshow(TITLE, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        return cv2.waitKey(1) & 0xFF in STOP_KEYS

    def close(self) -> None:
        """Close the window."""
        cv2.destroyAllWindows()
