"""The same boxes alone, in got10k and in pytracking (TraX: hosts/vot/test_vot.py)."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.hosts.pytracking.tracker import CRT
from crt_plugin.parameters import load_parameters
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import QUICK, scene

TOLERANCE = 0.01  # px
SETTINGS = {**QUICK, "train_steps": 100}  # agreement does not need full training


def parameters(seed):
    return load_parameters("rgb").copy(seed=seed, **SETTINGS)


def bare(frames, box, seed=0):
    """Boxes after the first frame, N x 4, 0-based, of the tracker alone."""
    tracker = CRTTracker(parameters(seed))
    tracker.init(frames[0], box)
    return np.array([tracker.update(frame) for frame in frames[1:]])


def in_got10k(frames, box, seed=0):
    """The same in the convention of got10k: PIL images, 1-based boxes in and out."""
    tracker = GOT10kTracker("rgb", seed=seed, **SETTINGS)
    images = [Image.fromarray(frame) for frame in frames]
    tracker.init(images[0], np.array(box, dtype=float))
    return np.array([tracker.update(image) for image in images[1:]])


def in_pytracking(frames, box, seed=0):
    """Datasets and VOT: RGB frames, boxes as lists, 0-based."""
    return _run(CRT(parameters(seed)), frames, box)


def in_pytracking_video(frames, box, seed=0):
    """Videos and cameras: BGR frames; the toolkit sets these two attributes of the parameters."""
    params = parameters(seed)
    params.tracker_name, params.param_name = "crt", "rgb"
    return _run(CRT(params), [np.ascontiguousarray(frame[..., ::-1]) for frame in frames], box)


def _run(tracker, frames, box):
    first = tracker.initialize(frames[0], {"init_bbox": list(box)})
    assert first["target_bbox"] == list(box)
    return np.array([tracker.track(frame)["target_bbox"] for frame in frames[1:]])


def from_zero(boxes):
    return boxes - [1, 1, 0, 0]


def assert_same(frames, box, seed):
    expected = bare(frames, box, seed)
    shifted = np.add(box, [1, 1, 0, 0])
    found = {
        "got10k": from_zero(in_got10k(frames, shifted, seed)),
        "pytracking": in_pytracking(frames, box, seed),
        "pytracking's video": in_pytracking_video(frames, box, seed),
    }
    for host, boxes in found.items():
        assert np.abs(boxes - expected).max() < TOLERANCE, host
    return expected


@pytest.mark.parametrize("seed", [0, 5])
def test_same_boxes(seed):
    """A box with fractions, and an object that moves right and up."""
    frames = [scene(60 + 3 * k, 60 - 2 * k) for k in range(5)]
    boxes = assert_same(frames, [60.3, 59.6, 23.5, 16.25], seed)
    assert boxes[-1, 0] > 68 and boxes[-1, 1] < 56


def test_same_boxes_on_a_real_sequence(shared):
    folder = shared / "data" / "otb" / "Crossing"
    paths = sorted((folder / "img").glob("*.jpg"))[:6]
    frames = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    line = (folder / "groundtruth_rect.txt").read_text().splitlines()[0]
    box = np.array(line.replace(",", " ").split(), dtype=float)
    boxes = assert_same(frames, from_zero(box).tolist(), seed=0)
    assert np.ptp(boxes, axis=0)[:2].max() > 0.1


# The object's corner is at column 60, row 40, counted from 0, and goes two cells of 4 px to the
# right and one up: to column 68, row 36. It is 24 px wide and 16 px high.
@pytest.mark.parametrize(
    ("host", "given", "expected"),
    [
        (bare, [60, 40, 24, 16], [68, 36, 24, 16]),
        (in_got10k, [61, 41, 24, 16], [69, 37, 24, 16]),
        (in_pytracking, [60, 40, 24, 16], [68, 36, 24, 16]),
        (in_pytracking_video, [60, 40, 24, 16], [68, 36, 24, 16]),
    ],
)
def test_conventions_by_hand(host, given, expected):
    (box,) = host([scene(60, 40), scene(68, 36)], given)
    assert box.tolist() == pytest.approx(expected, abs=TOLERANCE)
