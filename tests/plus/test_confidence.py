"""From the peak to the score."""

import numpy as np
import pytest

from crt_plugin.parameters import Parameters
from crt_plugin.plus.confidence import calibrate
from crt_plugin.plus.tracker import CRTTracker


@pytest.mark.parametrize(
    ("peak", "score"), [(-0.3, 0.0), (0.0, 0.0), (0.37, 0.37), (1.0, 1.0), (1.7, 1.0)]
)
def test_the_score_is_the_peak_where_it_is_not_calibrated(peak, score):
    assert CRTTracker(Parameters(features="rgb"))._score(peak) == score


@pytest.mark.parametrize("peak", [-1e6, -9.0, -0.2, 0.0, 0.15, 0.2, 0.8, 1e6])
def test_the_calibrated_score_is_the_logistic_function(peak):
    """1 / (1 + exp(-slope (peak - midpoint))), without overflow."""
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-10.0 * np.float64(peak - 0.15)))
    assert calibrate(peak, 10.0, 0.15) == pytest.approx(expected, abs=1e-12)
    assert 0 <= calibrate(peak, 10.0, 0.15) <= 1
    tracker = CRTTracker(Parameters(features="rgb", score_slope=10.0, score_midpoint=0.15))
    assert tracker._score(peak) == calibrate(peak, 10.0, 0.15)
