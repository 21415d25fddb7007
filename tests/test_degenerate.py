"""Sequences in which there is little or nothing to track."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, scene
from PIL import Image
from test_cli import BOX, FAST, crt

from crt_plugin.maps import score_of
from crt_plugin.parameters import Parameters
from crt_plugin.tracker import CRTTracker

SHORT = {"train_steps": 50}  # nothing can be learned here: all 4000 would be taken
SETTINGS = {
    "rgb": SHORT,
    "hog": SHORT | {"features": "hog"},
    "vgg": {"features": "vgg", "vgg_layer": 5, "train_steps": 20},
    "vgg, two layers": {
        "features": "vgg",
        "vgg_layer": 5,
        "vgg_shallow_layer": 4,
        "vgg_std": 127.0,
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
    """What was fitted to nothing is applied to something."""
    tracker = CRTTracker(small.copy(**SETTINGS[name]))
    tracker.init(np.full((60, 80, 3), 9, np.uint8), (30, 20, 24, 16))
    for _ in range(3):
        assert is_box(tracker.update(rng.integers(0, 256, (60, 80, 3), np.uint8)))
        assert np.isfinite(tracker.last.response).all()


def test_an_object_as_large_as_the_frame(small):
    frame = scene(60, 40)
    tracker = CRTTracker(small)
    tracker.init(frame, (0, 0, 160, 120))
    for _ in range(4):
        box = tracker.update(frame)
    assert box == pytest.approx([0, 0, 160, 120], abs=12)
    assert tracker.last.score > 0.5


def test_a_peak_below_zero_is_a_score_of_zero():
    assert score_of(-0.3, Parameters()) == 0
    assert score_of(1.7, Parameters()) == 1
    assert 0 <= score_of(-9.0, Parameters().copy(score_slope=6.3, score_even=0.14)) < 0.001


# ----------------------------------------------------------------------------- gone for good


def gone_folder(folder, frames=10, last_seen=4):
    """The object is there up to a frame, and what was behind it afterwards."""
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
    assert header == "frame,x,y,w,h,score,lost"
    return [int(line.split(",")[-1]) for line in lines]


def test_a_target_that_is_gone_is_marked_as_lost(tmp_path):
    result = crt(
        *("track", gone_folder(tmp_path / "seq"), "--box", BOX, "--no-video"),
        *("--lost-below", 0.3, "--output", tmp_path / "o", *FAST),
    )
    assert lost_column(tmp_path / "o") == [0] * 5 + [1] * 5
    assert "lost     5 frames, of a score below 0.3" in result.stdout


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
    assert f"--lost-below {text} is no score; accepted: 0 to 1" in " ".join(result.stderr.split())
    assert not (tmp_path / "o").exists()


# ---------------------------------------------------------------------------- 20,000 frames

FRAMES = 20_000
PROGRAM = """
import statistics, sys, time
sys.path.insert(0, "tests")
from conftest import QUICK, scene
from crt_plugin.bench.memory import resident_mib
from crt_plugin.parameters import Parameters
from crt_plugin.tracker import CRTTracker

frames = [scene(40 + abs(k - 20), 30 + abs(k - 20) // 2, 80, 120) for k in range(40)]
frames += [frames[0] * 0] * 40  # and nothing to see: where numbers decay, if they do
tracker = CRTTracker(Parameters().copy(**QUICK))
tracker.init(frames[0], (60, 40, 24, 16))
seconds, memory = [], {}
for index in range(1, int(sys.argv[1]) + 1):
    start = time.process_time()
    tracker.update(frames[index % len(frames)])
    seconds.append(time.process_time() - start)
    if index in (int(sys.argv[1]) // 10, int(sys.argv[1])):
        memory[index] = resident_mib()
few = int(sys.argv[1]) // 20
print(*memory.values(), statistics.median(seconds[:few]), statistics.median(seconds[-few:]))
"""


@pytest.mark.torture
def test_twenty_thousand_frames(record_property):
    """Resident memory of frame 2,000 and 20,000; median time of the first and last 1,000."""
    command = [sys.executable, "-c", PROGRAM, str(FRAMES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    early, late, first, last = (float(word) for word in done.stdout.split())
    record_property("MiB, ms", [early, late, 1000 * first, 1000 * last])
    assert late - early < 8
    assert last < 1.5 * first
