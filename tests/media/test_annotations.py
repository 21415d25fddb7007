"""Annotation files, and the figures of a comparison worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from crt_plugin.benchmark.agreement import compare
from crt_plugin.errors import SourceError
from crt_plugin.media.annotations import read_key_frames, read_otb


@pytest.mark.parametrize("separator", [",", "\t", " ", "   ", ", "])
def test_otb_boxes_count_from_one_in_the_file_and_from_zero_for_us(tmp_path, separator):
    path = tmp_path / "groundtruth_rect.txt"
    path.write_text("\n".join(separator.join(row) for row in (("11", "21", "30", "40"),) * 2))
    truth = read_otb(path)
    assert list(truth) == [0, 1]
    assert truth[1].tolist() == [10, 20, 30, 40]


def test_frames_without_the_object_are_left_out_and_the_others_keep_their_numbers(tmp_path):
    path = tmp_path / "groundtruth_rect.txt"
    path.write_text("1,2,3,4\n0,0,0,0\nNaN,NaN,NaN,NaN\n1.5,2.5,3,4\r\n\n")
    truth = read_otb(path)
    assert list(truth) == [0, 3]
    assert truth[3].tolist() == [0.5, 1.5, 3, 4]


@pytest.mark.parametrize("line", ["1,2,3", "1,2,3,4,5", "a,b,c,d"])
def test_a_line_that_is_no_box_is_named(tmp_path, line):
    path = tmp_path / "groundtruth_rect.txt"
    path.write_text(f"1,2,3,4\n{line}\n")
    with pytest.raises(SourceError, match=r"groundtruth_rect\.txt, line 2.*expected x,y,w,h"):
        read_otb(path)


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
