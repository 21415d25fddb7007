import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.algorithm.geometry import PatchGeometry
from crt_plugin.algorithm.maps import gaussian_map, gaussian_top, label_map, motion_map, score_of
from crt_plugin.parameters import Parameters

PARAMS = Parameters()
GEOMETRY = PatchGeometry.of_object(17, 50, PARAMS, stride=4)  # filter 18 x 6, response 73 x 49


def test_gaussian_by_hand():
    values = gaussian_map((5, 9), (1, 6), (2.0, 3.0))
    assert values.shape == (5, 9)
    assert values[1, 6] == 1
    # two rows down: exp(-(2 / 2)^2 / 2); three columns left: exp(-(3 / 3)^2 / 2)
    assert values[3, 6].item() == pytest.approx(math.exp(-0.5))
    assert values[1, 3].item() == pytest.approx(math.exp(-0.5))
    assert values[0, 8].item() == pytest.approx(math.exp(-((1 / 2) ** 2 + (2 / 3) ** 2) / 2))


def test_label_deviation_is_a_tenth_of_the_filter():
    label = label_map(GEOMETRY, PARAMS, 40, 20).numpy()
    assert label.shape == (73, 49)
    assert np.unravel_index(label.argmax(), label.shape) == (40, 20)
    assert label[41, 20] == pytest.approx(math.exp(-((1 / 1.8) ** 2) / 2))  # sigma 0.1 x 18
    assert label[40, 21] == pytest.approx(math.exp(-((1 / 0.6) ** 2) / 2))  # sigma 0.1 x 6


def test_motion_map_is_centered_with_the_same_deviation_in_both_directions():
    motion = motion_map(GEOMETRY, PARAMS).numpy()
    assert motion.shape == (73, 49)
    assert motion[36, 24] == 1
    # sigma 0.6 x sqrt(100) = 6 cells, in rows and in columns
    assert motion[30, 24] == pytest.approx(math.exp(-0.5))
    assert motion[36, 18] == pytest.approx(math.exp(-0.5))
    assert np.allclose(motion, motion[::-1, ::-1])


@given(st.floats(-0.5, 0.5), st.floats(0.5, 3))
def test_the_top_of_a_gaussian_between_cells_is_found(offset, sigma):
    """Down to a neighbour of a tenth of the maximum, exactly."""
    profile = gaussian_map((11, 1), (5 + offset, 0), (sigma, 1.0))[:, 0]
    expected = offset if profile[4:7].min() > 0.1 * profile[5] else pytest.approx(offset, abs=0.25)
    assert gaussian_top(3.7 * profile, 5) == pytest.approx(expected, abs=1e-4)


def test_the_top_is_on_the_side_of_the_larger_neighbour():
    # logarithms to the base of 10 are -1, 0, -0.5: (-1 + 0.5) / (2 (-1 - 0.5)) = 1 / 6
    profile = torch.tensor([0.0, 0.1, 1.0, 10**-0.5, 0.0])
    assert gaussian_top(profile, 2) == pytest.approx(1 / 6)


def test_a_neighbour_that_is_not_positive_counts_as_a_tenth():
    assert gaussian_top(torch.tensor([-1.0, 1.0, 0.1]), 1) == pytest.approx(0, abs=1e-6)
    assert gaussian_top(torch.tensor([-1.0, 1.0, 1.0]), 1) == pytest.approx(0.5)


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
    """At the ends, on flat ground, and where nothing is positive."""
    assert gaussian_top(torch.tensor(profile), index) == 0


@pytest.mark.parametrize(("peak", "score"), [(0.0, 0.0), (0.37, 0.37), (1.0, 1.0), (1.2, 1.0)])
def test_the_score_is_the_peak_where_it_is_not_calibrated(peak, score):
    assert score_of(peak, PARAMS) == score


@pytest.mark.parametrize("peak", [-1e6, -0.2, 0.0, 0.15, 0.2, 0.8, 1e6])
def test_the_calibrated_score_is_the_logistic_function(peak):
    """1 / (1 + exp(-slope (peak - even))), without overflow."""
    calibrated = PARAMS.copy(score_slope=10.0, score_even=0.15)
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-10.0 * np.float64(peak - 0.15)))
    assert score_of(peak, calibrated) == pytest.approx(expected, abs=1e-12)
    assert 0 <= score_of(peak, calibrated) <= 1
