"""The mean box of trackers that agree: each goes on as it would alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.errors import BoxError
from crt_plugin.hosts.got10k.toolkit import rect_iou
from crt_plugin.parameters import load_parameters
from crt_plugin.plus.ensemble import average_boxes, find_overlap
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import scene

BOX = (60, 40, 24, 16)
FRAMES = [scene(60 + 3 * i, 40 + i) for i in range(6)]
LEAD = np.array([[10.0, 20.0, 40.0, 30.0]])
NEAR = np.array([[16.0, 20.0, 40.0, 36.0]])
FAR = np.array([[60.0, 20.0, 40.0, 30.0]])
NOTHING = np.full((1, 4), np.nan)

boxes = st.lists(
    st.tuples(*[st.floats(-50, 50)] * 2, *[st.floats(1, 90)] * 2), min_size=1, max_size=4
).map(np.array)


def test_the_mean_is_that_of_the_boxes_that_overlap():
    assert average_boxes(LEAD, []).tolist() == LEAD.tolist()
    assert average_boxes(LEAD, [NEAR]).tolist() == [[13, 20, 40, 33]]
    assert average_boxes(LEAD, [NEAR, FAR, NOTHING]).tolist() == [[13, 20, 40, 33]]
    assert average_boxes(LEAD, [NEAR, NEAR]).tolist() == [[14, 20, 40, 34]]
    assert average_boxes(LEAD, [NEAR], weight=0.5).tolist() == [[12, 20, 40, 32]]
    assert average_boxes(LEAD, [FAR, NOTHING]).tolist() == LEAD.tolist()


@pytest.mark.parametrize(("shift", "is_in"), [(17, True), (18, False)])
def test_an_overlap_of_0_4_is_enough(shift, is_in):
    """Shifted by s of 40 px, the IoU is (40 - s) / (40 + s): 0.404 and 0.379."""
    other = LEAD + [shift, 0, 0, 0]
    mean = average_boxes(LEAD, [other])
    assert (mean == (LEAD + other) / 2).all() == is_in
    assert (mean == LEAD).all() == (not is_in)


def test_each_frame_is_its_own():
    lead, other = np.vstack([LEAD, LEAD]), np.vstack([NEAR, FAR])
    assert average_boxes(lead, [other]).tolist() == [[13, 20, 40, 33], LEAD[0].tolist()]
    assert lead.tolist() == np.vstack([LEAD, LEAD]).tolist()  # what was given is as it was


@given(boxes, boxes)
def test_the_overlap_is_the_toolkit_s(some, others):
    count = min(len(some), len(others))
    expected = rect_iou(some[:count], others[:count])
    np.testing.assert_allclose(find_overlap(some[:count], others[:count]), expected, atol=1e-9)


@pytest.fixture(scope="module")
def alone():
    """What each of the trackers of ``plus`` finds alone, with noise of one seed: box and score."""
    found = {}
    for name in ("light", "hog", "plus_vgg"):
        tracker = CRTTracker(load_parameters(name).copy(frame_noise=0.01, seed=2))
        tracker.init(FRAMES[0], BOX)
        found[name] = [(tracker.update(frame), tracker.last.score) for frame in FRAMES[1:]]
    return found


def test_the_box_is_the_mean_of_those_that_each_finds_alone(alone):
    tracker = CRTTracker(load_parameters("plus").copy(frame_noise=0.01, seed=2))
    tracker.init(FRAMES[0], BOX)
    assert list(tracker.members) == ["lead", "hog", "plus_vgg"]
    for i, frame in enumerate(FRAMES[1:]):
        box = tracker.update(frame)
        each = [found[i][0] for found in alone.values()]
        assert box.tolist() == (sum(each) / 3).tolist()  # all overlap
        lead, score = alone["light"][i]
        assert tracker.last.box.tolist() == box.tolist() != lead.tolist()
        assert tracker.last.pose.box.tolist() == lead.tolist()
        assert tracker.last.score == score


def test_one_that_went_away_has_no_part(alone):
    tracker = CRTTracker(load_parameters("plus").copy(frame_noise=0.01, seed=2))
    tracker.init(FRAMES[0], BOX)
    tracker.members["hog"].init(FRAMES[0], (5, 90, 24, 16))
    for i, frame in enumerate(FRAMES[1:]):
        lead, vgg = (alone[name][i][0] for name in ("light", "plus_vgg"))
        assert tracker.update(frame).tolist() == ((lead + vgg) / 2).tolist()


def test_a_subclass_with_a_constructor_of_its_own_has_members(small):
    class Named(CRTTracker):
        def __init__(self, name):
            super().__init__(small.copy(search="two_step", ensemble="hog"))
            self.name = name

    assert list(Named("mine").members) == ["lead", "hog"]


def test_the_caller_s_box_is_its_own(small):
    tracker = CRTTracker(small.copy(search="two_step", ensemble="hog"))
    tracker.init(FRAMES[0], BOX)
    tracker.update(FRAMES[1])[:] = 0
    assert tracker.last.box.all()


def test_a_refused_start_changes_no_member(small):
    """The boxes are those of a tracker that nobody disturbed."""
    params = small.copy(search="two_step", ensemble="hog")
    undisturbed, tracker = CRTTracker(params), CRTTracker(params)
    for each in (undisturbed, tracker):
        each.init(FRAMES[0], BOX)
        each.update(FRAMES[1])
    with pytest.raises(BoxError):
        tracker.init(FRAMES[2], (60, 40, 0, 16))
    for frame in FRAMES[2:]:
        assert tracker.update(frame).tolist() == undisturbed.update(frame).tolist()
