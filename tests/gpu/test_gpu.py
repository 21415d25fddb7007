"""What a GPU computes, against the CPU; skipped where there is none."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from crt_plugin import CRTTracker, load_parameters
from crt_plugin.hosts.got10k.toolkit import rect_iou
from tests.helpers.clips import FACE, read_carphone

FRAMES = 12
# What is uploaded and read back: patch, response and label; in a two-step search again patches and
# response. At the end of training and in a search of the whole frame there are more.
MOST_WAITS = {"default": 3, "rgb": 3, "light": 5}

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device"),
]


def track(device, name, precision):
    frames = read_carphone(FRAMES)
    tracker = CRTTracker(load_parameters(name).copy(device=device, precision=precision))
    tracker.init(frames[0], FACE)
    return np.array([tracker.update(frame) for frame in frames[1:]])


@pytest.mark.parametrize(
    "name", ["default", "hog", "rgb", "fast", "light", "plus", "plus_vgg", "vgg_conv2"]
)
@pytest.mark.parametrize(("precision", "least"), [("float32", 0.95), ("auto", 0.9)])
def test_boxes_are_those_of_the_cpu(name, precision, least):
    """Up to the rounding of another order of sums, and of TF32 or half precision.

    Later a size is sometimes chosen one step apart, and a place one cell.
    """
    overlaps = rect_iou(track("cuda", name, precision), track("cpu", name, "float32"))
    assert overlaps[:3].min() > least
    assert overlaps.mean() > 0.9
    assert overlaps.min() > 0.7


@pytest.mark.parametrize("name", ["default", "light"])
def test_the_same_boxes_twice(name):
    first, second = (track("cuda", name, "auto") for _ in range(2))
    assert rect_iou(first, second).min() > 0.95


@pytest.mark.parametrize("name", MOST_WAITS)
def test_a_frame_waits_for_the_gpu_a_few_times(name):
    """torch warns of each call that waits; updates of more steps must not add any."""
    frames = read_carphone(FRAMES)
    tracker = CRTTracker(load_parameters(name).copy(device="cuda"))
    tracker.init(frames[0], FACE)
    tracker.update(frames[1])  # what is loaded once
    for frame in frames[2:]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
            try:
                tracker.update(frame)
            finally:
                torch.cuda.set_sync_debug_mode("default")
        waits = [str(each.message) for each in caught if "called a synchroniz" in str(each.message)]
        assert 1 <= len(waits) <= MOST_WAITS[name], waits


def test_memory_of_a_tracker_is_given_back():
    def allocate():
        frames = read_carphone(FRAMES)
        tracker = CRTTracker(load_parameters("light").copy(device="cuda"))
        tracker.init(frames[0], FACE)
        tracker.update(frames[1])

    allocate()
    before = torch.cuda.memory_allocated()
    for _ in range(3):
        allocate()
    assert torch.cuda.memory_allocated() <= before
