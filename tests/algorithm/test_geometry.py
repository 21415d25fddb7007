"""Geometry by hand, round trips, and cutting against exact values. See docs/conventions.md."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.algorithm.geometry import PatchGeometry, Pose, cut_patches, rotation, scaled
from crt_plugin.parameters import Parameters

SIDES = st.floats(2, 500)
PLACES = st.floats(-300, 2000)


def geometry_of(w, h, stride=4, **changes):
    return PatchGeometry.of_object(w, h, Parameters().copy(**changes), stride)


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


def test_margin_by_hand():
    """8 cells on each side of 18 x 6: patch of 34 x 22 cells, response of 17 x 17."""
    geometry = geometry_of(17, 50).with_margin(8)
    assert geometry.cells == (34, 22)
    assert geometry.response_size == (17, 17)
    assert geometry.center == (8, 8)
    # one cell of the object is 17 / 6 px wide and 50 / 18 px high
    rect = geometry.patch_rect(np.array([100.0, 200.0, 17.0, 50.0]))
    assert rect == pytest.approx([100 - 8 * 17 / 6, 200 - 8 * 50 / 18, 22 * 17 / 6, 34 * 50 / 18])
    assert geometry.box_at(rect, 8, 8) == pytest.approx([100, 200, 17, 50])


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


@given(PLACES, PLACES, SIDES, SIDES, st.floats(-20, 90), st.floats(-20, 90))
def test_response_coordinates_round_trip(x, y, w, h, row, column):
    geometry = geometry_of(w, h)
    rect = geometry.patch_rect(np.array([x, y, w, h]))
    back = geometry.response_at(rect, geometry.box_at(rect, row, column))
    assert back == pytest.approx((row, column), abs=1e-6)


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


def test_scaled_keeps_the_center():
    # 10 % larger: 20 -> 22 and 10 -> 11, half of the difference on each side
    assert scaled(np.array([10.0, 20.0, 20.0, 10.0]), 1.1) == pytest.approx([9, 19.5, 22, 11])


def ramp(height=40, width=60):
    """Red grows by 3 with each column, green by 5 with each row."""
    rows, columns = np.mgrid[:height, :width]
    return np.dstack([3 * columns, 5 * rows, 0 * rows]).astype(np.uint8)


def test_cut_at_whole_pixels_is_a_slice():
    frame = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    patch = cut_patches(frame, [np.array([7.0, 5.0, 20.0, 12.0])], 12, 20)[0]
    assert np.array_equal(patch, frame[5:17, 7:27])


def test_cut_reads_at_pixel_centers():
    """Half size: output (0, 0) covers frame [4, 6) x [8, 10), whose mean is at index (8.5, 4.5)."""
    patch = cut_patches(ramp(), [np.array([4.0, 8.0, 20.0, 16.0])], 8, 10)[0]
    assert patch[0, 0].tolist() == pytest.approx([3 * 4.5, 5 * 8.5, 0], abs=0.51)
    assert patch[2, 3].tolist() == pytest.approx([3 * 10.5, 5 * 12.5, 0], abs=0.51)


def test_cut_keeps_fractions_of_a_pixel():
    patch = cut_patches(ramp(), [np.array([4.25, 8.5, 10.0, 8.0])], 8, 10)[0]
    # red at column 3: 3 x 7.25 = 21.75; green at row 2: 5 x 10.5 = 52.5
    assert patch[2, 3].tolist() == pytest.approx([21.75, 52.5, 0], abs=0.6)


def test_border_is_replicated():
    frame = ramp()
    patch = cut_patches(frame, [np.array([-6.0, 30.0, 12.0, 20.0])], 20, 12)[0]
    assert np.array_equal(patch[:10, :6], np.repeat(frame[30:40, :1], 6, axis=1))
    assert np.array_equal(patch[10:, 6:], np.repeat(frame[39:, :6], 10, axis=0))


def test_views_and_frames_that_are_not_contiguous():
    frame = ramp()
    rect = [np.array([7.0, 5.0, 20.0, 12.0])]
    flipped = frame[:, ::-1]
    expected = cut_patches(np.ascontiguousarray(flipped), rect, 12, 20)
    assert np.array_equal(cut_patches(flipped, rect, 12, 20), expected)


def test_a_quarter_turn_is_clockwise_on_the_screen():
    """x to the right turns into y downwards."""
    assert rotation(np.pi / 2) @ [1.0, 0.0] == pytest.approx([0, 1])
    assert rotation(np.pi / 2) @ [0.0, 1.0] == pytest.approx([-1, 0])


@pytest.mark.parametrize("turns", [1, 2, 3, -1])
def test_cut_by_quarter_turns_is_a_turned_slice(turns):
    """A patch turned clockwise sees the frame turned the other way."""
    frame = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    rect = np.array([20.0, 10.0, 16.0, 16.0])
    upright = cut_patches(frame, [rect], 16, 16)[0]
    patch = cut_patches(frame, [rect], 16, 16, [turns * np.pi / 2])[0]
    assert np.array_equal(patch, np.rot90(upright, turns))


def test_cut_turned_reads_where_the_matrix_says():
    """Each output pixel, by hand: from the patch's middle, turned, into the ramp."""
    angle, rect = 0.3, np.array([14.25, 10.5, 24.0, 12.0])
    patch = cut_patches(ramp(), [rect], 6, 8, [angle])[0]
    for row, column in [(0, 0), (2, 3), (5, 7), (4, 1)]:
        offset = np.array([(column + 0.5) * 3 - 12, (row + 0.5) * 2 - 6])
        x, y = np.array([26.25, 16.5]) + rotation(angle) @ offset
        assert patch[row, column].tolist() == pytest.approx(
            [3 * (x - 0.5), 5 * (y - 0.5), 0], abs=0.8
        )


