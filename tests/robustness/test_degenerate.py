"""Sequences with little or nothing to track."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from crt_plugin.parameters import load_parameters
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import ROOT, scene
from tests.helpers.track import BOX, FAST, crt

SHORT = {"train_steps": 50}  # nothing can be learned here, so all 4000 steps would be taken
SETTINGS = {
    "rgb": SHORT,
    "hog": SHORT | {"features": "hog"},
    "vgg": {"features": "vgg", "vgg_layer": 5, "train_steps": 20},
    "vgg, two layers": {
        "features": "vgg",
        "vgg_layer": 5,
        "vgg_shallow_layer": 4,
        "network_std": 127.0,
        "train_steps": 20,
    },
}


def is_box(box):
    return box.shape == (4,) and np.isfinite(box).all() and (box[2:] > 0).all()


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("value", [0, 117, 255])
def test_constant_frames(small, name, value):
    """No gradient, covariance of rank 0: the box stays where the motion map has its peak."""
    tracker = CRTTracker(small.copy(**SETTINGS[name], scale_count=1))
    frame = np.full((60, 80, 3), value, np.uint8)
    tracker.init(frame, (30, 20, 24, 16))
    for _ in range(3):
        box = tracker.update(frame)
        assert is_box(box) and tracker.regression.weight.isfinite().all()
        assert 0 <= tracker.last.score <= 1
    assert np.abs(box[:2] - (30, 20)).max() < 24


@pytest.mark.parametrize("name", SETTINGS)
def test_from_a_constant_frame_to_a_textured_one(small, name, rng):
    """What was fitted to a constant patch is applied to texture."""
    tracker = CRTTracker(small.copy(**SETTINGS[name]))
    tracker.init(np.full((60, 80, 3), 9, np.uint8), (30, 20, 24, 16))
    for _ in range(3):
        assert is_box(tracker.update(rng.integers(0, 256, (60, 80, 3), np.uint8)))
        assert np.isfinite(tracker.last.response).all()


FAMILIES = ("rgb", "hog", "color_names", "hog_color_names", "fast", "light")


def start_on_deer(shared, name):
    """A tracker after four frames of Deer, and the fifth frame and its box, 0-based."""
    deer = shared / "data" / "otb" / "Deer"
    frames = [np.asarray(Image.open(deer / "img" / f"{k:04d}.jpg")) for k in range(1, 6)]
    truth = np.loadtxt(deer / "groundtruth_rect.txt", delimiter=",") - [1, 1, 0, 0]
    tracker = CRTTracker(load_parameters(name).copy(train_steps=400))
    tracker.init(frames[0], truth[0])
    for frame in frames[1:4]:
        tracker.update(frame)
    return tracker, frames[4], truth[4]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_flash_leaves_the_box_where_it_is(shared, name):
    """White, black and gray frames: the same box, and the object is found again after them."""
    tracker, next_frame, next_truth = start_on_deer(shared, name)
    before = tracker.last.box
    for value in (255, 0, 117):
        assert tracker.update(np.full_like(next_frame, value)) == pytest.approx(before, abs=1e-6)
        assert tracker.last.peak == 0
    found = tracker.update(next_frame)
    assert np.abs(found[:2] - next_truth[:2]).max() < 12


@pytest.mark.parametrize("name", ["rgb", "color_names", "fast", "light"])
def test_a_flash_of_an_almost_even_colour(shared, rng, name):
    """Noise of one level, as of a video; HOG normalises it, so that it has edges like any other."""
    tracker, next_frame, _ = start_on_deer(shared, name)
    before = tracker.last.box
    for value in (253, 1, 117):
        flash = (value + rng.integers(-1, 2, next_frame.shape)).astype(np.uint8)
        assert np.abs(tracker.update(flash) - before).max() < 12  # of 95 x 65 px


@pytest.mark.parametrize("name", SETTINGS)
def test_a_blank_patch_in_a_frame_with_other_things(small, name):
    """The object is gone, and what is left is outside of the search patch."""
    tracker = CRTTracker(small.copy(**SETTINGS[name]))
    frame = np.pad(scene(60, 40), ((0, 0), (0, 200), (0, 0)))
    tracker.init(frame, (60, 40, 24, 16))
    frame[:, :200] = 0
    frame[:20, 340:] = 255
    for _ in range(4):
        assert tracker.update(frame).tolist() == [60, 40, 24, 16]


def test_a_response_that_is_not_finite(small):
    """Coefficients that have diverged give no place either."""
    tracker = CRTTracker(small)
    tracker.init(scene(60, 40), (60, 40, 24, 16))
    tracker.regression.weight = torch.full_like(tracker.regression.weight, np.nan)
    assert tracker.update(scene(64, 41)).tolist() == [60, 40, 24, 16]
    assert tracker.last.score == 0


def test_an_object_as_large_as_the_frame(small):
    frame = scene(60, 40)
    tracker = CRTTracker(small)
    tracker.init(frame, (0, 0, 160, 120))
    for _ in range(4):
        box = tracker.update(frame)
    assert box == pytest.approx([0, 0, 160, 120], abs=12)
    assert tracker.last.score > 0.5


# ----------------------------------------------------------------------------- gone for good


def gone_folder(folder, frames=10, last_seen=4):
    """Write frames that show the object up to ``last_seen``, and the background after that."""
    folder.mkdir()
    for index in range(frames):
        frame = scene(40 + 2 * index, 50)
        if index > last_seen:
            x = 40 + 2 * index
            frame[50:66, x : x + 24] = scene(120, 90)[50:66, x : x + 24]
        Image.fromarray(frame).save(folder / f"{index:02d}.png")
    return folder


def lost_column(output):
    header, *lines = (output / "boxes.csv").read_text().splitlines()
    assert header == "frame,time,x,y,w,h,score,lost"
    return [int(line.split(",")[-1]) for line in lines]


def test_a_target_that_is_gone_is_marked_as_lost(tmp_path):
    result = crt(
        *("track", gone_folder(tmp_path / "seq"), "--box", BOX, "--no-video"),
        *("--lost-below", 0.3, "--output", tmp_path / "o", "--parameters", "default", *FAST),
    )
    assert lost_column(tmp_path / "o") == [0] * 5 + [1] * 5
    assert "lost     5 frames with a score below 0.3" in result.stdout


def test_without_the_option_nothing_is_called_lost(tmp_path):
    result = crt(
        *("track", gone_folder(tmp_path / "seq"), "--box", BOX, "--no-video"),
        *("--output", tmp_path / "o", *FAST),
    )
    assert "lost" not in (tmp_path / "o" / "boxes.csv").read_text() + result.stdout


@pytest.mark.parametrize("text", ["-0.1", "1.5", "nan"])
def test_what_is_no_score_is_refused(tmp_path, text):
    gone_folder(tmp_path / "seq", 2)
    words = ("track", tmp_path / "seq", "--box", BOX, f"--lost-below={text}")
    result = crt(*words, "--output", tmp_path / "o", exit_code=2)
    assert f"--lost-below {text} is not a score; expected 0 to 1" in " ".join(result.stderr.split())
    assert not (tmp_path / "o").exists()


# ---------------------------------------------------------------------------- 20,000 frames

FRAMES = 20_000
PROGRAM = """
import statistics, sys, time
from tests.conftest import QUICK, scene, start_tracker
from crt_plugin.bench.memory import resident_mib
from crt_plugin.parameters import Parameters
from crt_plugin.parameters import load_parameters
from crt_plugin.plus.tracker import CRTTracker

