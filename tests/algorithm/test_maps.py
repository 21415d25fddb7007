import math

import numpy as np
import pytest

from crt_plugin.algorithm.geometry import PatchGeometry
from crt_plugin.algorithm.maps import gaussian_map, label_map, motion_map

GEOMETRY = PatchGeometry.of_object(
    (17, 50), filter_cells=100.0, patch_size=(5, 9), stride=4
)  # filter 18 x 6, response 73 x 49


def test_gaussian_by_hand():
    values = gaussian_map((5, 9), (1, 6), (2.0, 3.0))
    assert values.shape == (5, 9)
    assert values[1, 6] == 1
    # two rows down: exp(-(2 / 2)^2 / 2); three columns left: exp(-(3 / 3)^2 / 2)
    assert values[3, 6].item() == pytest.approx(math.exp(-0.5))
    assert values[1, 3].item() == pytest.approx(math.exp(-0.5))
    assert values[0, 8].item() == pytest.approx(math.exp(-((1 / 2) ** 2 + (2 / 3) ** 2) / 2))


def test_label_deviation_is_a_tenth_of_the_filter():
    label = label_map(GEOMETRY, 0.1, (40, 20)).numpy()
    assert label.shape == (73, 49)
    assert np.unravel_index(label.argmax(), label.shape) == (40, 20)
    assert label[41, 20] == pytest.approx(math.exp(-((1 / 1.8) ** 2) / 2))  # sigma 0.1 x 18
    assert label[40, 21] == pytest.approx(math.exp(-((1 / 0.6) ** 2) / 2))  # sigma 0.1 x 6


def test_motion_map_is_centered_with_the_same_deviation_in_both_directions():
    motion = motion_map(GEOMETRY, 6.0).numpy()
    assert motion.shape == (73, 49)
    assert motion[36, 24] == 1
    # 6 cells, in rows and in columns
    assert motion[30, 24] == pytest.approx(math.exp(-0.5))
    assert motion[36, 18] == pytest.approx(math.exp(-0.5))
    assert np.allclose(motion, motion[::-1, ::-1])
