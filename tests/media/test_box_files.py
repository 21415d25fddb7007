"""Boxes in each format, as its own readers would read them."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from crt_plugin.cli.track import FormatName
from crt_plugin.formats.boxes import read_boxes
from crt_plugin.media.annotations import convert_otb
from crt_plugin.media.box_files import FORMATS, BoxFile
from tests.helpers import track

BOX = np.array([70.25, 40.5, 9, 8.0])


def step(index, box=BOX, **changes):
    return track.step(index, box, np.zeros((100, 120, 3), np.uint8), 0.875, **changes)


def write(file, *steps):
    for each in steps:
        file.write(each)
    file.close()
    (path,) = file.paths
    return path.read_text().splitlines()


@pytest.mark.parametrize("kind", FORMATS)
def test_boxes_are_on_the_disk_line_by_line(tmp_path, kind):
    file = BoxFile(tmp_path, kind)
    for count in (1, 2, 3):
        file.write(step(count))
        lines = file.paths[0].read_text().splitlines()
        assert len(lines) == count + (kind == "csv")
    file.close()


def test_csv_has_frame_time_box_and_score(tmp_path):
    first, second = csv.DictReader(write(BoxFile(tmp_path), step(0), step(30, fps=12.5)))
    assert list(first) == ["frame", "time", "x", "y", "w", "h", "score"]
    assert [float(value) for value in first.values()] == [0, 0, *BOX, 0.875]
    assert [float(value) for value in second.values()] == [30, 2.4, *BOX, 0.875]


def test_lost_frames_have_a_column_if_it_is_asked_for(tmp_path):
    steps = step(0), step(1, is_lost=True)
    rows = list(csv.DictReader(write(BoxFile(tmp_path, has_lost=True), *steps)))
    assert list(rows[0])[-1] == "lost" and [row["lost"] for row in rows] == ["0", "1"]
    lines = write(BoxFile(tmp_path, "jsonl", has_lost=True), *steps)
    assert [json.loads(line)["lost"] for line in lines] == [False, True]


def test_json_lines_are_objects(tmp_path):
    _, line = write(BoxFile(tmp_path, "jsonl"), step(0), step(30, fps=12.5))
    assert json.loads(line) == {"frame": 30, "time": 2.4, "box": BOX.tolist(), "score": 0.875}


def test_mot_counts_frames_ids_and_pixels_from_1(tmp_path):
    """frame, id, left, top, width, height, confidence, and x, y, z of a 3D box, -1 for none."""
    (line,) = write(BoxFile(tmp_path, "mot"), step(30))
    numbers = [float(field) for field in line.split(",")]
    assert numbers == [31, 1, 71.25, 41.5, 9, 8, 0.875, -1, -1, -1]


def test_otb_is_read_back_by_the_reader_of_otb(tmp_path):
    file = BoxFile(tmp_path, "otb")
    write(file, step(0), step(2, box=BOX + 1))
    boxes = convert_otb(read_boxes(file.paths[0]))
    np.testing.assert_array_equal([boxes[0], boxes[1]], [BOX, BOX + 1])


@pytest.mark.parametrize("kind", FORMATS)
def test_no_frames_no_files(tmp_path, kind):
    BoxFile(tmp_path, kind).close()
    assert not list(tmp_path.iterdir())


def test_the_choices_of_the_command_are_the_formats():
    assert [name.value for name in FormatName] == [*FORMATS, "coco"]
