"""A filter that starts at zero."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from crt_plugin.algorithm.literal import LiteralRegression
from crt_plugin.algorithm.regression import ConvRegression
from crt_plugin.bench.naive import NaiveTracker
from crt_plugin.plus.initial_filter import start_at_zero
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import scene

OBJECTIVE = {"threshold": 0.0, "exponent": 1.0, "factor": 0.1, "regularization": 3.0}


@pytest.mark.parametrize("kind", [ConvRegression, LiteralRegression])
def test_the_first_step_is_that_of_a_response_of_zero(kind, generator):
    """Plain gradient descent from 0: w = rate * sum over windows of 2 W^2 y z / N."""
    features = torch.randn(1, 6, 7, 2, generator=generator)
    label = torch.rand(1, 4, 4, generator=generator)
    regression = start_at_zero(kind, (3, 4), features, generator, **OBJECTIVE)
    assert not regression.weight.any()
    regression.descend(regression.make_optimizer("sgd", 0.01), features, label, 1, 0.0)
    expected = torch.zeros(3, 4, 2, dtype=torch.float64)
    for i in range(4):
        for j in range(4):
            weight = (0.1 * np.exp(label[0, i, j].item())) ** 2
            window = features[0, i : i + 3, j : j + 4].double()
            expected += 0.01 * 2 * weight * label[0, i, j].item() * window
    assert torch.allclose(regression.weight.double(), expected, atol=1e-6)


def test_no_seed_plays_a_part(small):
    boxes = []
    for tracker, seed in ((CRTTracker, 0), (CRTTracker, 7), (NaiveTracker, 3)):
        params = small.copy(initial_filter="zero", filter_window=0.6, seed=seed)
        one = tracker(params)
        one.init(scene(60, 40), (60, 40, 24, 16))
        boxes.append([one.update(scene(60 + 2 * step, 40 + step)) for step in range(1, 4)])
    assert np.array_equal(boxes[0], boxes[1])
    assert np.allclose(boxes[0], boxes[2], atol=0.5)
