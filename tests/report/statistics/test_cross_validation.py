import pytest

from crt_plugin.errors import ParameterError
from crt_plugin.report.statistics.cross_validation import cross_validate


def test_by_hand():
    """``a`` is best on all three by 0.9 on z alone: without z, ``b`` is chosen."""
    scores = {"a": {"x": 0.4, "y": 0.4, "z": 0.9}, "b": {"x": 0.5, "y": 0.5, "z": 0.1}}
    result = cross_validate(scores)
    assert result.best == "a"
    assert result.tuned == pytest.approx((0.4 + 0.4 + 0.9) / 3)
    assert result.chosen == {"x": "a", "y": "a", "z": "b"}
    assert result.held_out == {"x": 0.4, "y": 0.4, "z": 0.1}
    assert result.mean == pytest.approx((0.4 + 0.4 + 0.1) / 3)


def test_folds_are_left_out_as_a_whole():
    """The folds are w, y and x, z: on x and z ``b`` is best, so w and y get it."""
    scores = {
        "a": {"x": 0.1, "y": 0.9, "z": 0.1, "w": 0.9},
        "b": {"x": 0.8, "y": 0.2, "z": 0.8, "w": 0.2},
    }
    result = cross_validate(scores, folds=2)
    assert result.chosen == {"w": "b", "x": "a", "y": "b", "z": "a"}
    assert result.mean == pytest.approx((0.2 + 0.1 + 0.2 + 0.1) / 4)
    assert cross_validate(scores, folds=4) == cross_validate(scores)


@pytest.mark.parametrize("folds", [-1, 0, 1, 3])
def test_impossible_folds(folds):
    with pytest.raises(ParameterError, match=f"{folds} folds of 2 sequences"):
        cross_validate({"a": {"x": 1.0, "y": 0.0}}, folds)


def test_a_choice_that_all_agree_on_loses_nothing():
    scores = {"a": {"x": 0.6, "y": 0.7, "z": 0.8}, "b": {"x": 0.5, "y": 0.6, "z": 0.7}}
    result = cross_validate(scores)
    assert result.mean == result.tuned == pytest.approx(0.7)


def test_only_common_sequences_count():
    scores = {"a": {"x": 0.5, "y": 0.5, "z": 0.0}, "b": {"y": 0.4, "x": 0.4}}
    assert cross_validate(scores).tuned == pytest.approx(0.5)


@pytest.mark.parametrize("scores", [{}, {"a": {"x": 1.0}}, {"a": {"x": 1.0}, "b": {"y": 1.0}}])
def test_too_few_sequences(scores):
    with pytest.raises(ParameterError, match="two or more"):
        cross_validate(scores)
