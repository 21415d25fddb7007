"""The parametric model against its published parameters, and known colours."""

import numpy as np
import pytest

from crt_plugin.features import color_naming
from crt_plugin.features.color_naming import TERMS

# Rows as published: number of the interval, term; centre (2), angles of both borders in radians
# (2), their slopes (2), slope of the ellipse, its semi-axes (2) and angle in radians.
PUBLISHED = """
0 brown 0.42419964 0.24935913 0.58382621 0.25403881 1.72499209 0.84402837 9.84405931 5.88939523
    7.47432124 0.04050718
1 pink 0.22956322 0.66319006 -0.27435959 -1.53226390 1.10031784 0.52436273 6.03260303 6.45705135
    7.87254713 0.30701632
2 orange -0.11733586 0.51800767 0.77587456 -0.50201463 0.56527939 0.51722702 6.81218149 5.38109004
    6.98237582 0.34177079
3 red -0.44316908 1.07591884 0.46287882 -0.99504027 0.93910716 0.75484280 7.31858270 6.06365916
    7.50204671 0.42844945
3 yellow -0.44316908 1.07591884 1.39830359 0.09901826 0.47835374 0.72874164 7.31858270 6.06365916
    7.50204671 0.42844945
4 green -0.56545804 1.16327519 1.78496461 1.72030985 0.85600414 0.73664453 100.0 5.36820773
    6.90048122 0.43202399
5 blue -1.25643027 1.81438090 3.31692392 -2.60808914 0.90000994 0.59898491 100.0 6.03989989
    7.39318578 -0.02082018
5 purple -1.25643027 1.81438090 -1.03729281 -2.13569227 0.59898491 1.93131386 100.0 6.03989989
    7.39318578 -0.02082018
"""
PUBLISHED_ROWS = [row.split() for row in PUBLISHED.replace("\n    ", " ").strip().split("\n")]


def literal_membership(a, b, tx, ty, ax, ay, bx, by, be, ex, ey, phi):
    """Triple sigmoid with elliptical centre, by a category's own two borders."""
    x, y = a - tx, b - ty
    border_y = x * np.cos(ay) + y * np.sin(ay)
    border_x = -x * np.sin(ax) + y * np.cos(ax)
    u = (x * np.cos(phi) + y * np.sin(phi)) / ex
    v = (-x * np.sin(phi) + y * np.cos(phi)) / ey
    exponents = np.stack([-by * border_y, -bx * border_x, -be * (u * u + v * v - 1)])
    return np.prod(1 / (1 + np.exp(np.minimum(exponents, 600))), axis=0)


@pytest.mark.parametrize("row", PUBLISHED_ROWS, ids=lambda row: " ".join(row[:2]))
def test_memberships_are_those_of_the_published_parameters(row):
    number, term, *parameters = row
    angles, chromas = np.meshgrid(np.linspace(0, 2 * np.pi, 73), np.arange(1.0, 70))
    a, b = (chromas * np.cos(angles)).ravel(), (chromas * np.sin(angles)).ravel()
    ours = color_naming.chromatic_memberships(a, b, color_naming.INTERVALS[int(number)])[term]
    expected = literal_membership(a, b, *map(float, parameters))
    assert expected.max() > 0.9
    np.testing.assert_allclose(ours, expected, atol=5e-4)


@pytest.mark.parametrize(
    ("lightness", "number"), [(0, 0), (31, 0), (31.01, 1), (42.01, 2), (66, 3), (76, 4), (77, 5)]
)
def test_lightness_chooses_the_interval(lightness, number):
    a, b = np.array([20.0]), np.array([45.0])
    expected = color_naming.chromatic_memberships(a, b, color_naming.INTERVALS[number])
    memberships = color_naming.compute_tse(np.array([[lightness, 20, 45]]))[0]
    for term, value in expected.items():
        assert memberships[TERMS.index(term)] == pytest.approx(value[0], abs=1e-3)


@pytest.mark.parametrize(
    ("lightness", "term", "other"), [(28.282522, "black", "grey"), (79.649301, "grey", "white")]
)
def test_achromatic_terms_meet_at_the_published_lightness(lightness, term, other):
    at, below = color_naming.compute_tse(np.array([[lightness, 0, 0], [lightness - 3, 0, 0]]))
    assert at[TERMS.index(term)] == pytest.approx(at[TERMS.index(other)], rel=1e-6)
    assert at[TERMS.index(term)] == pytest.approx(0.5, abs=0.01)
    assert below[TERMS.index(term)] > 0.7


def test_lab_of_known_colours():
    known = {  # as colour textbooks give them
        (255, 0, 0): (53.24, 80.09, 67.20),
        (0, 255, 0): (87.74, -86.18, 83.18),
        (0, 0, 255): (32.30, 79.19, -107.86),
        (119, 119, 119): (50.03, 0, 0),
        (5, 5, 5): (1.37, 0, 0),  # on the straight parts of both curves: 903.3 * 5 / 255 / 12.92
    }
    lab = color_naming.lab_of(np.array(list(known), dtype=np.float64))
    np.testing.assert_allclose(lab, list(known.values()), atol=0.03)


def test_only_vivid_colours_are_limited():
    colors = color_naming.color_of_index()
    before, after = color_naming.lab_of(colors), color_naming.limited_lab(colors)
    chroma = np.hypot(before[:, 1], before[:, 2])
    vivid = chroma > 1.5 * before[:, 0]
    assert 0.2 < vivid.mean() < 0.3
    np.testing.assert_array_equal(after[~vivid], before[~vivid])
    ratio = np.hypot(after[vivid, 1], after[vivid, 2]) / after[vivid, 0]
    np.testing.assert_allclose(ratio, 1.5, atol=1e-3)


def test_limiting_matters_for_screen_primaries():
    primaries = np.array([[255.0, 0, 0], [0, 0, 255]])
    literal = color_naming.compute_tse(color_naming.lab_of(primaries)).argmax(axis=1)
    assert [TERMS[i] for i in literal] == ["orange", "purple"]
    limited = color_naming.compute_tse(color_naming.limited_lab(primaries)).argmax(axis=1)
    assert [TERMS[i] for i in limited] == ["red", "blue"]


def test_table_is_shared_and_protected():
    assert color_naming.parametric_table() is color_naming.parametric_table()
    with pytest.raises(ValueError, match="read-only"):
        color_naming.parametric_table()[0, 0] = 1
