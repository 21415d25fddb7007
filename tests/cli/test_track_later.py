"""Boxes of later frames: objects that begin behind the first one, or begin anew."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from crt_plugin.cli import tracking
from crt_plugin.formats.boxes import read_boxes
from crt_plugin.media import checkpoint
from crt_plugin.media.annotations import convert_otb
from crt_plugin.media.drawing import COLORS
from tests.helpers.track import FAST, crt, error_line, folder_of_several, rows_by_object, video

COUNT, LATE, ANEW = 8, 3, 5
# At LATE, the object that goes left is at (100 - 2 LATE, 30 + LATE); at ANEW, the other one so.
CAR, FIRST, AGAIN = "94,33,24,16", "20,20,24,16", "30,25,24,16"
BOXES = ("--box", f"car@{LATE}={CAR}", "--box", FIRST, "--box", f"2@{ANEW}={AGAIN}")
FORMATS = [word for name in ("jsonl", "mot", "otb", "coco") for word in ("--format", name)]


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    return folder_of_several(tmp_path_factory.mktemp("frames") / "seq", COUNT)


@pytest.fixture(scope="module")
def tracked(frames, tmp_path_factory):
    """The car begins at LATE; object 2 at the start, and anew at ANEW."""
    output = tmp_path_factory.mktemp("tracked") / "o"
    return crt("track", frames, *BOXES, *FORMATS, *FAST, "--output", output), output


def track_alone(frames, output, start, box, end=COUNT):
    """Lines of boxes.csv of one object, from frame ``start`` on."""
    words = ("--start", start, "--end", end, "--no-video", *FAST, "--output", output)
    crt("track", frames, "--box", box, *words)
    return (output / "boxes.csv").read_text().splitlines()[1:]


def test_boxes_are_those_of_runs_that_start_there_to_the_last_digit(frames, tracked, tmp_path):
    header, *lines = (tracked[1] / "boxes.csv").read_text().splitlines()
    assert header == "frame,time,id,x,y,w,h,score"
    found: dict[str, list[str]] = {"car": [], "2": []}
    for line in lines:
        frame, time, id, *rest = line.split(",")
        found[id].append(",".join([frame, time, *rest]))
    assert found["car"] == track_alone(frames, tmp_path / "car", LATE, CAR)
    assert found["2"][:ANEW] == track_alone(frames, tmp_path / "first", 0, FIRST, ANEW)
    assert found["2"][ANEW:] == track_alone(frames, tmp_path / "again", ANEW, AGAIN)


def test_every_format_leaves_an_object_out_that_has_not_begun(tracked):
    result, output = tracked
    found = rows_by_object(output)
    assert found["car"][:, 0].tolist() == list(range(LATE, COUNT))
    lines = [json.loads(line) for line in (output / "boxes.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines if line["id"] == "car"] == list(range(LATE, COUNT))
    mot = np.loadtxt(output / "mot.txt", delimiter=",")
    numbers = {frame: [2.0] for frame in range(1, LATE + 1)} | {
        frame: [1.0, 2.0] for frame in range(LATE + 1, COUNT + 1)
    }
    assert {f: mot[mot[:, 0] == f][:, 1].tolist() for f in numbers} == numbers
    otb = convert_otb(read_boxes(output / "otb.car.txt"))  # a line for every tracked frame
    assert list(otb) == list(range(LATE, COUNT))
    np.testing.assert_allclose(list(otb.values()), found["car"][:, 1:5], atol=1e-4)
    assert len(read_boxes(output / "otb.car.txt")) == COUNT
    coco = json.loads((output / "coco.json").read_text())
    cars = [a for a in coco["annotations"] if a["attributes"]["track_id"] == 1]
    assert [a["image_id"] - 1 for a in cars] == list(range(LATE, COUNT))
    assert len(coco["images"]) == COUNT
    assert f"frames   {COUNT}, 2 objects" in result.stdout


def test_the_video_shows_it_in_its_own_colour_from_there_on(tracked):
    av = pytest.importorskip("av", reason="the extra video is not installed")
    with av.open(str(tracked[1] / "tracked.mp4")) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) == COUNT
    for index, picture in enumerate(pictures):
        # The lower edges of the boxes, clear of their tags.
        for number, (x, y) in enumerate(
            ((100 - 2 * index, 46 + index), (20 + 2 * index, 36 + index))
        ):
            near = picture[y - 2 : y + 2, x + 4 : x + 20].astype(int)
            distances = [np.abs(near - color).sum(axis=2).min() for color in COLORS[:2]]
            is_there = number == 1 or index >= LATE
            assert (distances[number] < 90) == is_there, (index, number, distances)
    sheet = np.asarray(Image.open(tracked[1] / "contact_sheet.png")).astype(int)
    for color in COLORS[:2]:
        assert (np.abs(sheet - color) <= 25).all(axis=2).sum() > 500


@pytest.mark.parametrize("broken", [LATE - 1, LATE, LATE + 1, ANEW, ANEW + 1])
def test_a_run_that_breaks_off_there_is_resumed_to_the_same_files(
    frames, tracked, tmp_path, monkeypatch, broken
):
    """Before the first box of the car, at it, and behind it; and so of the second box of 2."""
    monkeypatch.setattr(checkpoint, "INTERVAL", 0)
    folder, output = tmp_path / "seq", tmp_path / "o"
    shutil.copytree(frames, folder)
    whole = (folder / f"f{broken + 1}.png").read_bytes()
    (folder / f"f{broken + 1}.png").write_bytes(b"damaged")
    words = ("track", folder, *BOXES, *FORMATS, *FAST, "--output", output)
    crt(*words, exit_code=2)
    assert (output / "unfinished.safetensors").is_file()
    (folder / f"f{broken + 1}.png").write_bytes(whole)
    crt(*words, "--resume")
    names = sorted(path.name for path in output.iterdir())
    assert names == sorted(path.name for path in tracked[1].iterdir())
    for name in names:
        assert (output / name).read_bytes() == (tracked[1] / name).read_bytes(), name


class Drawing:
    """A window in which the user draws an object at first, another one, and the first anew."""

    def __init__(self, annotations):
        pass

    def draw_boxes(self, picture):
        return [np.array([float(x) for x in FIRST.split(",")])]

    def revise(self, step):
        later = {LATE: {2: CAR}, ANEW: {1: AGAIN}}.get(step.frame.index, {})
        return {id: np.array([float(x) for x in box.split(",")]) for id, box in later.items()}

    def write(self, step):
        return False

    def close(self):
        pass


@pytest.mark.parametrize("broken", [LATE, LATE + 1, ANEW + 1])
def test_boxes_that_are_drawn_later_are_those_of_the_command_and_resumed(
    frames, tmp_path, monkeypatch, broken
):
    monkeypatch.setattr(tracking, "require_display", lambda: None)
    monkeypatch.setattr(tracking, "DisplayWindow", Drawing)
    monkeypatch.setattr(checkpoint, "INTERVAL", 0)
    shutil.copytree(frames, tmp_path / "seq")
    words = ("track", tmp_path / "seq", *FORMATS, "--no-video", *FAST, "--output")
    boxes = ("--box", FIRST, "--box", f"@{LATE}={CAR}", "--box", f"1@{ANEW}={AGAIN}")
    crt(*words, tmp_path / "given", *boxes)
    file = tmp_path / "seq" / f"f{broken + 1}.png"
    whole = file.read_bytes()
    file.write_bytes(b"damaged")
    crt(*words, tmp_path / "drawn", "--show", exit_code=2)
    file.write_bytes(whole)
    crt(*words, tmp_path / "drawn", "--show", "--resume")
    for name in ("boxes.csv", "boxes.jsonl", "mot.txt", "otb.1.txt", "otb.2.txt", "coco.json"):
        drawn, given = (tmp_path / folder / name for folder in ("drawn", "given"))
        assert drawn.read_bytes() == given.read_bytes(), name


@pytest.mark.parametrize("kind", ["b.csv", "b.json"])
def test_a_file_names_the_frames(frames, tracked, tmp_path, kind):
    numbers = {"car": CAR, "2": FIRST, "2b": AGAIN}
    box = {key: [float(x) for x in text.split(",")] for key, text in numbers.items()}
    items = [
        {"id": "car", "frame": LATE, "box": box["car"]},
        {"id": 2, "box": box["2"]},
        {"id": 2, "frame": f"{ANEW / 25}s", "box": box["2b"]},  # images count as 25 a second
    ]
    content = "id,frame,x,y,w,h\n" + "".join(
        f"{each['id']},{each.get('frame', '')},{','.join(map(str, each['box']))}\n"
        for each in items
    )
    (tmp_path / kind).write_text(content if kind == "b.csv" else json.dumps(items))
    words = ("--boxes", tmp_path / kind, "--no-video", *FAST, "--output", tmp_path / "o")
    crt("track", frames, *words)
    assert (tmp_path / "o" / "boxes.csv").read_bytes() == (tracked[1] / "boxes.csv").read_bytes()


def test_the_only_object_may_begin_late(frames, tmp_path):
    words = ("--format", "otb", "--no-video", "--json", *FAST, "--output", tmp_path / "o")
    result = crt("track", frames, "--box", f"@{LATE}={CAR}", *words)
    lines = (tmp_path / "o" / "boxes.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["frame", *map(str, range(LATE, COUNT))]
    assert (tmp_path / "o" / "otb.txt").read_text().splitlines()[:LATE] == ["0,0,0,0"] * LATE
    assert json.loads(result.stdout)["frames"] == COUNT


def test_a_time_is_the_first_tracked_frame_at_or_after_it(tmp_path):
    """Ten frames a second, every second one of which is tracked."""
    words = ("--every", 2, "--no-video", *FAST, "--output", tmp_path / "o")
    path = video(tmp_path / "v.avi")
    crt("track", path, "--box", "40,50,24,16", "--box", "late@0.3s=52,54,24,16", *words)
    found = rows_by_object(tmp_path / "o")
    assert found["late"][:, 0].tolist() == [4, 6] and found["1"][:, 0].tolist() == [0, 2, 4, 6]


def test_a_second_target_begins_where_its_annotation_does(frames, tmp_path):
    """It was left out in silence if it was not there in the first frame."""
    shutil.copytree(frames, tmp_path / "Toy" / "img")
    first = [f"{21 + 2 * i},{21 + i},24,16" for i in range(COUNT)]
    second = [f"{101 - 2 * i},{31 + i},24,16" if i >= LATE else "0,0,0,0" for i in range(COUNT)]
    for target, lines in ((1, first), (2, second)):
        (tmp_path / "Toy" / f"groundtruth_rect.{target}.txt").write_text("\n".join(lines))
    words = ("--target", 1, "--target", 2, "--no-video", *FAST, "--output", tmp_path / "o")
    result = crt("track", tmp_path / "Toy", *words)
    found = rows_by_object(tmp_path / "o")
    assert found["2"][0].tolist()[:5] == [LATE, 94, 33, 24, 16]
    for id, count in ((1, COUNT - 1), (2, COUNT - LATE - 1)):  # the given boxes do not count
        assert f" of {id} over {count} annotated frames" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--box", "a@2=1,2,9,9", "--start", "3"], "is at frame 2, before the first tracked frame"),
        (["--box", "a@0.04s=1,2,9,9", "--start", "3"], "is at 0.04 s, before the first tracked"),
        (["--box", "a@4=1,2,9,9", "--every", "3"], "--every 3 leaves out; expected 3 or 6"),
        (["--box", "a@4=1,2,9,9", "--end", "4"], "is at frame 4; expected one before --end"),
        (["--box", "a@4=1,2,9,9", "--frames", "4"], "after the last one of --frames 4"),
        (["--box", "a@4=160,2,9,9"], "outside the frame of 160 x 120 px"),
        (["--box", "a@=1,2,9,9"], "has no frame; expected X,Y,W,H"),
        (["--box", "a@soon=1,2,9,9"], "--box 'soon' is no moment"),
        (["--box", "a@4=1,2,9,9", "--box", "a@4=3,2,9,9"], "two objects are called a"),
        (["--box", "a@0=1,2,9,9", "--box", "a=3,2,9,9"], "two boxes of a in frame 0"),
    ],
)
def test_a_frame_that_is_not_tracked_is_refused_before_anything_is_written(
    frames, tmp_path, words, message
):
    output = tmp_path / "o"
    result = crt("track", frames, *words, "--no-video", "--output", output, *FAST, exit_code=2)
    assert message in result.stderr
    assert not output.exists() or not list(output.iterdir())


def test_a_box_behind_the_last_image_is_said_before_tracking(frames, tmp_path):
    words = (
        "--box",
        FIRST,
        "--box",
        f"car@{COUNT}={CAR}",
        "--no-video",
        "--output",
        tmp_path / "o",
    )
    message = error_line(crt("track", frames, *words, *FAST, exit_code=2))
    assert f"the box of car is at frame {COUNT}, behind the last frame, {COUNT - 1}" in message
    assert not (tmp_path / "o").exists()


def test_the_bench_has_the_first_frame_only():
    message = error_line(crt("bench", "hog", "--box", "1@3=1,2,9,9", exit_code=2))
    assert "is of a later frame; expected the first one's" in message
