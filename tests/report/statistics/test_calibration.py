import numpy as np
import pytest

from crt_plugin.errors import ParameterError
from crt_plugin.report.statistics.calibration import (
    calibration_error,
    fit_score,
    held_out_scores,
    reliability,
    scores_of,
)


def frames(count, exponent=2.5, even=0.25, seed=0):
    """Peaks, and boxes that are right with the chance that a score gives."""
    rng = np.random.default_rng(seed)
    peaks = rng.uniform(0.01, 0.8, count)
    return peaks, rng.uniform(size=count) < 1 / (1 + (even / peaks) ** exponent)


def test_a_known_curve_is_recovered():
    params = fit_score(*frames(20_000))
    assert params.score_exponent == pytest.approx(2.5, rel=0.06)
    assert params.score_midpoint == pytest.approx(0.25, abs=0.01)


def test_the_mean_score_is_the_fraction_that_is_right():
    """At the greatest likelihood, for any data: the derivative by the offset is 0."""
    peaks, _ = frames(500)
    right = np.random.default_rng(1).uniform(size=500) < peaks**2 + 0.1  # no logistic function
    assert scores_of(peaks, fit_score(peaks, right)).mean() == pytest.approx(right.mean(), abs=1e-4)


def test_weights_count_like_repetitions():
    peaks, right = frames(300)
    weights = np.random.default_rng(2).integers(1, 4, 300)
    weighted = fit_score(peaks, right, weights.astype(float))
    repeated = fit_score(np.repeat(peaks, weights), np.repeat(right, weights))
    assert weighted.score_exponent == pytest.approx(repeated.score_exponent, rel=1e-4)
    assert weighted.score_midpoint == pytest.approx(repeated.score_midpoint, abs=1e-5)


def test_a_perfect_separation_has_a_finite_slope():
    params = fit_score(np.array([0.1, 0.2, 0.6, 0.7]), np.array([False, False, True, True]))
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
        fit_score(np.array([0.1, 0.2, 0.6, 0.7]), np.array(right))


def test_held_out_scores_do_not_see_their_sequence():
    """Each of three has the curve of the others; the odd one is not adapted to."""
    even = {"a": 0.2, "b": 0.2, "odd": 0.6}
    peaks, right = {}, {}
    for seed, (name, value) in enumerate(even.items()):
        peaks[name], right[name] = frames(4000, even=value, seed=seed)
    scores = held_out_scores(peaks, right)
    expected = scores_of(peaks["odd"], fit_score(*frames(50_000, even=0.2, seed=9)))
    assert scores["odd"] == pytest.approx(expected, abs=0.05)
    of_a = scores_of(peaks["a"], fit_score(*frames(50_000, even=0.2, seed=9)))
    assert scores["a"] != pytest.approx(of_a, abs=0.05)  # the odd one had a part in it


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