def test_an_angle_of_zero_is_upright_to_the_bit():
    frame = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    rects = [np.array([7.3, 5.1, 20.7, 12.2])] * 2
    assert np.array_equal(
        cut_patches(frame, rects, 9, 11), cut_patches(frame, rects, 9, 11, [0, 0])
    )


def test_the_box_of_a_turned_object_by_hand():
    upright = np.array([10.0, 20.0, 40.0, 10.0])  # around (30, 25)
    assert Pose(upright).box is upright
    assert Pose(upright, np.pi / 2).box == pytest.approx([25, 5, 10, 40])
    assert Pose(upright, np.pi).box == pytest.approx(upright)
    # at 45 degrees both sides of the ellipse's box are sqrt((40^2 + 10^2) / 2)
    side = np.sqrt((40**2 + 10**2) / 2)
    assert Pose(upright, np.pi / 4).box == pytest.approx([30 - side / 2, 25 - side / 2, side, side])


@given(SIDES, SIDES, st.floats(-7, 7))
def test_the_box_of_a_turned_object_touches_the_ellipse(w, h, angle):
    """Against many points of the ellipse."""
    t = np.linspace(0, 2 * np.pi, 4001)
    points = rotation(angle) @ np.array([w / 2 * np.cos(t), h / 2 * np.sin(t)])
    box = Pose(np.array([-w / 2, -h / 2, w, h]), angle).box
    assert box[2:] == pytest.approx(np.ptp(points, axis=1), rel=1e-4)
    assert box[:2] + box[2:] / 2 == pytest.approx([0, 0], abs=1e-9)


@given(PLACES, PLACES, SIDES, SIDES, st.floats(-7, 7), st.floats(-50, 50), st.floats(-50, 50))
def test_a_move_in_a_turned_patch_turns_with_it(x, y, w, h, angle, dx, dy):
    pose = Pose(np.array([x, y, w, h]), angle)
    moved = pose.moved_to(np.array([x + dx, y + dy, w, h]))
    shift = moved.upright[:2] - pose.upright[:2]
    assert np.hypot(*shift) == pytest.approx(np.hypot(dx, dy), abs=1e-6)
    assert shift == pytest.approx(rotation(angle) @ [dx, dy], abs=1e-6)
    assert moved.upright[2:] == pytest.approx([w, h]) and moved.angle == angle


@given(SIDES, SIDES, st.floats(-7, 7), st.floats(0.5, 2))
def test_scaling_and_turning_keep_the_centre(w, h, angle, factor):
    pose = Pose(np.array([3.0, 4.0, w, h]), 0.2).scaled(factor).turned(angle)
    assert pose.upright[:2] + pose.upright[2:] / 2 == pytest.approx([3 + w / 2, 4 + h / 2])
    assert pose.upright[2:] == pytest.approx([w * factor, h * factor])
    assert pose.angle == pytest.approx(0.2 + angle)


@given(SIDES, SIDES, st.floats(-7, 7), PLACES, PLACES)
def test_a_pose_is_moved_to_its_box(w, h, angle, x, y):
    pose = Pose(np.array([3.0, 4.0, w, h]), angle)
    wanted = np.concatenate([[x, y], pose.box[2:]])
    assert pose.with_box(wanted).box == pytest.approx(wanted)
    assert pose.with_box(wanted).angle == angle


def test_a_search_of_the_whole_frame_by_hand():
    """Object of 20 x 10 px, filter of 7 x 14 cells: a cell is 10 / 7 px, both ways."""
    geometry = geometry_of(20, 10)
    whole, middle = geometry.searching((120, 160), np.array([3.0, 90.0, 20.0, 10.0]), 100_000)
    assert whole.cells == (84 + 6, 112 + 13)  # 120 / (10 / 7) = 84 rows of window centres
    assert whole.response_size == (84, 112)
    assert middle == pytest.approx([70, 55, 20, 10])
    rect = whole.patch_rect(middle)
    x, y, w, h = whole.box_at(rect, 0, 0)
    assert (x + w / 2, y + h / 2) == pytest.approx((5 / 7, 5 / 7))  # the first cell's middle


@given(
    st.floats(-50, 700),
    st.floats(-50, 500),
    st.floats(5, 100),
    st.floats(5, 100),
    st.integers(50, 20_000),
)
def test_a_search_is_inside_of_the_frame_and_its_limit(x, y, w, h, most):
    geometry, box = geometry_of(w, h), np.array([x, y, w, h])
    searched, middle = geometry.searching((480, 640), box, most)
    rows, columns = searched.response_size
    assert rows * columns <= most + rows + columns + 1  # both are rounded up
    cell = box[2:] / (geometry.filter_w, geometry.filter_h)
    half = (np.array([columns, rows]) - 1) / 2 * cell
    found = middle[:2] + middle[2:] / 2
    assert (found - half >= -1e-6).all() and (found + half <= np.array([640, 480]) + 1e-6).all()
    wanted = np.clip(box[:2] + box[2:] / 2, 0, [640, 480])
    # As near to the object as the frame's border lets it be
    assert (np.abs(found - wanted) <= half + cell).all()
