"""Maxima between the cells."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.algorithm.maps import gaussian_map
from crt_plugin.plus.subcell import find_gaussian_peak


@given(st.floats(-0.5, 0.5), st.floats(0.5, 3))
def test_the_top_of_a_gaussian_between_cells_is_found(offset, sigma):
    """Exact, as long as both neighbours are at least a tenth of the maximum."""
    profile = gaussian_map((11, 1), (5 + offset, 0), (sigma, 1.0))[:, 0]
    expected = offset if profile[4:7].min() > 0.1 * profile[5] else pytest.approx(offset, abs=0.25)
    assert find_gaussian_peak(3.7 * profile, 5) == pytest.approx(expected, abs=1e-4)


def test_the_top_is_on_the_side_of_the_larger_neighbour():
    # logarithms to the base of 10 are -1, 0, -0.5: (-1 + 0.5) / (2 (-1 - 0.5)) = 1 / 6
    profile = torch.tensor([0.0, 0.1, 1.0, 10**-0.5, 0.0])
    assert find_gaussian_peak(profile, 2) == pytest.approx(1 / 6)


def test_a_neighbour_that_is_not_positive_counts_as_a_tenth():
    assert find_gaussian_peak(torch.tensor([-1.0, 1.0, 0.1]), 1) == pytest.approx(0, abs=1e-6)
    assert find_gaussian_peak(torch.tensor([-1.0, 1.0, 1.0]), 1) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("profile", "index"),
    [
        ([3.0, 2.0, 1.0], 0),
        ([1.0, 2.0, 3.0], 2),
        ([1.0], 0),
        ([-2.0, -1.0, -2.0], 1),
        ([1.0] * 3, 1),
    ],
)
def test_no_top_between_cells(profile, index):
    """At the ends, on a plateau, and if no value is positive."""
    assert find_gaussian_peak(torch.tensor(profile), index) == 0
