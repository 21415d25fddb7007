"""The demo's clip and its annotation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from typer.testing import CliRunner

from crt_plugin import CRTTracker, load_parameters
from crt_plugin.cli.main import app
from crt_plugin.hosts.got10k.toolkit import rect_iou
from crt_plugin.media.demo_clip import open_clip
from tests.conftest import QUICK


@pytest.fixture(scope="module")
def frames():
    return list(open_clip().frames())


def test_the_annotation_covers_the_whole_clip_and_lies_inside_it(frames):
    source = open_clip()
    assert len(frames) == source.length == 132
    indices = list(source.truth)
    assert len(indices) == 16
    assert indices == sorted(indices)
    assert (indices[0], indices[-1]) == (0, 131)
    boxes = np.array(list(source.truth.values()))
    assert frames[0].shape == (720, 1280, 3)
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= (1280, 720)).all()


def test_the_clip_is_one_shot(frames):
    """No two consecutive frames differ as much as frames of two shots."""
    small = [frame[::8, ::8].astype(float) for frame in frames]
    changes = [np.abs(a - b).mean() for a, b in itertools.pairwise(small)]
    assert max(changes) < 15


def test_light_finds_the_annotated_head(frames):
    """Detects a wrong origin, scale or order of the numbers."""
    truth = open_clip().truth
    tracker = CRTTracker(load_parameters("light"))
    tracker.init(frames[0], truth[0])
    boxes = {index: tracker.update(frame) for index, frame in enumerate(frames[1:19], start=1)}
    for index in (9, 18):
        assert rect_iou(boxes[index][None], np.array([truth[index]]))[0] > 0.6


def test_the_demo_tracks_compares_and_says_where_the_files_are(tmp_path):
    pytest.importorskip("av", reason="the extra video is not installed")
    fast = [word for key, value in QUICK.items() for word in ("--set", f"{key}={value}")]
    words = ["demo", "--frames", "10", "--output", str(tmp_path), *fast]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "frames   10, " in result.stdout
    assert "over 1 annotated frames" in result.stdout  # frame 9; frame 0 was given
    for name in ("boxes.csv", "tracked.mp4", "contact_sheet.png"):
        assert str(tmp_path / name) in result.stdout
        assert (tmp_path / name).stat().st_size > 100
