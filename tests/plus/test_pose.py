"""Poses by hand and by invariances, and patches that rotate with them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.algorithm.geometry import PatchGeometry, cut_patches
from crt_plugin.plus.pose import Pose, cut_posed_patches, rotation_matrix
from tests.algorithm.test_geometry import ramp

SIDES = st.floats(2, 500)
PLACES = st.floats(-300, 2000)
SQUARE = PatchGeometry(2, 2, (4, 4), 4)  # a patch of 16 x 16 px, twice as large as the object


def test_a_quarter_turn_is_clockwise_on_the_screen():
    """x to the right becomes y downwards."""
    assert rotation_matrix(np.pi / 2) @ [1.0, 0.0] == pytest.approx([0, 1])
    assert rotation_matrix(np.pi / 2) @ [0.0, 1.0] == pytest.approx([-1, 0])


@pytest.mark.parametrize("turns", [1, 2, 3, -1])
def test_cut_by_quarter_turns_is_a_turned_slice(turns):
    """A patch rotated clockwise sees the frame rotated counterclockwise."""
    frame = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    rect = np.array([24.0, 14.0, 8.0, 8.0])  # the patch is twice as large
    upright = cut_patches(frame, [SQUARE.patch_rect(rect)], (16, 16))[0]
    patch = cut_posed_patches(frame, [Pose(rect, turns * np.pi / 2)], SQUARE)[0]
    assert np.array_equal(patch, np.rot90(upright, turns))


def test_cut_turned_reads_where_the_matrix_says():
    """Each output pixel by hand: its offset from the centre, rotated, read from the ramp."""
    angle, rect = 0.3, np.array([14.25, 10.5, 24.0, 12.0])
    geometry = PatchGeometry(1, 1, (6, 8), 1)  # the object is one cell of the patch
    middle = rect[:2] + rect[2:] / 2
    box = np.concatenate([middle - rect[2:] / (8, 6) / 2, rect[2:] / (8, 6)])
    patch = cut_posed_patches(ramp(), [Pose(box, angle)], geometry)[0]
    for row, column in [(0, 0), (2, 3), (5, 7), (4, 1)]:
        offset = np.array([(column + 0.5) * 3 - 12, (row + 0.5) * 2 - 6])
        x, y = np.array([26.25, 16.5]) + rotation_matrix(angle) @ offset
        assert patch[row, column].tolist() == pytest.approx(
            [3 * (x - 0.5), 5 * (y - 0.5), 0], abs=0.8
        )


def test_an_angle_of_zero_is_upright_to_the_bit():
    frame = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    box = np.array([7.3, 5.1, 20.7, 12.2])
    upright = cut_patches(frame, [SQUARE.patch_rect(box)], SQUARE.input_size)
    assert np.array_equal(cut_posed_patches(frame, [Pose(box)], SQUARE), upright)


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
    """Checked on many points of the ellipse."""
    t = np.linspace(0, 2 * np.pi, 4001)
    points = rotation_matrix(angle) @ np.array([w / 2 * np.cos(t), h / 2 * np.sin(t)])
    box = Pose(np.array([-w / 2, -h / 2, w, h]), angle).box
    assert box[2:] == pytest.approx(np.ptp(points, axis=1), rel=1e-4)
    assert box[:2] + box[2:] / 2 == pytest.approx([0, 0], abs=1e-9)


@given(PLACES, PLACES, SIDES, SIDES, st.floats(-7, 7), st.floats(-50, 50), st.floats(-50, 50))
def test_a_move_in_a_turned_patch_turns_with_it(x, y, w, h, angle, dx, dy):
    pose = Pose(np.array([x, y, w, h]), angle)
    moved = pose.move_to(np.array([x + dx, y + dy, w, h]))
    shift = moved.upright[:2] - pose.upright[:2]
    assert np.hypot(*shift) == pytest.approx(np.hypot(dx, dy), abs=1e-6)
    assert shift == pytest.approx(rotation_matrix(angle) @ [dx, dy], abs=1e-6)
    assert moved.upright[2:] == pytest.approx([w, h]) and moved.angle == angle


@given(SIDES, SIDES, st.floats(-7, 7), st.floats(0.5, 2))
def test_scaling_and_turning_keep_the_centre(w, h, angle, factor):
    pose = Pose(np.array([3.0, 4.0, w, h]), 0.2).scale(factor).rotate(angle)
    assert pose.upright[:2] + pose.upright[2:] / 2 == pytest.approx([3 + w / 2, 4 + h / 2])
    assert pose.upright[2:] == pytest.approx([w * factor, h * factor])
    assert pose.angle == pytest.approx(0.2 + angle)


@given(SIDES, SIDES, st.floats(-7, 7), PLACES, PLACES)
def test_a_pose_is_moved_to_its_box(w, h, angle, x, y):
    pose = Pose(np.array([3.0, 4.0, w, h]), angle)
    wanted = np.concatenate([[x, y], pose.box[2:]])
    assert pose.place_box(wanted).box == pytest.approx(wanted)
    assert pose.place_box(wanted).angle == angle
