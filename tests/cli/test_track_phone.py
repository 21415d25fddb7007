"""A phone's clip with three objects, by one command: turned, at varying times, with sound."""

from __future__ import annotations

import csv
import json
import sys

import numpy as np
import pytest
from PIL import Image

from tests.conftest import scene
from tests.helpers.phone import TIMES, phone_clip
from tests.helpers.track import FAST, crt, rows_by_object

BOXES = {"cup": (20, 20, 24, 16), "ball": (80, 40, 24, 16), "book": (60, 110, 24, 16)}
SPEEDS = {"cup": (2, 1), "ball": (-2, 1), "book": (0, 0)}
WORDS = [w for id, box in BOXES.items() for w in ("--box", f"{id}={','.join(map(str, box))}")]


def picture(index):
    """120 x 160 px, upright: three textures that move."""
    found = scene(20, 20, height=160, width=120)
    for seed, (id, (x, y, w, h)) in enumerate(BOXES.items(), start=3):
        across, down = SPEEDS[id]
        texture = scene(60, 40, seed=seed)[40 : 40 + h, 60 : 60 + w]
        found[y + down * index :, x + across * index :][:h, :w] = texture
    return found


@pytest.fixture(scope="module", params=["libx265", "libsvtav1"])
def clip(request, tmp_path_factory):
    pictures = [picture(index) for index in range(len(TIMES))]
    return phone_clip(tmp_path_factory.mktemp("phone") / "clip.mp4", pictures, request.param)


def test_one_command_tracks_all_objects_upright_and_in_time(clip, tmp_path):
    av = pytest.importorskip("av", reason="the extra video is not installed")
    formats = ("--format", "mot", "--format", "jsonl")
    crt("track", clip, *WORDS, *formats, *FAST, "--output", tmp_path / "o")
    found = rows_by_object(tmp_path / "o")
    last = len(TIMES) - 1
    for id, (x, y, _, _) in BOXES.items():
        across, down = SPEEDS[id]
        np.testing.assert_allclose(
            found[id][last, 1:3], (x + across * last, y + down * last), atol=5
        )
    with (tmp_path / "o" / "boxes.csv").open() as file:
        times = [float(row["time"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(times[::3], TIMES, atol=1e-4)
    lines = (tmp_path / "o" / "boxes.jsonl").read_text().splitlines()
    assert [json.loads(line)["time"] for line in lines] == times
    assert len((tmp_path / "o" / "mot.txt").read_text().splitlines()) == 3 * len(TIMES)
    with av.open(str(tmp_path / "o" / "tracked.mp4")) as container:
        frames = list(container.decode(video=0))
    assert (frames[0].height, frames[0].width) == (160, 120)
    np.testing.assert_allclose([frame.time for frame in frames], TIMES, atol=1e-3)
    assert Image.open(tmp_path / "o" / "contact_sheet.png").size[0] > 1000


def test_moments_are_those_of_the_container(clip, tmp_path):
    """From 0.2 s on, before 0.45 s: frames 4 to 7, though 30 a second are announced."""
    words = ("--start", "0.2s", "--end", "0.45s", "--every", 2, "--no-video", *FAST)
    crt("track", clip, "--box", "28,24,24,16", *words, "--output", tmp_path / "o")
    with (tmp_path / "o" / "boxes.csv").open() as file:
        found = [(int(row["frame"]), float(row["time"])) for row in csv.DictReader(file)]
    assert [frame for frame, _ in found] == [4, 6]
    np.testing.assert_allclose([time for _, time in found], [0.2, 0.4], atol=1e-3)


def test_without_pyav_opencv_reads_the_same_or_names_the_codec(clip, tmp_path, monkeypatch):
    words = (*WORDS, "--no-video", *FAST, "--output")
    crt("track", clip, *words, tmp_path / "with")
    monkeypatch.setitem(sys.modules, "av", None)
    try:
        crt("track", clip, *words, tmp_path / "without")
    except AssertionError as error:  # OpenCV has no decoder of AV1 for the CPU
        assert "its codec is 'AV01'" in str(error)
        return
    names = ("with", "without")
    ours, theirs = (rows_by_object(tmp_path / name) for name in names)
    for id in BOXES:
        np.testing.assert_allclose(theirs[id], ours[id], atol=0.5)
