"""The window, as far as it can be tested without a display."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from crt_plugin.errors import BoxError, CRTError
from crt_plugin.media import display
from tests.helpers.track import step

RED = np.full((60, 80, 3), (250, 10, 20), np.uint8)


@pytest.fixture
def build(monkeypatch):
    """Pretend that OpenCV was built with these windows."""

    def set_up(gui):
        monkeypatch.setattr(
            display.cv2, "getBuildInformation", lambda: f"  A: 1\n  GUI:      {gui}\n  B: 2\n"
        )

    return set_up


def test_headless_opencv_is_named(build):
    build("NONE")
    with pytest.raises(CRTError, match="opencv-python-headless"):
        display.require_display()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have one")
def test_without_a_display_the_message_says_so(build, monkeypatch):
    build("QT5")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(CRTError, match=r"--show needs a display.*leave --show out"):
        display.require_display()


def test_a_display_that_cannot_be_reached_does_not_abort_the_process(build, monkeypatch):
    """OpenCV's toolkit aborts there, so that another process must try."""
    build("QT5")
    monkeypatch.setenv("DISPLAY", ":987")
    monkeypatch.setattr(display, "PROBE", "import os; os.abort()")
    with pytest.raises(CRTError, match="cannot open a window on this display"):
        display.require_display()
    monkeypatch.setattr(display, "PROBE", "pass")
    display.require_display()


@pytest.mark.parametrize(("key", "ends"), [(-1, False), (ord("a"), False), (ord("q"), True)])
def test_frames_are_shown_in_opencvs_order_and_q_ends(monkeypatch, key, ends):
    shown = []
    calls = SimpleNamespace(
        imshow=lambda title, picture: shown.append(picture),
        waitKey=lambda ms: key,
        cvtColor=display.cv2.cvtColor,
        COLOR_RGB2BGR=display.cv2.COLOR_RGB2BGR,
    )
    monkeypatch.setattr(display, "cv2", calls)
    stop = display.DisplayWindow({}).write(step(0, (5.0, 30, 9, 9), RED))
    assert stop is ends
    assert tuple(shown[0][50, 70]) == (20, 10, 250)


def test_boxes_are_drawn_with_the_mouse(monkeypatch):
    seen = []
    calls = SimpleNamespace(
        selectROIs=lambda title, frame, **_: (
            seen.append(frame) or np.array([(3, 4, 5, 6), (9, 8, 7, 6)])
        ),
        destroyWindow=lambda title: None,
    )
    monkeypatch.setattr(display, "cv2", calls)
    assert [box.tolist() for box in display.select_boxes(RED)] == [[3, 4, 5, 6], [9, 8, 7, 6]]
    assert tuple(seen[0][0, 0]) == (20, 10, 250)
    calls.selectROIs = lambda *_, **__: drawn
    for drawn in ((), np.array([(5, 5, 0, 0)])):  # noqa: B007  of the lambda
        with pytest.raises(BoxError, match="no box was drawn"):
            display.select_boxes(RED)
