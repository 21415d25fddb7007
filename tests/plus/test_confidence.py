"""From the peak, and the frames before, to the score."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.errors import ParameterError
from crt_plugin.parameters import Parameters
from crt_plugin.plus.confidence import TrackRecord, calibrate, count_colors
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import scene, start_tracker


@pytest.mark.parametrize(
    ("peak", "score"), [(-0.3, 0.0), (0.0, 0.0), (0.37, 0.37), (1.0, 1.0), (1.7, 1.0)]
)
def test_the_score_is_the_peak_where_it_is_not_calibrated(peak, score):
    assert CRTTracker(Parameters(features="rgb"))._score(peak) == score


@pytest.mark.parametrize("peak", [1e-300, 1e-6, 0.02, 0.15, 0.2, 0.8, 1e6, 1e300])
@pytest.mark.parametrize("exponent", [0.5, 2.15, 40.0])
def test_the_calibrated_score_is_the_logistic_function_of_the_logarithm(peak, exponent):
    """1 / (1 + exp(-exponent (log peak - log midpoint))), without overflow."""
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-exponent * (np.log(peak) - np.log(0.15))))
    assert calibrate(peak, exponent, 0.15) == pytest.approx(expected, abs=1e-12)
    assert 0 <= calibrate(peak, exponent, 0.15) <= 1
    tracker = CRTTracker(Parameters(features="rgb", score_exponent=exponent, score_midpoint=0.15))
    assert tracker._score(peak) == calibrate(peak, exponent, 0.15)


@pytest.mark.parametrize("peak", [-np.inf, -1e6, -0.2, 0.0, np.nan])
def test_without_evidence_the_calibrated_score_is_0(peak):
    assert calibrate(peak, 2.15, 0.15) == 0.0


def test_an_exponent_needs_a_midpoint():
    with pytest.raises(
        ParameterError, match="score_midpoint = None; expected None, or a score_mid"
    ):
        Parameters(score_exponent=2.0)


@pytest.mark.parametrize("name", ["score_shape_weight", "score_color_weight"])
def test_a_weight_of_doubt_needs_an_exponent(name):
    with pytest.raises(ParameterError, match="score_exponent = None; expected None, or a score_ex"):
        Parameters(**{name: 1.0})


@pytest.mark.parametrize("doubt", [-2.0, 0.0, 0.7, 5.0])
def test_doubt_divides_the_odds(doubt):
    odds = (0.3 / 0.15) ** 2.5 / math.exp(doubt)
    assert calibrate(0.3, 2.5, 0.15, doubt) == pytest.approx(odds / (1 + odds), rel=1e-12)


# The record of a box

RED, BLUE, GRAY = (200, 30, 30), (30, 30, 200), (90, 90, 90)
PLACE = np.array([40.0, 30.0, 20.0, 30.0])


def painted(color, box=PLACE, size=(100, 120)):
    """A gray frame with the object in one colour."""
    frame = np.full((*size, 3), GRAY, np.uint8)
    x, y, w, h = np.rint(box).astype(int)
    frame[max(y, 0) : y + h, max(x, 0) : x + w] = color
    return frame


def test_running_means_by_hand():
    """Half of the object turns blue: the distance is sqrt(1 - sqrt(1 / 2))."""
    record = TrackRecord.of_object(painted(RED), PLACE)
    assert record.evidence == (0.0, 0.0)
    half = painted(RED)
    half[30:60, 40:50] = BLUE
    wider = PLACE * [1, 1, 1.1, 1]
    record.add(half, PLACE, PLACE)
    distance = math.sqrt(1 - math.sqrt(0.5))
    assert record.color_distance == pytest.approx(distance / 30, rel=1e-6)
    assert record.shape_change == 0
    record.add(painted(BLUE), wider, PLACE)
    assert record.color_distance == pytest.approx(distance / 30 * 29 / 30 + 1 / 30, rel=1e-6)
    assert record.shape_change == pytest.approx(math.log(1.1) / 120, rel=1e-12)
    shape, color = record.evidence
    assert shape == pytest.approx(math.log(1 + math.log(1.1) / 120 / 0.005), rel=1e-12)
    assert color == record.color_distance


def test_a_change_of_size_or_place_is_none_of_shape():
    record = TrackRecord.of_object(painted(RED), PLACE)
    record.add(painted(RED), PLACE * [0.5, 1.2, 0.8, 0.8], PLACE)
    assert record.shape_change == pytest.approx(0, abs=1e-15)


def test_colors_are_those_of_the_middle_of_the_box():
    """A frame of another colour, of a tenth of each side, is not seen."""
    bordered = painted(GRAY)
    bordered[33:57, 42:58] = RED
    assert np.array_equal(count_colors(bordered, PLACE), count_colors(painted(RED), PLACE))
    bordered[33:57, 42] = BLUE
    assert not np.array_equal(count_colors(bordered, PLACE), count_colors(painted(RED), PLACE))


@pytest.mark.parametrize("color", [RED, BLUE, GRAY, (20, 160, 90)])
def test_a_color_is_counted_where_cielab_has_it(color):
    """The formula of CIELAB under D65, from sRGB; L in 4 bins, a and b in 16 of -128 to 128."""
    srgb = np.array(color) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9502]]
    x, y, z = np.cbrt(to_xyz @ linear / [0.9505, 1, 1.0888])
    lab = np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
    counts = count_colors(painted(color), PLACE)
    expected = lab / [25, 16, 16] + [0, 8, 8]
    assert counts.max() == 1
    assert (
        np.abs(np.array(np.unravel_index(counts.argmax(), counts.shape)) + 0.5 - expected).max()
        < 0.6
    )


def test_shade_within_a_quarter_of_the_lightness_is_not_seen():
    """Grays of L = 50 and 58 are in one of four bins; another colour is in none of them."""
    record = TrackRecord.of_object(painted((120, 120, 120)), PLACE)
    assert record.compare(painted((140, 140, 140)), PLACE) == pytest.approx(0, abs=1e-3)
    assert record.compare(painted(BLUE), PLACE) == pytest.approx(1, abs=1e-6)


@given(x=st.floats(-200, 200), y=st.floats(-200, 200), w=st.floats(1, 600), h=st.floats(1, 600))
def test_any_box_has_colors(x, y, w, h):
    frame = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    counts = count_colors(frame, np.array([x, y, w, h]))
    assert counts.shape == (4, 16, 16)
    assert counts.sum() == pytest.approx(1, abs=1e-5) and (counts >= 0).all()


def test_colors_of_a_large_object_are_those_of_its_samples():
    """Each k-th pixel of a frame that was enlarged by k without interpolation is the original's."""
    small = np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8)
    large = cv2.resize(small, None, fx=5, fy=5, interpolation=cv2.INTER_NEAREST)
    box = np.array([10.0, 10.0, 80.0, 80.0])  # 64 px of its inside are read
    np.testing.assert_allclose(count_colors(large, box * 5), count_colors(small, box), atol=1e-6)


