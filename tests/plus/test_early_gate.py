"""The gate of the first frames."""

import pytest
import torch

from tests.conftest import scene, start_tracker


def find_learned(tracker, frames):
    """Indices of the frames after which the filter differs."""
    learned = []
    for index in range(1, frames + 1):
        before = tracker.regression.weight.clone()
        tracker.update(scene(60 + index, 40))
        if not torch.equal(tracker.regression.weight, before):
            learned.append(index)
    return learned


@pytest.mark.parametrize("search", ["joint", "two_step"])
def test_only_the_first_frames_have_it(small, search):
    """Peaks are below the gate of 1, and above that of 0."""
    changes = {"confidence_threshold": 1.0, "search": search}
    assert find_learned(start_tracker(small, **changes), 5) == []
    tracker = start_tracker(small, **changes, early_frames=3)
    assert find_learned(tracker, 5) == [1, 2, 3]
    tracker.init(scene(60, 40), (60, 40, 24, 16))  # it starts again
    assert find_learned(tracker, 5) == [1, 2, 3]


def test_a_peak_below_it_is_not_learned_from(small):
    tracker = start_tracker(small, confidence_threshold=0.0, early_frames=2, early_threshold=1.0)
    assert find_learned(tracker, 4) == [3, 4]
