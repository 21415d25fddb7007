"""From the peak to the score."""

import numpy as np
import pytest

from crt_plugin.errors import ParameterError
from crt_plugin.parameters import Parameters
from crt_plugin.plus.confidence import calibrate
from crt_plugin.plus.tracker import CRTTracker


@pytest.mark.parametrize(
    ("peak", "score"), [(-0.3, 0.0), (0.0, 0.0), (0.37, 0.37), (1.0, 1.0), (1.7, 1.0)]
)
def test_the_score_is_the_peak_where_it_is_not_calibrated(peak, score):
    assert CRTTracker(Parameters(features="rgb"))._score(peak) == score


@pytest.mark.parametrize("peak", [1e-300, 1e-6, 0.02, 0.15, 0.2, 0.8, 1e6, 1e300])
@pytest.mark.parametrize("exponent", [0.5, 2.15, 40.0])
def test_the_calibrated_score_is_the_logistic_function_of_the_logarithm(peak, exponent):
    """1 / (1 + exp(-exponent (log peak - log midpoint))), without overflow."""
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-exponent * (np.log(peak) - np.log(0.15))))
    assert calibrate(peak, exponent, 0.15) == pytest.approx(expected, abs=1e-12)
    assert 0 <= calibrate(peak, exponent, 0.15) <= 1
    tracker = CRTTracker(Parameters(features="rgb", score_exponent=exponent, score_midpoint=0.15))
    assert tracker._score(peak) == calibrate(peak, exponent, 0.15)


@pytest.mark.parametrize("peak", [-np.inf, -1e6, -0.2, 0.0, np.nan])
def test_without_evidence_the_calibrated_score_is_0(peak):
    assert calibrate(peak, 2.15, 0.15) == 0.0


def test_an_exponent_needs_a_midpoint():
    with pytest.raises(
        ParameterError, match="score_midpoint = None; expected None, or a score_mid"
    ):
        Parameters(score_exponent=2.0)
