"""Annotation files, and the figures of a comparison worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from crt_plugin.benchmark.agreement import compare
from crt_plugin.media.annotations import convert_otb, read_key_frames


def test_frames_without_the_object_are_left_out_and_the_others_keep_their_numbers():
    """OTB counts pixels from one, we from zero."""
    nan = np.nan
    truth = convert_otb(np.array([[1, 2, 3, 4], [0, 0, 0, 0], [nan, 2, 3, 4], [1.5, 2.5, 3, 4]]))
    assert {frame: box.tolist() for frame, box in truth.items()} == {
        0: [0, 1, 3, 4],
        3: [0.5, 1.5, 3, 4],
    }


def test_key_frames_skip_comments_and_header(tmp_path):
    path = tmp_path / "clip.csv"
    path.write_text("# a, b\nframe,x,y,w,h\n0,1,2,3,4\n9,1.5,2,3,4\n")
    truth = read_key_frames(path)
    assert list(truth) == [0, 9]
    assert truth[9].tolist() == [1.5, 2, 3, 4]


def test_comparison_by_hand():
    truth = {0: np.array([0, 0, 10, 10.0]), 4: np.array([0, 0, 10, 10.0]), 7: np.ones(4)}
    boxes = {
        0: np.array([5, 0, 10, 10.0]),  # 50 of 150: IoU 1/3, centre off by 5
        4: np.array([21, 0, 10, 10.0]),  # apart, centre off by 21
        5: np.array([0, 0, 1, 1.0]),  # not annotated
    }
    comparison = compare(boxes, truth)
    assert comparison is not None
    assert comparison.frames == 2
    assert comparison.mean_iou == pytest.approx(1 / 6)
    assert comparison.precision == 0.5


def test_nothing_in_common_is_no_comparison():
    assert compare({3: np.ones(4)}, {4: np.ones(4)}) is None
