"""The naive tracker is the same tracker: else its time would say nothing."""

import numpy as np
import pytest

from crt_plugin.bench.naive import NaiveTracker
from crt_plugin.parameters import Parameters
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import scene

VGG = {"vgg_layer": 5, "filter_cells": 25.0, "patch_width": 5, "patch_height": 3}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": "sgd", "train_learning_rate": 1e-9},
        {"vgg_shallow_layer": 4, "network_std": 127.0},
    ],
)
def test_the_same_boxes(changes):
    params = Parameters().copy(**VGG, precision="float32", train_steps=20, **changes)
    trackers = CRTTracker(params), NaiveTracker(params)
    for tracker in trackers:
        tracker.init(scene(60, 40), (60, 40, 24, 16))
    ours, naive = trackers
    assert ours.training.steps == naive.training.steps
    assert ours.training.loss == pytest.approx(naive.training.loss, rel=1e-3)
    for x in (64, 67, 70):
        boxes = [tracker.update(scene(x, 41)) for tracker in trackers]
        assert np.abs(boxes[0] - boxes[1]).max() < 1e-3
        assert ours.last.score == pytest.approx(naive.last.score, abs=1e-3)
