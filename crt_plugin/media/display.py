"""A display window that shows tracking as it runs, and in which boxes can be drawn."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from crt_plugin.algorithm.geometry import Box
from crt_plugin.errors import BoxError, CRTError
from crt_plugin.media.annotations import Annotations, boxes_at
from crt_plugin.media.drawing import DARK, LIGHT, annotate, draw_text, text_width
from crt_plugin.media.frame import Picture
from crt_plugin.media.loop import Found, Step
from crt_plugin.media.starts import Id

TITLE = "crt"
LARGEST = (1200, 660)  # px, width and height of the window: a screen of 1280 x 720 holds it
NARROWEST = 600  # px, so that the line of help keeps the window's width
HELP_HEIGHT = 26  # px, of the line below the picture
HELP_TEXT = 11  # px, height of its capitals
DRAW_HELP = "drag a box around {}    Enter: take it    c: cancel"
DRAW_ALL_HELP = "drag a box around each object    Enter: next one    Esc: all are drawn"
SPACE, STOP_KEYS = ord(" "), (27, ord("q"))
PAUSE = 30  # ms between two looks at the keys of a window that is paused
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


class DisplayWindow:
    """Shows annotated frames as they are tracked, and lets the user say where objects are.

    ``revise`` shows a frame and asks; as a sink, the window ends the run when the user does.
    """

    def __init__(self, annotations: Annotations) -> None:
        """The window opens with the first frame."""
        self._annotations = annotations
        self._chosen = 0  # place of the object that the next box is of
        self._is_open = self._is_paused = self._is_ended = False

    def draw_boxes(self, picture: Picture) -> list[Box]:
        """Let the user draw a box around each object with the mouse, RGB.

        Raises:
            BoxError: the user drew none.
        """
        self._open()
        shown, factor = _fit(picture)
        selected = cv2.selectROIs(
            TITLE, _add_line(shown, DRAW_ALL_HELP), showCrosshair=False, printNotice=False
        )
        boxes = [box for box in (_scale_box(each, shown, factor) for each in selected) if box[2]]
        if not boxes:
            raise BoxError("no box was drawn; expected one of at least 1 px, or --box X,Y,W,H")
        return boxes

    def revise(self, step: Step) -> dict[Id, Box]:
        """Show a frame, and take what the user says of it; waits while the window is paused.

        Returns:
            Boxes that were drawn: of objects that begin here, or are learned anew.
        """
        drawn: dict[Id, Box] = {}
        self._open()
        self._show(step)
        while not self._is_ended:
            key = cv2.waitKey(PAUSE if self._is_paused else 1) & 0xFF
            if key in STOP_KEYS or cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1:
                self._is_ended = True
            elif key == SPACE:
                self._is_paused = not self._is_paused
            elif key == ord("n"):
                self._chosen = (self._chosen + 1) % len(step.ids)
            elif key in (ord("b"), ord("a")):
                id = step.ids[self._chosen] if key == ord("b") else _find_new_id(step.ids)
                box = self._draw_box(step, id)
                if box is not None:
                    drawn[id] = box
                    step = _put_box(step, id, box)
                    self._chosen = step.ids.index(id)
            elif not self._is_paused:
                break
            self._show(step)
        return drawn

    def write(self, step: Step) -> bool:
        """True once the user wants to end."""
        return self._is_ended

    def close(self) -> None:
        """Close the window."""
        cv2.destroyAllWindows()

    def _open(self) -> None:
        if not self._is_open:
            # Without the bars of buttons that OpenCV adds.
            cv2.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
            self._is_open = True

    def _show(self, step: Step) -> None:
        shown, _ = _fit(self._annotate(step))
        cv2.imshow(TITLE, _add_line(shown, self._describe_keys(step)))

    def _annotate(self, step: Step) -> Picture:
        return annotate(step, boxes_at(self._annotations, step.frame.index))

    def _describe_keys(self, step: Step) -> str:
        of = ""
        if len(step.ids) > 1:
            of = f" of {step.ids[self._chosen]}    n: next object"
        pause = "go on" if self._is_paused else "pause"
        return f"space: {pause}    b: new box{of}    a: add an object    q: quit"

    def _draw_box(self, step: Step, id: Id) -> Box | None:
        """A box that the user draws with the mouse; None if that is cancelled."""
        shown, factor = _fit(self._annotate(step))
        picture = _add_line(shown, DRAW_HELP.format(f"object {id}"))
        selected = cv2.selectROI(TITLE, picture, showCrosshair=False, printNotice=False)
        box = _scale_box(selected, shown, factor)
        return box if box[2] else None


def _fit(picture: Picture) -> tuple[Picture, float]:
    """The picture, made smaller where the window would not fit the screen, and by which factor."""
    height, width = picture.shape[:2]
    factor = min(1.0, LARGEST[0] / width, (LARGEST[1] - HELP_HEIGHT) / height)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8), factor


def _add_line(picture: Picture, text: str) -> Picture:
    """The picture, BGR, with a line of text below it, and as wide as that at least."""
    height, width = picture.shape[:2]
    widest = max(width, NARROWEST, text_width(text, HELP_TEXT) + 2 * HELP_TEXT)
    canvas = np.full((height + HELP_HEIGHT, widest, 3), DARK, np.uint8)
    canvas[:height, :width] = picture
    draw_text(canvas, text, (HELP_TEXT, height + HELP_HEIGHT - 8), HELP_TEXT, LIGHT)
    return np.ascontiguousarray(canvas[:, :, ::-1])


def _scale_box(selected: Sequence[int], shown: Picture, factor: float) -> Box:
    """A box of the window as one of the frame; without an area outside of the picture."""
    x, y, w, h = (float(value) for value in selected)
    w, h = min(x + w, shown.shape[1]) - x, min(y + h, shown.shape[0]) - y
    return np.array([x, y, w, h]) / factor if min(w, h) > 0 else np.zeros(4)


def _find_new_id(ids: Sequence[Id]) -> int:
    return next(number for number in itertools.count(len(ids) + 1) if number not in ids)


def _put_box(step: Step, id: Id, box: Box) -> Step:
    """The step with the box of an object that begins in it, for the eye."""
    ids = tuple(dict.fromkeys((*step.ids, id)))
    objects = {found.id: found for found in step.objects} | {id: Found(id, box, 1.0)}
    return replace(step, ids=ids, objects=tuple(objects[each] for each in ids if each in objects))
