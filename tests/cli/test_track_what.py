"""Which frames and which box ``crt track`` takes, and which files it replaces and writes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

from crt_plugin.runtime.atomic import claim_folder
from tests.conftest import scene
from tests.helpers.track import BOX, FAST, crt, error_line, image_folder, rows, video

# --------------------------------------------------------------------------- nothing is lost


@pytest.fixture
def deer(tmp_path, monkeypatch):
    """Two different sources whose names differ in their suffix only; the results go to output/."""
    monkeypatch.chdir(tmp_path)
    frames = [Image.fromarray(scene(40 + 3 * index, 50 + index)) for index in range(3)]
    frames[0].save("deer.gif", save_all=True, append_images=frames[1:])
    video(tmp_path / "deer.avi", 5)
    return tmp_path / "output" / "deer"


def test_another_source_of_the_same_name_replaces_nothing_unless_asked_to(deer):
    words = ("--box", BOX, "--no-video", *FAST)
    crt("track", "deer.gif", *words)
    before = {file.name: file.read_bytes() for file in deer.iterdir()}
    result = crt("track", "deer.avi", *words, exit_code=2)
    assert "boxes.csv, contact_sheet.png of an earlier run" in error_line(result)
    assert "--overwrite" in result.stderr
    assert before == {file.name: file.read_bytes() for file in deer.iterdir()}
    crt("track", "deer.avi", *words, "--overwrite")
    assert len(rows(deer)) == 5


def test_a_file_of_the_user_s_in_the_way_is_not_replaced_either(tmp_path):
    pytest.importorskip("av", reason="the extra video is not installed")
    image_folder(tmp_path / "seq", 2)
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "tracked.mp4").write_bytes(b"mine")
    words = ("track", tmp_path / "seq", "--box", BOX, *FAST, "--output", tmp_path / "o")
    assert "holds tracked.mp4" in error_line(crt(*words, exit_code=2))
    crt(*words, "--no-video")
    assert (tmp_path / "o" / "tracked.mp4").read_bytes() == b"mine"


def test_a_folder_that_another_run_writes_to_is_left_alone(tmp_path):
    """Two runs wrote lines of both into one file."""
    image_folder(tmp_path / "seq", 2)
    (tmp_path / "o").mkdir()
    words = ("track", tmp_path / "seq", "--box", BOX, "--no-video", *FAST, "--output")
    for more in ((), ("--overwrite",)):
        with claim_folder(tmp_path / "o"):
            result = crt(*words, tmp_path / "o", *more, exit_code=2)
            assert [file.name for file in (tmp_path / "o").glob("[!.]*")] == []
        assert "another run writes to" in error_line(result)
    crt(*words, tmp_path / "o")
    assert not list((tmp_path / "o").glob(".*"))


def test_files_of_the_replaced_run_do_not_stay_beside_the_new_ones(tmp_path):
    image_folder(tmp_path / "seq", 3)
    words = ("track", tmp_path / "seq", "--box", BOX, "--no-video", *FAST, "--output")
    crt(*words, tmp_path / "o", "--format", "otb", "--format", "mot", "--format", "coco")
    (tmp_path / "o" / "notes.txt").write_text("mine")
    crt(*words, tmp_path / "o", "--format", "mot", "--overwrite")
    there = {file.name for file in (tmp_path / "o").iterdir()}
    assert there == {"boxes.csv", "contact_sheet.png", "mot.txt", "notes.txt", "run.json"}


@pytest.mark.parametrize("name", ["boxes.csv", "run.json", "contact_sheet.png"])
def test_a_folder_in_the_place_of_a_file_is_named(tmp_path, name):
    image_folder(tmp_path / "seq", 2)
    (tmp_path / "o" / name).mkdir(parents=True)
    words = ("track", tmp_path / "seq", "--box", BOX, "--no-video", *FAST, "--output")
    for more in ((), ("--overwrite",), ("--resume",)):
        message = error_line(crt(*words, tmp_path / "o", *more, exit_code=2))
        assert f"{name} is a folder; expected a file" in message


def test_a_run_tells_its_file_from_one_of_the_same_stem(deer):
    crt("track", "deer.gif", "--box", BOX, "--no-video", *FAST)
    assert json.loads((deer / "run.json").read_text())["run"]["source"] == "deer.gif"
    crt("track", "deer.avi", "--box", BOX, "--no-video", *FAST, "--overwrite")
    assert json.loads((deer / "run.json").read_text())["run"]["source"] == "deer.avi"


def test_a_box_behind_the_end_is_not_promised_to_come(tmp_path):
    path = video(tmp_path / "v.avi", 3)
    words = ("--box", BOX, "--box", "b@7=1,2,30,40", "--no-video", *FAST)
    result = crt("track", path, *words, "--output", tmp_path / "o", exit_code=2)
    assert "the last tracked frame is 2, before the box of b at frame 7" in result.stderr
    assert "3 tracked frames are kept" in result.stderr
    assert "--resume" not in result.stderr
    assert not (tmp_path / "o" / "unfinished.safetensors").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("", "--box", BOX), "the source is empty"),
        (("99999999999", "--box", BOX), "no such source: '99999999999'"),
        (("seq", "--box", f"={BOX}"), "has no id before ="),
        (("seq", "--box", f"a@1:99={BOX}"), "'1:99' is no moment"),
        (("seq", "--box", f"a@2={BOX}"), "the box of a is at frame 2, behind the last frame, 1"),
        (("seq", "--boxes", "deep.json"), "deep.json holds no boxes of objects"),
        (("seq", "--boxes", "ours.csv"), "the header is frame,time,x,y,w,h,score"),
        (("seq", "--box", BOX, "--start", "9"), "seq has no frame 9, but 2 frames"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    image_folder(tmp_path / "seq", 2)
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "ours.csv").write_text("frame,time,x,y,w,h,score\n0,0,1,2,3,4,0.5\n")
    result = crt("track", *words, "--no-video", *FAST, exit_code=2)
    assert message in error_line(result)
    assert not (tmp_path / "output").exists()


# ------------------------------------------------------------------------------- fractions


def test_a_box_in_fractions_is_that_in_pixels(tmp_path):
    image_folder(tmp_path / "seq", 3)
    words = ("track", tmp_path / "seq", "--no-video", *FAST, "--output")
    crt(*words, tmp_path / "px", "--box", "40,48,24,18")
    result = crt(*words, tmp_path / "o", "--box", "0.25,0.4,0.15,0.15", "--normalised")
    np.testing.assert_array_equal(rows(tmp_path / "o"), rows(tmp_path / "px"))
    assert "warning" not in result.stderr


def test_a_box_that_looks_like_fractions_gets_a_warning(tmp_path):
    image_folder(tmp_path / "seq", 2)
    few = ("--set", "train_steps=2")
    words = ("track", tmp_path / "seq", "--no-video", *FAST, *few, "--output")
    result = crt(*words, tmp_path / "tiny", "--box", "0.3,0.2,0.2,0.25")
    assert "warning: a box of 0.2 x 0.25 px is tiny" in result.stderr
    assert "--normalised" in result.stderr
    assert "warning" not in crt(*words, tmp_path / "line", "--box", "40,50,24,2").stderr


@pytest.mark.parametrize("box", [["--box", BOX], ["--box", "0.1,-0.1,0.2,0.2"], []])
def test_normalised_takes_fractions_only(tmp_path, box):
    image_folder(tmp_path / "seq", 2)
    result = crt("track", tmp_path / "seq", *box, "--normalised", "--no-video", exit_code=2)
    assert "expected X,Y,W,H in fractions" in error_line(result)


# ------------------------------------------------------------------------------- selection


@pytest.mark.parametrize(
    ("words", "frames"),
    [
        (["--start", "2"], [2, 3, 4, 5, 6, 7]),
        (["--start", "2", "--end", "5"], [2, 3, 4]),
        (["--start", "2", "--every", "2"], [2, 4, 6]),
        (["--start", "2", "--every", "2", "--frames", "2"], [2, 4]),
        (["--start", "0.2s", "--end", "0:00.45"], [2, 3, 4]),
        (["--start", "0:0:0.11", "--end", "100"], [2, 3, 4, 5, 6, 7]),
    ],
)
def test_selected_frames_of_a_video_are_tracked_under_their_own_numbers(tmp_path, words, frames):
    """Ten frames a second; the object is at (40 + 3 i, 50 + i) in frame i."""
    path = video(tmp_path / "v.avi")
    crt(
        *("track", path, "--box", "46,52,24,16", *words, "--no-video", *FAST),
        *("--output", tmp_path / "o"),
    )
    boxes = rows(tmp_path / "o")
    assert boxes[:, 0].tolist() == frames
    assert boxes[0, 1:5].tolist() == [46, 52, 24, 16]
    truth = [(40 + 3 * i, 50 + i) for i in frames]
    np.testing.assert_allclose(boxes[:, 1:3], truth, atol=4)


def test_a_selection_starts_and_compares_with_the_annotation_of_its_own_frames(tmp_path):
    image_folder(tmp_path / "Toy" / "img")
    lines = (f"{41 + 3 * i}\t{51 + i}\t24\t16" for i in range(8))
    (tmp_path / "Toy" / "groundtruth_rect.txt").write_text("\n".join(lines))
    result = crt(
        *("track", tmp_path / "Toy", "--start", 3, "--every", 2, "--no-video", *FAST),
        *("--output", tmp_path / "o"),
    )
    assert rows(tmp_path / "o")[0, :5].tolist() == [3, 49, 53, 24, 16]
    assert "over 2 annotated frames" in result.stdout
    assert float(result.stdout.split("mean IoU ")[1].split()[0]) > 0.6


def test_the_annotated_video_of_every_second_frame_keeps_the_time(tmp_path):
    av = pytest.importorskip("av", reason="the extra video is not installed")
    path = video(tmp_path / "v.avi")
    crt(
        *("track", path, "--box", "46,52,24,16", "--start", 2, "--every", 2, *FAST),
        *("--output", tmp_path / "o"),
    )
    with av.open(str(tmp_path / "o" / "tracked.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
    np.testing.assert_allclose(times, [0, 0.2, 0.4], atol=1e-6)
    assert Image.open(tmp_path / "o" / "contact_sheet.png").size[0] > 1000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--start", "8"], "v has no frame 8"),
        (["--start", "5", "--end", "5"], "nothing is from 5 on and before 5"),
        (["--start", "soon"], "--start 'soon' is no moment; expected a frame"),
        (["--end", "1.5"], "--end '1.5' is no moment; expected a frame"),
        (["--start", "-1"], "--start '-1' is no moment"),
    ],
)
def test_moments_that_select_nothing_are_refused(tmp_path, words, message):
    path = video(tmp_path / "v.avi")
    result = crt(
        *("track", path, "--box", BOX, *words, "--no-video", "--output", tmp_path / "o", *FAST),
        exit_code=2,
    )
    assert message in error_line(result)
    assert not (tmp_path / "o").exists()


# --------------------------------------------------------------------------------- formats


def test_boxes_in_every_format_say_the_same(tmp_path):
    """At 10 frames a second; what OTB's text says is read as the annotation of a sequence."""
    path = video(tmp_path / "v.avi")
    output = tmp_path / "o"
    result = crt(
        *("track", path, "--box", "46,52,24,16", "--start", 2, "--every", 2, "--no-video", *FAST),
        *("--format", "jsonl", "--format", "mot", "--format", "otb", "--output", output),
    )
    boxes = rows(output)
    with (output / "boxes.csv").open() as file:
        assert [row["time"] for row in csv.DictReader(file)] == ["0.2000", "0.4000", "0.6000"]
    lines = [json.loads(line) for line in (output / "boxes.jsonl").read_text().splitlines()]
    assert [line["time"] for line in lines] == [0.2, 0.4, 0.6]
    as_csv = [[line["frame"], *line["box"], line["score"]] for line in lines]
    np.testing.assert_array_equal(as_csv, boxes)
    mot = np.loadtxt(output / "mot.txt", delimiter=",")
    np.testing.assert_array_equal(mot[:, 0], boxes[:, 0] + 1)
    np.testing.assert_allclose(mot[:, 2:7] - (1, 1, 0, 0, 0), boxes[:, 1:], atol=1e-9)
    otb = np.loadtxt(output / "otb.txt", delimiter=",")
    np.testing.assert_allclose(otb - (1, 1, 0, 0), boxes[:, 1:5], atol=1e-9)
    for name in ("boxes.jsonl", "mot.txt", "otb.txt"):
        assert str(output / name) in result.stdout


def test_a_run_is_resumed_in_every_format(tmp_path):
    words = ("--box", BOX, "--no-video", *FAST, "--format", "jsonl", "--format", "mot")
    folder = image_folder(tmp_path / "seq")
    crt("track", folder, *words, "--output", tmp_path / "whole")
    image = (folder / "f5.png").read_bytes()
    (folder / "f5.png").write_bytes(b"damaged")
    crt("track", folder, *words, "--output", tmp_path / "o", exit_code=2)
    (folder / "f5.png").write_bytes(image)
    crt("track", folder, *words, "--output", tmp_path / "o", "--resume")
    for file in (tmp_path / "whole").iterdir():
        assert (tmp_path / "o" / file.name).read_bytes() == file.read_bytes()


def test_an_unknown_format_is_refused(tmp_path):
    result = crt("track", tmp_path, "--box", BOX, "--format", "xml", exit_code=2)
    assert "'xml'" in result.stderr and "jsonl" in result.stderr
