"""Frames with noise that no eye sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.errors import BoxError, ImageError
from crt_plugin.plus.frame_noise import add_noise
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import scene

BOX = (60, 40, 24, 16)


def peaks(params, **changes):
    tracker = CRTTracker(params.copy(**changes))
    tracker.init(scene(60, 40), BOX)
    found = []
    for i in range(1, 6):
        tracker.update(scene(60 + 2 * i, 40 + i))
        found.append(tracker.last.peak)
    return found


@given(st.integers(0, 2**63 - 1), st.integers(0, 10**6), st.floats(0, 1))
def test_a_pixel_is_one_level_lighter_in_all_channels_or_the_same(seed, index, fraction):
    frame = scene(60, 40)
    noisy = add_noise(frame, fraction, seed, index)
    assert noisy.dtype == np.uint8
    difference = noisy.astype(int) - frame
    assert set(np.unique(difference)) <= {0, 1}
    unsaturated = (frame < 255).all(axis=2)
    assert (difference[unsaturated].min(axis=1) == difference[unsaturated].max(axis=1)).all()
    np.testing.assert_array_equal(noisy, add_noise(frame, fraction, seed, index))


def test_white_stays_white_and_the_frame_as_it_is():
    white = np.full((8, 9, 3), 255, np.uint8)
    assert (add_noise(white, 1.0, 0, 0) == 255).all()
    black = np.zeros((8, 9, 3), np.uint8)
    assert (add_noise(black, 1.0, 0, 0) == 1).all()
    assert not black.any()


def test_the_fraction_is_that_of_the_pixels():
    """Binomial: 200 x 300 pixels at 0.01 are 600, give or take 5 deviations of 24."""
    gray = np.full((200, 300, 3), 90, np.uint8)
    count = (add_noise(gray, 0.01, 4, 7)[:, :, 0] > 90).sum()
    assert abs(count - 600) < 5 * 24.4


def test_each_seed_and_each_frame_draws_others():
    gray = np.full((40, 50, 3), 90, np.uint8)
    drawn = {add_noise(gray, 0.1, s, i).tobytes() for s in range(4) for i in range(4)}
    assert len(drawn) == 16


def test_the_seed_plays_a_part_through_the_noise_alone(small):
    small = small.copy(initial_filter="zero")
    quiet = peaks(small, seed=1)
    assert quiet == peaks(small, seed=2)
    noisy = [peaks(small, seed=seed, frame_noise=0.5) for seed in (1, 1, 2)]
    assert noisy[0] == noisy[1]
    assert not set(noisy[0]) & set(noisy[2])
    assert not set(noisy[0]) & set(quiet)


def test_a_tracker_with_noise_sees_the_noisy_frames(small):
    """The same as one without that is given these frames."""
    small = small.copy(score_exponent=2.0, score_midpoint=0.1, score_color_weight=4.0)
    frames = [scene(60 + 2 * i, 40 + i) for i in range(6)]
    noisy, plain = (CRTTracker(small.copy(frame_noise=f, seed=9)) for f in (0.3, 0.0))
    for _ in range(2):  # init begins anew
        for index, frame in enumerate(frames):
            seen = add_noise(frame, 0.3, 9, index)
            if index == 0:
                noisy.init(frame, BOX)
                plain.init(seen, BOX)
                continue
            np.testing.assert_array_equal(noisy.update(frame), plain.update(seen))
            assert noisy.last.score == plain.last.score


def test_the_colors_of_the_first_frame_are_those_of_the_noisy_one(small, rng):
    small = small.copy(score_exponent=2.0, score_midpoint=0.1, score_color_weight=4.0)
    frame = rng.integers(0, 256, (120, 160, 3), np.uint8)  # colours at the bins' bounds too
    noisy, plain = (CRTTracker(small.copy(frame_noise=f, seed=9)) for f in (0.3, 0.0))
    noisy.init(frame, BOX)
    plain.init(add_noise(frame, 0.3, 9, 0), BOX)
    np.testing.assert_array_equal(noisy._record.colors, plain._record.colors)
    plain.init(frame, BOX)
    assert not np.array_equal(noisy._record.colors, plain._record.colors)


def test_an_init_that_is_refused_changes_nothing(small):
    small = small.copy(score_exponent=2.0, score_midpoint=0.1, score_color_weight=4.0)
    refused, kept = CRTTracker(small), CRTTracker(small)
    for tracker in (refused, kept):
        tracker.init(scene(60, 40), BOX)
    with pytest.raises(BoxError):
        refused.init(scene(60, 40), (500, 40, 24, 16))
    with pytest.raises(ImageError):
        refused.init(None, BOX)
    for i in range(1, 4):
        frame = scene(60 + 2 * i, 40 + i)
        np.testing.assert_array_equal(refused.update(frame), kept.update(frame))
        assert refused.last.score == kept.last.score
