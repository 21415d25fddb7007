import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crt_plugin.benchmark.run.starts import (
    LATER,
    LEFT,
    SPATIAL,
    TEMPORAL,
    Start,
    move_boxes,
    spatial_boxes,
    temporal_frames,
)

BOX = np.array([31.0, 62.0, 40.0, 20.0])  # edges 31, 62, 71, 82; a tenth is 4 and 2 px
BY_HAND = {
    "left": (27, 62, 40, 20),
    "right": (35, 62, 40, 20),
    "up": (31, 60, 40, 20),
    "down": (31, 64, 40, 20),
    "top-left": (27, 60, 44, 22),
    "top-right": (31, 60, 44, 22),
    "bottom-left": (27, 62, 44, 22),
    "bottom-right": (31, 62, 44, 22),
    "x0.8": (35, 64, 32, 16),
    "x0.9": (33, 63, 36, 18),
    "x1.1": (29, 61, 44, 22),
    "x1.2": (27, 60, 48, 24),
}


def test_spatial_boxes_by_hand():
    """Centre shifts move the box, corner shifts one corner outwards; scalings keep the centre."""
    boxes = spatial_boxes(BOX, 640, 480)
    assert list(boxes) == list(BY_HAND) and len(boxes) == 12
    for kind, box in boxes.items():
        assert box == pytest.approx(np.array(BY_HAND[kind])), kind
        double = np.stack([BOX, 2 * BOX])  # moved by its own size
        assert move_boxes(double, kind) == pytest.approx(np.stack([box, 2 * box])), kind


def test_fractions_of_a_pixel_are_kept():
    assert spatial_boxes(np.array([31.0, 62.0, 15.0, 7.0]), 640, 480)["left"][0] == 29.5


def test_what_is_outside_the_frame_is_cut_off():
    """A frame of 72 x 83 px ends at 73 and 84, counted from 1."""
    boxes = spatial_boxes(BOX, 72, 83)
    assert boxes["right"] == pytest.approx([35, 62, 38, 20])
    assert boxes["bottom-right"] == pytest.approx([31, 62, 42, 22])
    assert boxes["x1.2"] == pytest.approx([27, 60, 46, 24])
    assert boxes["down"] == pytest.approx([31, 64, 40, 20])
    at_the_corner = spatial_boxes(np.array([2.0, 1.0, 40.0, 20.0]), 72, 83)
    assert at_the_corner["left"] == pytest.approx([1, 1, 37, 20])
    assert at_the_corner["up"] == pytest.approx([2, 1, 40, 18])


@settings(deadline=None)
@given(
    st.integers(1, 400), st.integers(1, 400), st.integers(2, 300), st.integers(2, 300), st.data()
)
def test_spatial_boxes_of_any_object_inside(x, y, w, h, data):
    """Inside the frame, and within what was wanted of the size and of the place."""
    width = data.draw(st.integers(x + w - 1, x + w + 100))
    height = data.draw(st.integers(y + h - 1, y + h + 100))
    box = np.array([x, y, w, h], dtype=float)
    for kind, (left, top, wide, high) in spatial_boxes(box, width, height).items():
        assert 1 <= left < left + wide <= width + 1 + 1e-9, kind
        assert 1 <= top < top + high <= height + 1 + 1e-9, kind
        assert 0.8 - 1e-9 <= wide / w <= 1.2 + 1e-9 and 0.8 - 1e-9 <= high / h <= 1.2 + 1e-9, kind
        assert abs(left - x) <= w / 10 + 1e-9 and abs(top - y) <= h / 10 + 1e-9, kind


# ------------------------------------------------------------------------------------- later starts


def starts(length):
    return list(temporal_frames(np.ones(length, dtype=bool)).values())


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        # 38 frames leave 20 or more: every second, and the last of them
        (57, [*range(0, 38, 2), 37]),
        # 20 frames: steps of 20/19
        (39, list(range(20))),
        # 52 of Deer's 71 frames: 52 k / 19 rounded down
        (71, [0, 2, 5, 8, 10, 13, 16, 19, 21, 24, 27, 30, 32, 35, 38, 41, 43, 46, 49, 51]),
        # too short for 20 of them
        (22, [0, 1, 2]),
        (21, [0, 1]),
        (20, [0]),
        (19, [0]),
        (2, [0]),
    ],
)
def test_temporal_frames_by_hand(length, expected):
    assert starts(length) == expected


def test_starts_of_a_short_sequence_are_named_by_their_place():
    """Three frames among 20 places: 3 k / 19 reaches 1 at k = 7 and 2 at k = 13."""
    found = temporal_frames(np.ones(22, dtype=bool))
    assert found == {"1 of 20": 0, "8 of 20": 1, "14 of 20": 2}


def test_frames_without_an_object_are_no_starts():
    """38 of 59 frames can start once 3 and 4 cannot: places 0, 2, 4, ... are frames 0, 2, 6, ..."""
    usable = np.ones(59, dtype=bool)
    usable[[3, 4]] = False
    assert list(temporal_frames(usable).values()) == [0, 2, *range(6, 40, 2), 39]
    assert usable.sum() == 57  # the argument is left as it is


def test_the_first_frame_is_always_a_start():
    assert list(temporal_frames(np.zeros(100, dtype=bool)).values()) == [0]


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=400))
def test_temporal_frames_of_any_sequence(usable):
    found = temporal_frames(np.array(usable))
    frames = list(found.values())
    assert frames == sorted(set(frames)) and frames[0] == 0 and len(frames) <= LATER
    assert all(usable[f] and len(usable) - f >= LEFT for f in frames[1:])
    can = [f for f in range(len(usable)) if f == 0 or (usable[f] and len(usable) - f >= LEFT)]
    assert frames[-1] == can[-1] and len(frames) == min(LATER, len(can))
    places = [can.index(f) for f in frames]
    assert np.ptp(np.diff(places)) <= 1 if len(places) > 2 else True  # evenly spaced
    assert list(found) == sorted(found, key=TEMPORAL.index)


def test_names_of_starts():
    assert Start("Jogging.1", "x0.8", "x0.8", 0, BOX).name == "Jogging.1@x0.8"
    assert Start("Deer", "3 of 20", "f0005", 5, BOX).name == "Deer@f0005"
    assert not any(set(kind) & set('/\\:*?"<>|@ ') for kind in SPATIAL)
