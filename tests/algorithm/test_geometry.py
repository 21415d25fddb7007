"""Geometry by hand, round trips, and cutting against exact values. See docs/conventions.md."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.algorithm.geometry import PatchGeometry, cut_patches, scale_box

SIDES = st.floats(2, 500)
PLACES = st.floats(-300, 2000)


def geometry_of(w, h, stride=4):
    return PatchGeometry.of_object((w, h), filter_cells=100.0, patch_size=(5, 9), stride=stride)


@pytest.mark.parametrize(
    ("w", "h", "filter_size"),
    [
        (17, 50, (18, 6)),  # aspect 2.941: kw = round(5.83) = 6, kh = round(2.941 x 6) = 18
        (56, 65, (10, 9)),  # aspect 1.161: kw = round(9.28) = 9, kh = round(10.45) = 10
        (95, 65, (8, 12)),  # aspect 0.684: kw = round(12.09) = 12, kh = round(8.21) = 8
        (1, 50, (50, 1)),  # aspect 50: kw = round(1.41) = 1
        (50, 1, (1, 71)),  # aspect 0.02: kw = round(70.7) = 71, kh = round(1.42) = 1
    ],
)
def test_filter_size_by_hand(w, h, filter_size):
    geometry = geometry_of(w, h)
    assert (geometry.filter_h, geometry.filter_w) == filter_size


def test_sizes_by_hand():
    geometry = geometry_of(17, 50)  # filter 18 x 6
    assert geometry.cells == (90, 54)  # 5 x 18, 9 x 6
    assert geometry.input_size == (360, 216)
    assert geometry.response_size == (73, 49)  # 4 x 18 + 1, 8 x 6 + 1
    assert geometry.center == (36, 24)


def test_patch_rect_by_hand():
    # centre (10 + 10, 20 + 5) = (20, 25); 9 x 20 = 180 wide, 5 x 10 = 50 high
    rect = geometry_of(20, 10).patch_rect(np.array([10.0, 20.0, 20.0, 10.0]))
    assert rect.tolist() == [-70, 0, 180, 50]


def test_box_at_by_hand():
    """Rows go down and columns right: one cell is patch / cells in each direction."""
    geometry = geometry_of(20, 10)  # kw = 14, kh = 7: cells 35 x 126
    rect = np.array([-70.0, 0.0, 180.0, 50.0])
    # row 14 of 35 in 50 px: y = 20; column 56 of 126 in 180 px: x = -70 + 80 = 10
    assert geometry.center == (14, 56)
    assert geometry.box_at(rect, 14, 56) == pytest.approx([10, 20, 20, 10])
    # one row further: 50 / 35 px down; two columns: 2 x 180 / 126 px right
    moved = geometry.box_at(rect, 15, 58)
    assert moved == pytest.approx([10 + 360 / 126, 20 + 50 / 35, 20, 10])


@given(PLACES, PLACES, SIDES, SIDES)
def test_center_of_the_response_is_the_object(x, y, w, h):
    geometry = geometry_of(w, h)
    box = np.array([x, y, w, h])
    rows, columns = geometry.response_size
    assert rows % 2 == 1 and columns % 2 == 1
    assert geometry.box_at(geometry.patch_rect(box), *geometry.center) == pytest.approx(box)


@given(SIDES, SIDES)
def test_filter_has_about_the_wanted_number_of_cells(w, h):
    """Rounding kw moves the area by up to (1 / (2 kw))^2 in both factors."""
    geometry = geometry_of(w, h)
    ideal_w = np.sqrt(100 / (h / w))
    if 0.1 < w / h < 10:
        area = geometry.filter_h * geometry.filter_w
        low, high = ((ideal_w - 0.5) / ideal_w) ** 2, ((ideal_w + 0.5) / ideal_w) ** 2
        slack = 0.5 * geometry.filter_w
        assert 100 * low - slack <= area <= 100 * high + slack


def test_a_scaled_box_keeps_its_center():
    # 10 % larger: 20 -> 22 and 10 -> 11, half of the difference on each side
    assert scale_box(np.array([10.0, 20.0, 20.0, 10.0]), 1.1) == pytest.approx([9, 19.5, 22, 11])


def ramp(height=40, width=60):
    """Red grows by 3 with each column, green by 5 with each row."""
    rows, columns = np.mgrid[:height, :width]
    return np.dstack([3 * columns, 5 * rows, 0 * rows]).astype(np.uint8)


def test_cut_at_whole_pixels_is_a_slice():
    frame = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    patch = cut_patches(frame, [np.array([7.0, 5.0, 20.0, 12.0])], (12, 20))[0]
    assert np.array_equal(patch, frame[5:17, 7:27])


def test_cut_reads_at_pixel_centers():
    """At half size, (0, 0) covers frame [4, 6) x [8, 10), whose mean is at index (8.5, 4.5)."""
    patch = cut_patches(ramp(), [np.array([4.0, 8.0, 20.0, 16.0])], (8, 10))[0]
    assert patch[0, 0].tolist() == pytest.approx([3 * 4.5, 5 * 8.5, 0], abs=0.51)
    assert patch[2, 3].tolist() == pytest.approx([3 * 10.5, 5 * 12.5, 0], abs=0.51)


def test_cut_keeps_fractions_of_a_pixel():
    patch = cut_patches(ramp(), [np.array([4.25, 8.5, 10.0, 8.0])], (8, 10))[0]
    # red at column 3: 3 x 7.25 = 21.75; green at row 2: 5 x 10.5 = 52.5
    assert patch[2, 3].tolist() == pytest.approx([21.75, 52.5, 0], abs=0.6)


def test_border_is_replicated():
    frame = ramp()
    patch = cut_patches(frame, [np.array([-6.0, 30.0, 12.0, 20.0])], (20, 12))[0]
    assert np.array_equal(patch[:10, :6], np.repeat(frame[30:40, :1], 6, axis=1))
    assert np.array_equal(patch[10:, 6:], np.repeat(frame[39:, :6], 10, axis=0))


def test_views_and_frames_that_are_not_contiguous():
    frame = ramp()
    rect = [np.array([7.0, 5.0, 20.0, 12.0])]
    flipped = frame[:, ::-1]
    expected = cut_patches(np.ascontiguousarray(flipped), rect, (12, 20))
    assert np.array_equal(cut_patches(flipped, rect, (12, 20)), expected)
