"""A tracker goes on from a saved state as if nothing had happened."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from crt_plugin.errors import NotInitialisedError, ParameterError
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import scene

FRAMES = [scene(60 + 2 * i, 40 + i) for i in range(14)]
BOX = (60, 40, 24, 16)
SETTINGS = {
    "paper": {},
    "gradient descent": {"optimizer": "sgd", "train_steps": 20},
    "poses": {
        "search": "two_step",
        "rotation_step": 3.0,
        "scale_interval": 2,
        "subcell": "gaussian",
    },
    "first frame in the history": {"history_ages": "0+2+9"},
    "first frame forgotten": {"history_ages": "0+1", "filter_window": 0.6},
    "record": {
        "score_exponent": 2.0,
        "score_midpoint": 0.1,
        "score_shape_weight": 1.0,
        "score_color_weight": 4.0,
    },
    "noise": {"frame_noise": 0.3},
    "ensemble": {"search": "two_step", "history_ages": "0+2", "ensemble": "hog+light"},
    "lost": {"lost_score": 1.0, "lost_frames": 3, "found_score": 0.0},
}


def track(tracker, frames):
    return [tracker.update(frame) for frame in frames]


def start(params):
    tracker = CRTTracker(params)
    tracker.init(FRAMES[0], BOX)
    return tracker


@pytest.mark.parametrize("changes", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("stop", [1, 6])
def test_boxes_after_a_stop_are_those_of_an_undisturbed_run(small, tmp_path, changes, stop):
    params = small.copy(**changes)
    undisturbed = start(params)
    boxes = track(undisturbed, FRAMES[1:])

    stopped = start(params)
    track(stopped, FRAMES[1:stop])
    save_file(stopped.state_dict(), tmp_path / "state.safetensors")
    resumed = start(params)
    resumed.load_state_dict(load_file(tmp_path / "state.safetensors"))
    np.testing.assert_array_equal(resumed.last.box, stopped.last.box)
    assert resumed.last.score == stopped.last.score
    np.testing.assert_array_equal(track(resumed, FRAMES[stop:]), boxes[stop - 1 :])
    assert resumed.last.score == undisturbed.last.score
    assert len({tuple(box) for box in boxes}) > 8  # it moved


@pytest.mark.parametrize("name", ["paper", "ensemble"])
def test_a_tracker_that_went_further_goes_back(small, name):
    """Its history is longer than that of the state."""
    tracker = start(small.copy(**SETTINGS[name]))
    track(tracker, FRAMES[1:3])
    state = tracker.state_dict()
    boxes = track(tracker, FRAMES[3:])
    tracker.load_state_dict(state)
    np.testing.assert_array_equal(track(tracker, FRAMES[3:]), boxes)


def test_frames_that_are_all_the_same_are_not_taken_for_the_first(small):
    """Samples of one constant video are equal; only the first frame's own one is the first."""
    params = small.copy(history_ages="0+3")
    stopped, resumed = start(params), start(params)
    track(stopped, [FRAMES[0]] * 8)
    resumed.load_state_dict(stopped.state_dict())
    counts = [len(tracker._history.choose()) for tracker in (stopped, resumed)]
    assert counts == [3, 3]


def test_a_state_does_not_change_with_later_frames(small):
    tracker = start(small)
    track(tracker, FRAMES[1:4])
    state = tracker.state_dict()
    before = {name: tensor.clone() for name, tensor in state.items()}
    track(tracker, FRAMES[4:8])
    assert all(torch.equal(state[name], before[name]) for name in before)


@pytest.mark.parametrize("part", ["features", "label"])
def test_a_state_without_half_of_a_sample_is_refused_and_nothing_changed(small, part):
    tracker = start(small.copy(**SETTINGS["ensemble"]))
    track(tracker, FRAMES[1:4])
    lacking = tracker.state_dict()
    del lacking[f"hog.history.1.{part}"]
    track(tracker, FRAMES[4:6])
    before = tracker.state_dict()
    with pytest.raises(ParameterError, match=rf"^hog\.history\.1\.{part} of the state are missing"):
        tracker.load_state_dict(lacking)
    after = tracker.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_a_state_of_other_settings_or_of_nothing_is_refused(small):
    with pytest.raises(NotInitialisedError):
        CRTTracker(small).state_dict()
    other = start(small.copy(filter_cells=36.0)).state_dict()
    tracker = start(small)
    before = tracker.state_dict()
    for state, wrong in (
        (other, "weight"),
        ({}, "box"),
        (before | {"angle": torch.zeros(2)}, "angle"),
    ):
        with pytest.raises(
            ParameterError, match=f"{wrong}.* of the state are missing or of another"
        ):
            tracker.load_state_dict(state)
    after = tracker.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)
