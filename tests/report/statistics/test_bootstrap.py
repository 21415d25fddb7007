import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.report.statistics.bootstrap import paired_difference, paired_differences

SCORES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=12)


def by_name(values):
    return {f"s{i}": value for i, value in enumerate(values)}


def literal(first, second):
    """The paired bootstrap written out: number of common sequences; mean and interval."""
    d = np.array([first[name] - second[name] for name in first if name in second])
    chosen = np.random.default_rng(0).integers(len(d), size=(10_000, len(d)))
    means = np.sort([d[draw].mean() for draw in chosen])
    return len(d), (d.mean(), np.percentile(means, 2.5), np.percentile(means, 97.5))


def test_interval_of_many_alike_is_the_normal_one():
    """By the central limit theorem: mean -+ 1.96 s / sqrt(n)."""
    rng = np.random.default_rng(3)
    values = rng.normal(0.05, 0.1, 400)
    found = paired_difference(by_name(values), by_name(np.zeros(400)))
    half = 1.96 * values.std() / np.sqrt(400)
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_what_both_find_hard_cancels():
    hard = np.linspace(0, 1, 20)
    found = paired_difference(by_name(hard + 0.01), by_name(hard))
    assert found.low == pytest.approx(0.01) and found.high == pytest.approx(0.01)


@given(SCORES)
def test_swapping_turns_the_sign(pairs):
    first, second = (by_name(values) for values in zip(*pairs, strict=True))
    one = paired_difference(first, second, draws=200)
    other = paired_difference(second, first, draws=200)
    assert one.mean == pytest.approx(-other.mean)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.low - 1e-9 <= one.mean <= one.high + 1e-9


def test_only_common_sequences_count():
    first, second = {"a": 1.0, "b": 0.5, "c": 0.0}, {"b": 0.0, "c": 0.5, "d": 1.0}
    found = paired_difference(first, second)
    assert (found.mean, found.sequences) == (0.0, 2)
    assert str(found) == "+0.000 [-0.500, +0.500], 2 sequences"


def test_one_sequence_says_nothing():
    assert paired_difference({"a": 1.0}, {"a": 0.0, "b": 0.0}) is None


def test_all_pairs_at_once_are_each_pair_alone():
    """b lacks a sequence, c has others, d shares one with nobody but c."""
    rng = np.random.default_rng(5)
    names = [f"s{i}" for i in range(9)]
    scores = {tracker: dict(zip(names, rng.random(9), strict=True)) for tracker in "abcd"}
    del scores["b"]["s4"]
    for name in names[:6]:
        del scores["c"][name]
    scores["d"] = {"s8": 0.5}
    found = paired_differences(scores)
    assert list(found) == [("a", "b"), ("a", "c"), ("b", "c")]
    for (first, second), together in found.items():
        count, ends = literal(scores[first], scores[second])
        assert together.sequences == count
        assert (together.mean, together.low, together.high) == pytest.approx(ends, abs=1e-12)