PARAMS = Parameters().copy(**QUICK)

def time_update(tracker, index):
    start = time.process_time()
    tracker.update(frames[index % len(frames)])
    return time.process_time() - start

count, compared = int(sys.argv[1]), int(sys.argv[1]) // 20
path = [*range(20), *range(20, 0, -1)]
frames = [scene(60 + k, 40 + k // 2) for k in path]
old, learned, memory = start_tracker(PARAMS), 0, []
for index in range(1, count + 1):
    time_update(old, index)
    learned += old.last.peak >= old.params.confidence_threshold
    if index in (count // 10, count):
        memory.append(resident_mib())
# Alternate with a new tracker, so that other load on the machine slows down both.
fresh, ours, theirs = start_tracker(PARAMS), [], []
for index in range(count + 1, count + 1 + compared):
    ours.append(time_update(old, index))
    theirs.append(time_update(fresh, index - count))
print(learned / count, *memory, statistics.median(ours), statistics.median(theirs))
"""


@pytest.mark.torture
def test_twenty_thousand_frames(record_testsuite_property):
    """Resident memory at frames 2,000 and 20,000; time of 1,000 more against a new tracker's.

    Numbers that decay to the smallest there are (denormals) would make the old one slow.
    """
    command = [sys.executable, "-c", PROGRAM, str(FRAMES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    learned, early, late, old, fresh = (float(word) for word in done.stdout.split())
    found = f"{learned:.1%} learned from; {early:.1f} and {late:.1f} MiB; "
    found += f"{1000 * old:.2f} and {1000 * fresh:.2f} ms"
    record_testsuite_property("20,000 frames", found)
    assert learned > 0.9, found
    assert late - early < 8, found
    assert old < 1.5 * fresh, found
