"""A lost object is searched for in the whole frame, and its score is low."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.algorithm.geometry import PatchGeometry
from crt_plugin.plus.redetection import cover_frame
from tests.algorithm.test_geometry import geometry_of
from tests.conftest import scene, start_tracker

LOST = {"score_exponent": 3.6, "score_midpoint": 0.3, "lost_score": 0.3, "lost_frames": 2}
GATE = {"confidence_threshold": 0.3}


def empty():
    """The scene without the object."""
    frame = scene(60, 40)
    frame[40:56, 60:84] = scene(120, 90)[40:56, 60:84]
    return frame


start = partial(start_tracker, **GATE)


def searches(tracker):
    """Record, in the list returned, response sizes of patches larger than the search patch."""
    sizes, cut = [], tracker._cut

    def note_and_cut(frame, poses, geometry):
        if np.prod(geometry.cells) > np.prod(tracker.geometry.cells):
            sizes.append(geometry.response_size)
        return cut(frame, poses, geometry)

    tracker._cut = note_and_cut
    return sizes


def test_an_object_that_comes_back_elsewhere_is_found(small):
    tracker = start(small, **LOST, found_score=0.4)
    seen = searches(tracker)
    for _ in range(4):
        tracker.update(empty())
    assert tracker.last.score < 0.3
    assert len(seen) == 2  # in every second lost frame
    tracker.update(scene(12, 92))
    box = tracker.update(scene(12, 92))
    assert box == pytest.approx([12, 92, 24, 16], abs=3)
    assert tracker.last.score > 0.4
    # The next frame confirms it, and is learned from: no search any more.
    count = len(seen)
    for step in range(1, 4):
        box = tracker.update(scene(12 + 2 * step, 92))
    assert len(seen) == count
    assert box == pytest.approx([18, 92, 24, 16], abs=3)
    assert tracker.last.peak > 0.3


def test_without_a_search_it_stays_lost(small):
    tracker = start(small, score_exponent=3.6, score_midpoint=0.3)
    seen = searches(tracker)
    for _ in range(4):
        tracker.update(empty())
    box = tracker.update(scene(12, 92))
    assert seen == [] and abs(box[0] - 12) > 20


def test_colours_where_it_was_found_count_and_not_those_of_the_last_frames(small):
    """While it was lost, the box was on the background: that says nothing of where it is now."""
    doubt = {"score_color_weight": 4.0, "found_score": 0.2}
    tracker = start(small, **LOST, **doubt)
    for _ in range(60):
        tracker.update(empty())
    assert tracker._record.color_distance > 0.3
    for _ in range(2):
        box = tracker.update(scene(12, 92))
    assert box == pytest.approx([12, 92, 24, 16], abs=3)
    other = scene(12, 92)
    other[92:108, 12:36] = other[92:108, 12:36][..., [2, 0, 1]]
    assert tracker._record.compare(scene(12, 92), box) < 0.5 < tracker._record.compare(other, box)


def test_nothing_in_the_frame_is_taken_for_it(small):
    tracker = start(small, **LOST, found_score=0.4)
    before = tracker.last.box
    for _ in range(5):
        box = tracker.update(empty())
    assert tracker.last.score < 0.3
    assert np.abs(box[:2] - before[:2]).max() < 24


def test_a_search_changes_no_weights(small):
    tracker = start(small, **LOST, found_score=0.4)
    before = tracker.regression.weight.clone()
    for _ in range(4):
        tracker.update(empty())
    for _ in range(2):
        tracker.update(scene(12, 92))
    assert tracker.last.score > 0.4  # found, and not yet learned from
    assert torch.equal(tracker.regression.weight, before)


def test_large_frames_are_searched_in_part(small):
    tracker = start(small, **LOST, found_score=0.4, found_cells=800)
    seen = searches(tracker)
    for _ in range(2):
        tracker.update(empty())
    assert seen
    assert all(rows * columns <= 800 + rows + columns + 1 < 1000 for rows, columns in seen)


def test_a_search_of_the_whole_frame_by_hand():
    """Object of 20 x 10 px, filter of 7 x 14 cells: a cell is 10 / 7 px in both directions."""
    geometry = PatchGeometry(7, 14, (35, 126), 4)
    whole, middle = cover_frame(geometry, (120, 160), np.array([3.0, 90.0, 20.0, 10.0]), 100_000)
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
    searched, middle = cover_frame(geometry, (480, 640), box, most)
    rows, columns = searched.response_size
    assert rows * columns <= most + rows + columns + 1  # both are rounded up
    cell = box[2:] / (geometry.filter_w, geometry.filter_h)
    half = (np.array([columns, rows]) - 1) / 2 * cell
    found = middle[:2] + middle[2:] / 2
    assert (found - half >= -1e-6).all() and (found + half <= np.array([640, 480]) + 1e-6).all()
    wanted = np.clip(box[:2] + box[2:] / 2, 0, [640, 480])
    # As near to the object as the frame's border lets it be
    assert (np.abs(found - wanted) <= half + cell).all()
