import numpy as np
import pytest

from crt_plugin.errors import ParameterError
from crt_plugin.plus.confidence import STEADY, TrackRecord
from crt_plugin.plus.tracker import CRTTracker
from crt_plugin.report.statistics.calibration import (
    calibration_error,
    fit_score,
    held_out_scores,
    reliability,
    scores_of,
)


def frames(count, exponent=2.5, even=0.25, weights=(0.8, 3.0), seed=0):
    """Evidence, and boxes that are right with the chance that a score gives."""
    rng = np.random.default_rng(seed)
    evidence = rng.uniform((0.01, 0, 0), (0.8, 3, 0.9), (count, 3))
    odds = (evidence[:, 0] / even) ** exponent * np.exp(-(evidence[:, 1:] @ weights))
    return evidence, rng.uniform(size=count) < odds / (1 + odds)


def of_peaks(*peaks):
    """Evidence of frames in which nothing but the peak differs."""
    return np.column_stack([peaks, np.zeros((len(peaks), 2))])


def test_a_known_curve_is_recovered():
    params = fit_score(*frames(40_000))
    assert params.score_exponent == pytest.approx(2.5, rel=0.06)
    assert params.score_midpoint == pytest.approx(0.25, abs=0.01)
    assert params.score_shape_weight == pytest.approx(0.8, abs=0.06)
    assert params.score_color_weight == pytest.approx(3.0, rel=0.06)


def test_what_speaks_for_the_box_is_no_doubt():
    """Boxes are more often right where the colours differ: the weight is 0, and not below."""
    params = fit_score(*frames(5000, weights=(0.8, -3.0)))
    assert params.score_color_weight is None or params.score_color_weight < 1e-3
    assert params.score_shape_weight == pytest.approx(0.8, abs=0.25)


def test_the_mean_score_is_the_fraction_that_is_right():
    """At the greatest likelihood, for any data: the derivative by the offset is 0."""
    evidence, _ = frames(500)
    peaks = evidence[:, 0]
    right = np.random.default_rng(1).uniform(size=500) < peaks**2 + 0.1  # no logistic function
    scores = scores_of(evidence, fit_score(evidence, right))
    assert scores.mean() == pytest.approx(right.mean(), abs=1e-4)


def test_scores_are_those_of_the_tracker():
    """Of a tracker with the same settings, and the same evidence in its record."""
    evidence, right = frames(300)
    params = fit_score(evidence, right)
    tracker = CRTTracker(params.copy(features="rgb"))
    scores = scores_of(evidence, params)
    for (peak, shape, color), score in zip(evidence[:20].tolist(), scores[:20], strict=True):
        tracker._record = TrackRecord(np.zeros(1, np.float32), STEADY * np.expm1(shape), color)
        assert tracker._score(peak) == pytest.approx(score, rel=1e-9)


def test_weights_count_like_repetitions():
    evidence, right = frames(300)
    weights = np.random.default_rng(2).integers(1, 4, 300)
    weighted = fit_score(evidence, right, weights.astype(float))
    repeated = fit_score(np.repeat(evidence, weights, axis=0), np.repeat(right, weights))
    assert weighted.score_exponent == pytest.approx(repeated.score_exponent, rel=1e-4)
    assert weighted.score_midpoint == pytest.approx(repeated.score_midpoint, abs=1e-5)
    assert weighted.score_color_weight == pytest.approx(repeated.score_color_weight, rel=1e-4)


def test_a_perfect_separation_has_a_finite_slope():
    params = fit_score(of_peaks(0.1, 0.2, 0.6, 0.7), np.array([False, False, True, True]))
    assert 0.2 < params.score_midpoint < 0.6 and params.score_exponent < 1000


@pytest.mark.parametrize(
    ("right", "message"),
    [
        ([True] * 4, "4 of 4"),
        ([False] * 4, "0 of 4"),
        ([True, True, False, False], "not more often"),
    ],
)
def test_what_cannot_be_fitted(right, message):
    with pytest.raises(ParameterError, match=message):
        fit_score(of_peaks(0.1, 0.2, 0.6, 0.7), np.array(right))


def test_held_out_scores_do_not_see_their_sequence():
    """Each has the curve of the others; the odd ones are not adapted to."""
    even = {"a": 0.2, "b": 0.2, "odd.1": 0.6, "odd.2": 0.6}  # the last two of the same frames
    evidence, right = {}, {}
    for seed, (name, value) in enumerate(even.items()):
        evidence[name], right[name] = frames(4000, even=value, seed=seed)
    scores = held_out_scores(evidence, right)
    true = fit_score(*frames(50_000, even=0.2, seed=9))
    expected = scores_of(evidence["odd.1"], true)
    assert scores["odd.1"] == pytest.approx(expected, abs=0.05)
    of_a = scores_of(evidence["a"], true)
    assert scores["a"] != pytest.approx(of_a, abs=0.05)  # the odd ones had a part in it


def test_reliability_by_hand():
    scores = np.array([0.05, 0.15, 0.15, 0.95, 1.0])
    right = np.array([False, False, True, True, True])
    found = reliability(scores, right)
    assert [(b.low, b.frames, b.right) for b in found] == [
        (0.0, 1, 0.0),
        (pytest.approx(0.1), 2, 0.5),
        (pytest.approx(0.9), 2, 1.0),
    ]
    assert calibration_error(found) == pytest.approx((0.05 + 2 * 0.35 + 2 * 0.025) / 5)
