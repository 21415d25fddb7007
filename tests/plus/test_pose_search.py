"""Search of scale and angle: the axes by hand, and a scene that rotates."""

import math
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.algorithm.geometry import PatchGeometry
from crt_plugin.errors import ParameterError
from crt_plugin.parameters import Parameters
from crt_plugin.plus.pose import Pose
from crt_plugin.plus.pose_search import Axis, choose_pose, list_poses, shrink_patch
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import scene, start_tracker

BOX = (60.0, 40.0, 24.0, 16.0)
MIDDLE = (72.0, 48.0)


def rotate(degrees, dx=0.0, dy=0.0):
    """The scene rotated clockwise on the screen around the centre of BOX."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    # pixel centres are at + 1/2
    x, y = MIDDLE[0] - 0.5, MIDDLE[1] - 0.5
    turn = np.array([[c, -s, x - c * x + s * y + dx], [s, c, y - s * x - c * y + dy]])
    return cv2.warpAffine(scene(60, 40), turn, (160, 120), borderMode=cv2.BORDER_REPLICATE)


start = partial(start_tracker, search="two_step")


def test_the_best_step_is_taken():
    assert Axis([0.9, 1.0, 1.1], 1).choose([0.1, 0.2, 0.3], refine=False) == 1.1


def test_the_first_of_equals_is_taken():
    assert Axis([0.9, 1.0, 1.1], 1).choose([0.2, 0.2, 0.2], refine=False) == 0.9


def test_a_penalty_keeps_what_is_hardly_worse():
    axis = Axis([-6.0, 0.0, 6.0], 1, penalty=0.05)
    assert axis.choose([0.1, 0.5, 0.52], refine=False) == 0
    assert axis.choose([0.1, 0.5, 0.53], refine=False) == 6


@given(st.floats(-0.45, 0.45), st.floats(0.1, 5), st.floats(0.5, 8))
def test_the_top_of_a_parabola_is_found(top, steepness, width):
    """Values of 1 - k (x - top)^2 at -width, 0 and width."""
    steps = [-width, 0.0, width]
    values = [1 - steepness * (x / width - top) ** 2 for x in steps]
    assert Axis(steps, 1).choose(values, refine=True) == pytest.approx(top * width, abs=1e-6)


def test_there_is_no_parabola_at_the_ends_or_on_a_plateau():
    axis = Axis([0.98, 1.0, 1.02], 1)
    assert axis.choose([0.1, 0.2, 0.3], refine=True) == 1.02
    assert axis.choose([0.3, 0.2, 0.1], refine=True) == 0.98
    assert Axis([1.0, 1.02], 0).choose([0.3, 0.2], refine=True) == 1.0
    assert axis.choose([0.0, 0.0, 0.0], refine=True) == 0.98


def test_poses_are_along_two_axes():
    pose = Pose(np.array(BOX), 0.5)
    tried = list_poses(pose, Axis([0.9, 1.0, 1.1], 1), Axis([-0.1, 0.0, 0.1], 1))
    sizes = [each.upright[2] for each in tried]
    assert sizes == pytest.approx([21.6, 24, 26.4, 24, 24])
    assert [each.angle for each in tried] == pytest.approx([0.5, 0.5, 0.5, 0.4, 0.6])


def test_each_axis_is_chosen_by_its_own_scores():
    sizes, angles = Axis([0.9, 1.0, 1.1], 1), Axis([-0.1, 0.0, 0.1], 1)
    scores = [0.1, 0.4, 0.5, 0.2, 0.3]  # of 0.9, 1.0, 1.1, then -0.1 and 0.1
    assert choose_pose(sizes, angles, scores, refine=False) == (1.1, 0.0)
    scores = [0.1, 0.4, 0.3, 0.45, 0.3]
    assert choose_pose(sizes, angles, scores, refine=False) == (1.0, -0.1)
    scale, turn = choose_pose(sizes, angles, [0.2, 0.4, 0.2, 0.3, 0.3], refine=True)
    assert scale == pytest.approx(1.0) and turn == pytest.approx(0.0)


@pytest.mark.parametrize("sense", [1, -1])
def test_a_turning_object_is_followed(small, sense):
    """Clockwise is positive; the box of a rotated 24 x 16 object grows in height."""
    tracker = start(small, rotation_step=6.0, pose_refinement="parabola", filter_cells=100.0)
    for degrees in range(5, 46, 5):
        before = tracker.last.pose.angle
        box = tracker.update(rotate(sense * degrees, dx=degrees / 5))
        assert tracker.last.patch_angle == before  # the patch is turned as the object was
    angle = math.degrees(tracker.last.pose.angle)
    assert angle == pytest.approx(sense * 45, abs=8)
    assert box[:2] + box[2:] / 2 == pytest.approx((MIDDLE[0] + 9, MIDDLE[1]), abs=2)
    assert box == pytest.approx(tracker.last.pose.box)
    assert box[2] / box[3] == pytest.approx(1, abs=0.25)
    width, height = tracker.last.pose.upright[2:]
    assert width / height == pytest.approx(1.5)


def test_a_still_object_does_not_turn(small):
    tracker = start(small, rotation_step=6.0, rotation_penalty=0.05)
    for _ in range(5):
        tracker.update(scene(60, 40))
    assert tracker.last.pose.angle == 0


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ((2, 1), [1, 3, 1, 5, 1, 3, 1, 5]),
        ((2, 2), [1, 3, 1, 3, 1, 3, 1, 3]),
        ((4, 3), [1, 3, 1, 1, 1, 5]),
    ],
)
def test_sizes_and_angles_are_searched_in_their_turns(small, intervals, expected):
    tracker = start(
        small, rotation_step=6.0, scale_interval=intervals[0], rotation_interval=intervals[1]
    )
    batches = []
    extract = tracker.features.extract
    tracker.features.extract = lambda patches: batches.append(len(patches)) or extract(patches)
    for _ in range(4):
        tracker.update(scene(60, 40))
    assert batches == expected


@pytest.mark.parametrize(("threshold", "batches"), [(0.0, 8), (0.01, 8), (1.0, 4)])
def test_size_and_angle_of_a_hidden_object_stay(small, threshold, batches):
    """Peaks here are between 0.01 and 1: the second step is skipped or not."""
    tracker = start(small, rotation_step=6.0, pose_threshold=threshold)
    calls = []
    extract = tracker.features.extract
    tracker.features.extract = lambda patches: calls.append(1) or extract(patches)
    for size in range(4):
        tracker.update(rotate(5 * size))
    assert len(calls) == batches
    assert (tracker.last.pose.angle == 0) == (batches == 4)


def test_a_turned_object_that_leaves_the_frame_keeps_a_pixel_inside(small):
    tracker = start(small, rotation_step=6.0)
    far_away = Pose(np.array([-300.0, 400.0, 24.0, 16.0]), 0.7)
    tracker._last = replace(tracker.last, pose=far_away)
    box = tracker.update(scene(60, 40))
    assert box[0] + box[2] >= 1 - 1e-9 and box[1] <= 119 + 1e-9
    assert tracker.last.pose.angle != 0


def test_angles_need_the_second_step():
    with pytest.raises(ParameterError, match=r"rotation_step = 6.*search = 'joint'.*two_step"):
        CRTTracker(Parameters().copy(features="rgb", rotation_step=6))


def test_margin_by_hand():
    """8 cells on each side of 18 x 6: patch of 34 x 22 cells, response of 17 x 17."""
    geometry = shrink_patch(PatchGeometry(18, 6, (90, 54), 4), 8)
    assert geometry.cells == (34, 22)
    assert geometry.response_size == (17, 17)
    assert geometry.center == (8, 8)
    # one cell of the object is 17 / 6 px wide and 50 / 18 px high
    rect = geometry.patch_rect(np.array([100.0, 200.0, 17.0, 50.0]))
    assert rect == pytest.approx([100 - 8 * 17 / 6, 200 - 8 * 50 / 18, 22 * 17 / 6, 34 * 50 / 18])
    assert geometry.box_at(rect, 8, 8) == pytest.approx([100, 200, 17, 50])