def test_no_more_than_64_rows_and_columns_are_read():
    frame = np.random.default_rng(0).integers(0, 256, (900, 1300, 3), dtype=np.uint8)
    counts = count_colors(frame, np.array([0.0, 0.0, 1300.0, 900.0]))
    read = 1 / counts[counts > 0].min()
    assert read <= 64 * 64


def test_a_new_object_begins_without_doubt(small):
    weights = {"score_exponent": 2.0, "score_midpoint": 0.1, "score_color_weight": 4.0}
    fresh, used = start_tracker(small, **weights), start_tracker(small, **weights)
    first = fresh.last.score
    for _ in range(5):
        used.update(np.roll(scene(60, 40), 1, axis=2))
    assert used._record.color_distance > 0
    used.init(scene(60, 40), (60, 40, 24, 16))
    assert used.last.score == first and used._record.evidence == (0, 0)


def test_a_box_that_stays_on_another_object_is_doubted(small):
    """The object in its place is exchanged: the peak's odds are the same, the colours are not."""
    settings = {"score_exponent": 2.0, "score_midpoint": 0.1}
    weights = {"score_shape_weight": 1.0, "score_color_weight": 4.0}
    plain, doubting = start_tracker(small, **settings), start_tracker(small, **settings, **weights)
    for step in range(1, 40):
        frame = scene(60, 40)
        if step > 5:
            frame[40:56, 60:84] = frame[40:56, 60:84][..., [2, 0, 1]]
        for tracker in (plain, doubting):
            tracker.update(frame)
        assert np.array_equal(plain.last.box, doubting.last.box)
        if step == 5:
            assert doubting.last.score == pytest.approx(plain.last.score, abs=0.02)
    assert plain.last.peak == doubting.last.peak
    record = doubting._record
    odds = (plain.last.peak / 0.1) ** 2 * math.exp(-(record.evidence[0] + 4 * record.evidence[1]))
    assert doubting.last.score == pytest.approx(odds / (1 + odds), rel=1e-9)
    assert record.color_distance > 0.3 and doubting.last.score < plain.last.score - 0.1
