"""``crt track`` with several objects: each as if it were tracked alone, in one pass."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from crt_plugin.formats.boxes import read_boxes
from crt_plugin.media.drawing import COLORS
from tests.helpers.track import (
    FAST,
    crt,
    error_line,
    folder_of_several,
    image_folder,
    rows,
    rows_by_object,
)

COUNT = 8
BOXES = {"1": "20,20,24,16", "car": "100,30,24,16", "3": "60,84,24,16"}
WORDS = [word for id, box in BOXES.items() for word in ("--box", f"{id}={box}")]


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    return folder_of_several(tmp_path_factory.mktemp("frames") / "seq", COUNT)


@pytest.fixture(scope="module")
def tracked(frames, tmp_path_factory):
    """All three, in every format."""
    output = tmp_path_factory.mktemp("tracked") / "o"
    formats = [word for name in ("jsonl", "mot", "otb") for word in ("--format", name)]
    words = ("--lost-below", "0.5", *formats, *FAST, "--output", output)
    return crt("track", frames, *WORDS, *words), output


@pytest.fixture(scope="module")
def alone(frames, tmp_path_factory):
    """Lines of boxes.csv of each object, tracked by itself."""
    lines = {}
    for id, box in BOXES.items():
        output = tmp_path_factory.mktemp("alone") / "o"
        words = ("--no-video", "--lost-below", "0.5", *FAST, "--output", output)
        crt("track", frames, "--box", box, *words)
        lines[id] = (output / "boxes.csv").read_text().splitlines()[1:]
    return lines


def test_boxes_are_those_of_each_object_alone_to_the_last_digit(tracked, alone):
    _, output = tracked
    header, *lines = (output / "boxes.csv").read_text().splitlines()
    assert header == "frame,time,id,x,y,w,h,score,lost"
    assert [line.split(",")[2] for line in lines] == list(BOXES) * COUNT
    for id in BOXES:
        own = [line.split(",") for line in lines if line.split(",")[2] == id]
        assert [",".join(fields[:2] + fields[3:]) for fields in own] == alone[id]


def test_they_follow_their_objects(tracked):
    found = rows_by_object(tracked[1])
    last = COUNT - 1
    expected = {"1": (34, 27), "car": (100 - 2 * last, 30 + last), "3": (60, 84)}
    for id, place in expected.items():
        np.testing.assert_allclose(found[id][-1, 1:3], place, atol=4)


def test_every_format_tells_them_apart(tracked):
    _, output = tracked
    found = rows_by_object(output)
    objects = [json.loads(line) for line in (output / "boxes.jsonl").read_text().splitlines()]
    assert [each["id"] for each in objects[:3]] == [1, "car", 3]
    assert objects[4]["box"] == found["car"][1, 1:5].tolist() and "lost" in objects[4]
    with (output / "mot.txt").open() as file:
        mot = np.array([[float(value) for value in row] for row in csv.reader(file)])
    assert mot[:, 1].tolist() == [1, 2, 3] * COUNT  # MOTChallenge has numbers only
    np.testing.assert_allclose(mot[1::3, 2:4], found["car"][:, 1:3] + 1, atol=1e-4)
    for id in BOXES:
        boxes = read_boxes(output / f"otb.{id}.txt")
        np.testing.assert_allclose(boxes, found[id][:, 1:5] + (1, 1, 0, 0), atol=1e-4)


def test_pictures_have_a_colour_for_each_and_the_summary_a_line(tracked):
    av = pytest.importorskip("av", reason="the extra video is not installed")
    result, output = tracked
    with av.open(str(output / "tracked.mp4")) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) == COUNT
    for number, box in enumerate(BOXES.values()):  # a side of the first box, clear of its corners
        x, y, _, h = (int(side) for side in box.split(","))
        edge = pictures[0][y + 4 : y + h - 4, x].astype(int)
        others = [np.abs(edge - color).sum() for color in COLORS[:3]]
        assert np.argmin(others) == number
    sheet = np.asarray(Image.open(output / "contact_sheet.png")).astype(int)
    for number in range(3):
        is_near = (np.abs(sheet - COLORS[number]) <= 25).all(axis=2)
        assert is_near.sum() > 500
    assert f"frames   {COUNT}, 3 objects, " in result.stdout
    for id in BOXES:
        assert f"frames of {id} with a score below 0.5" in result.stdout
        assert str(output / f"otb.{id}.txt") in result.stdout


@pytest.mark.parametrize("kind", ["list.json", "dict.json", "ids.csv", "plain.csv", "spaced.csv"])
def test_boxes_of_a_file(frames, tracked, tmp_path, kind):
    numbers = {id: [float(x) for x in box.split(",")] for id, box in BOXES.items()}
    (tmp_path / kind).write_text(
        {
            "list.json": json.dumps(list(numbers.values())),
            "dict.json": json.dumps(numbers),
            "ids.csv": "id,x,y,w,h\n" + "".join(f"{id},{box}\n" for id, box in BOXES.items()),
            "plain.csv": "\n".join(["x,y,w,h", *BOXES.values()]),
            "spaced.csv": "\n\n".join(["\nx,y,w,h", *BOXES.values(), ""]),
        }[kind]
    )
    words = ("--boxes", tmp_path / kind, "--no-video", "--output", tmp_path / "o", *FAST)
    crt("track", frames, *words)
    found, expected = rows_by_object(tmp_path / "o"), rows_by_object(tracked[1])
    ids = list(BOXES) if kind in ("dict.json", "ids.csv") else ["1", "2", "3"]
    assert list(found) == ids
    for id, other in zip(ids, expected, strict=True):
        np.testing.assert_array_equal(found[id], expected[other])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b.json", "[[1, 2, 3]]", "a box is [1, 2, 3]; expected CSV"),
        ("b.json", '{"a": [1, 2, 3, null]}', "a is [1, 2, 3, None]; expected CSV"),
        ("b.json", "{", "holds no boxes of objects; expected CSV"),
        ("b.json", "3", "holds no boxes of objects"),
        ("b.json", "[]", "holds no boxes of objects"),
        ("b.json", '{"../a": [1, 2, 3, 4]}', "'../a' is no id; expected letters, digits"),
        ("b.csv", "1,2,3,4\n", "holds no boxes of objects; expected CSV with a header"),
        ("b.csv", "id,x,y,w,h\na,1,2,3\n", "a is ['1', '2', '3', None]"),
        ("b.csv", "id,x,y,w,h\na,1,2,3,4\na,1,2,3,5\n", "two objects are called a"),
        ("b.json", '{"a": [1, 2, 3, 4], "a": [1, 2, 3, 5]}', "two objects are called a"),
        ("b.csv", "frame,time,x,y,w,h\n0,0,1,2,3,4\n", "holds no boxes of objects"),
        ("b.csv", "frame,x,y,w,h\nsoon,1,2,3,4\n", "b.csv 'soon' is no moment"),
        ("b.csv", "id,frame,x,y,w,h\na,9,1,2,3,4\na,9,1,2,3,5\n", "two objects are called a"),
        ("b.json", '[{"frame": 2, "x": 3}]', "holds no boxes of objects"),
        ("b.json", '[{"box": [1, 2, 3, 4], "frame": 2.5}]', "'2.5' is no moment"),
    ],
)
def test_another_file_of_boxes_is_refused(frames, tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    words = ("--boxes", tmp_path / name, "--no-video", "--output", tmp_path / "o")
    assert message in error_line(crt("track", frames, *words, exit_code=2))
    assert not (tmp_path / "o").exists()


def test_boxes_in_fractions(frames, tracked, tmp_path):
    words = ["--box", "0.125,0.2,0.15,0.15", "--box", "0.5,0.5,0.1,0.1", "--normalised"]
    crt("track", frames, *words, "--no-video", "--output", tmp_path / "o", *FAST)
    found = rows_by_object(tmp_path / "o")
    assert found["1"][0, 1:5].tolist() == [20, 24, 24, 18]
    assert found["2"][0, 1:5].tolist() == [80, 60, 16, 12]


def test_both_targets_of_an_otb_sequence_are_compared(frames, tmp_path):
    shutil.copytree(frames, tmp_path / "Toy" / "img")
    for target, x, step in ((1, 21, 2), (2, 101, -2)):
        y = 21 if target == 1 else 31
        lines = (f"{x + step * i},{y + i},24,16" for i in range(COUNT))
        (tmp_path / "Toy" / f"groundtruth_rect.{target}.txt").write_text("\n".join(lines))
    words = ("--target", 1, "--target", 2, "--no-video", "--output", tmp_path / "o", *FAST)
    result = crt("track", tmp_path / "Toy", *words)
    found = rows_by_object(tmp_path / "o")
    assert list(found) == ["1", "2"]
    for id, first in (("1", (20, 20)), ("2", (100, 30))):
        np.testing.assert_allclose(found[id][0, 1:3], first)
    for id in (1, 2):
        (line,) = [s for s in result.stdout.splitlines() if f" of {id} over 7 annotated" in s]
        assert float(line.split()[2]) > 0.6, line
    result = crt("track", tmp_path / "Toy", *words[2:], "--overwrite")
    assert "mean IoU" in result.stdout and "objects" not in result.stdout
    assert len(rows(tmp_path / "o")) == COUNT


def test_an_interrupted_run_goes_on_to_the_same_files(frames, tracked, tmp_path):
    folder = tmp_path / "seq"
    shutil.copytree(frames, folder)
    whole = (folder / "f6.png").read_bytes()
    (folder / "f6.png").write_bytes(b"damaged")
    formats = [word for name in ("jsonl", "mot", "otb") for word in ("--format", name)]
    words = (*WORDS, "--lost-below", "0.5", *formats, *FAST, "--output", tmp_path / "o")
    crt("track", folder, *words, exit_code=2)
    (folder / "f6.png").write_bytes(whole)
    others = ["--box", f"4={BOXES['1']}", *WORDS[2:]]
    message = error_line(crt("track", folder, *others, *words[6:], "--resume", exit_code=2))
    assert "boxes was [[1, None, 20.0" in message and "is [[4, None, 20.0" in message
    crt("track", folder, *words, "--resume")
    names = sorted(path.name for path in (tmp_path / "o").iterdir())
    assert names == sorted(path.name for path in tracked[1].iterdir())
    for name in names:
        if name != "tracked.mp4":
            assert (tmp_path / "o" / name).read_bytes() == (tracked[1] / name).read_bytes(), name


def test_no_file_of_other_objects_stays(tmp_path):
    folder = image_folder(tmp_path / "seq", 2)
    words = ("track", folder, "--no-video", "--format", "otb", *FAST, "--output", tmp_path / "o")
    crt(*words, *WORDS)
    message = error_line(crt(*words, "--box", BOXES["1"], exit_code=2))
    assert "otb.1.txt, otb.3.txt, otb.car.txt" in message
    crt(*words, "--box", BOXES["1"], "--overwrite")
    assert [path.name for path in (tmp_path / "o").glob("otb*")] == ["otb.txt"]
