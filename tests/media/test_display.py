"""The window: its keys without a display, and a real one in memory."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

from crt_plugin.errors import BoxError, CRTError
from crt_plugin.media import display
from tests.conftest import ROOT
from tests.helpers.track import step, with_objects

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


class FakeCV2:
    """OpenCV whose keys and boxes come from a list, and whose pictures go to one."""

    def __init__(self, keys="", drawn=()):
        self.keys, self.drawn = [ord(key) for key in keys], [list(box) for box in drawn]
        self.shown, self.waited, self.is_visible = [], [], 1.0

    def __getattr__(self, name):
        return getattr(cv2, name)

    def namedWindow(self, *_):  # noqa: N802
        pass

    def getWindowProperty(self, *_):  # noqa: N802
        return self.is_visible

    def imshow(self, title, picture):
        self.shown.append(picture)

    def waitKey(self, ms):  # noqa: N802
        self.waited.append(ms)
        return self.keys.pop(0) if self.keys else -1

    def selectROI(self, title, picture, **_):  # noqa: N802
        self.shown.append(picture)
        return self.drawn.pop(0)

    def selectROIs(self, title, picture, **_):  # noqa: N802
        self.shown.append(picture)
        return np.array(self.drawn) if self.drawn else ()


@pytest.fixture
def window(monkeypatch):
    """A window without a display, given keys and drawn boxes."""

    def make(*given):
        fake = FakeCV2(*given)
        monkeypatch.setattr(display, "cv2", fake)
        return display.DisplayWindow({}), fake

    return make


STEP = step(0, (5.0, 30, 9, 9), RED)
TWO = with_objects(STEP, STEP.objects[0], dataclasses.replace(STEP.objects[0], id="car"))


@pytest.mark.parametrize(
    ("keys", "ends"), [("", False), ("x", False), ("q", True), ("\x1b", True), ("  q", True)]
)
def test_frames_are_shown_in_opencvs_order_and_q_ends(window, keys, ends):
    shown, fake = window(keys)
    assert shown.revise(STEP) == {} and shown.write(STEP) is ends
    assert tuple(fake.shown[0][50, 70]) == (20, 10, 250)


def test_a_window_that_the_user_closes_ends_the_run(window):
    shown, fake = window()
    fake.is_visible = 0.0
    shown.revise(STEP)
    assert shown.write(STEP)


def test_a_paused_window_waits_for_the_second_space(window):
    shown, fake = window(" xx ")
    shown.revise(STEP)
    assert fake.waited == [1, *[display.PAUSE] * 3, 1] and not shown.write(STEP)
    shown.revise(STEP)
    assert len(fake.waited) == 6


@pytest.mark.parametrize(
    ("given", "keys", "id"),
    [
        (STEP, "b", 1),
        (STEP, "a", 2),
        (TWO, "b", 1),
        (TWO, "nb", "car"),
        (TWO, "nnb", 1),
        (TWO, "a", 3),
    ],
)
def test_a_box_is_drawn_of_the_chosen_object_or_of_a_new_one(window, given, keys, id):
    shown, _ = window(keys, [(10, 20, 30, 15)])
    assert {id: box.tolist() for id, box in shown.revise(given).items()} == {id: [10, 20, 30, 15]}


def test_an_object_that_is_added_is_the_chosen_one_and_a_cancelled_box_is_none(window):
    shown, _ = window("abb", [(10, 20, 30, 15), (1, 2, 3, 4), (0, 0, 0, 0)])
    drawn = shown.revise(TWO)
    assert {id: box.tolist() for id, box in drawn.items()} == {3: [1, 2, 3, 4]}


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (2160, 3840), (144, 176), (20, 3000)])
def test_any_picture_fits_a_screen_and_boxes_are_those_of_the_frame(window, size):
    height, width = size
    large = step(0, (5.0, 10, 9, 9), np.full((*size, 3), 99, np.uint8))
    shown, fake = window("b", [(10, 3, 30, 4)])
    box = shown.revise(large)[1]
    assert all(p.shape[1] <= 1200 and p.shape[0] <= 660 for p in fake.shown)
    factor = min(1, 1200 / width, 634 / height)
    np.testing.assert_allclose(box, np.array([10, 3, 30, 4]) / factor)


def test_a_box_ends_where_the_picture_does(window):
    """The line of help is below it, and dark beside it."""
    shown, _ = window("ba", [(60, 50, 100, 30), (90, 10, 20, 20)])
    assert [box.tolist() for box in shown.revise(STEP).values()] == [[60, 50, 20, 10]]


def test_the_line_of_help_names_the_keys(window, monkeypatch):
    lines = []
    monkeypatch.setattr(display, "draw_text", lambda picture, text, *_: lines.append(text))
    window("  ")[0].revise(STEP)
    assert lines[0] == "space: pause    b: new box    a: add an object    q: quit"
    assert lines[1] == "space: go on" + lines[0][12:]
    window("n")[0].revise(TWO)
    assert "b: new box of 1    n: next object" in lines[-2] and "of car" in lines[-1]


def test_boxes_are_drawn_with_the_mouse(window):
    shown, fake = window("", [(3, 4, 5, 6), (9, 8, 7, 6), (5, 5, 0, 0)])
    assert [box.tolist() for box in shown.draw_boxes(RED)] == [[3, 4, 5, 6], [9, 8, 7, 6]]
    assert tuple(fake.shown[0][0, 0]) == (20, 10, 250)
    for drawn in ([], [(5, 5, 0, 0)]):
        with pytest.raises(BoxError, match="no box was drawn"):
            window("", drawn)[0].draw_boxes(RED)


REAL = """
import cv2, numpy as np
from crt_plugin.media import display
from tests.helpers.track import step
display.require_display()
window = display.DisplayWindow({})
window.revise(step(0, (5.0, 30, 9, 9), np.zeros((1920, 1080, 3), np.uint8)))
print(*cv2.getWindowImageRect(display.TITLE)[2:])
window.close()
"""


def test_a_real_window_is_smaller_than_the_screen():
    """On a display in memory, where the machine has one, and OpenCV has windows."""
    if shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb")
    if re.search(r"GUI:\s*NONE", cv2.getBuildInformation()):
        pytest.skip("OpenCV without windows")
    words = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x720x24"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        env = os.environ | {"DISPLAY": f":{server.stdout.readline().strip()}"}
        words = [sys.executable, "-c", REAL]
        done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    finally:
        server.terminate()
        server.wait()
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["600", "660"]
