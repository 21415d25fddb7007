"""``crt track`` as a user has it: files, exit status and words, of good and of bad input."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from crt_plugin.cli import tracking
from crt_plugin.cli.main import app
from crt_plugin.errors import BoxError, MissingExtraError
from crt_plugin.media import sources
from crt_plugin.media.starts import Start, parse_starts
from tests.conftest import ROOT
from tests.helpers.track import BOX, FAST, crt, error_line, image_folder, rows, rows_by_object


def test_images_are_tracked_and_everything_is_written(tmp_path, monkeypatch):
    av = pytest.importorskip("av", reason="the extra video is not installed")
    image_folder(tmp_path / "seq")
    monkeypatch.chdir(tmp_path)
    result = crt("track", "seq", "--box", BOX, *FAST)
    output = tmp_path / "output" / "seq"
    assert sorted(p.name for p in output.iterdir()) == [
        "boxes.csv",
        "contact_sheet.png",
        "run.json",
        "tracked.mp4",
    ]
    boxes = rows(output)
    assert boxes[:, 0].tolist() == list(range(8))
    assert boxes[0, 1:5].tolist() == [40, 50, 24, 16]
    np.testing.assert_allclose(boxes[-1, 1:3], (61, 57), atol=4)
    assert ((boxes[:, 5] >= 0) & (boxes[:, 5] <= 1)).all()
    with av.open(str(output / "tracked.mp4")) as container:
        assert len(list(container.decode(video=0))) == 8
    assert "frames   8, " in result.stdout
    assert str(Path("output", "seq", "tracked.mp4")) in result.stdout


def test_no_video_and_frames_and_output(tmp_path):
    image_folder(tmp_path / "seq")
    result = crt(
        *("track", tmp_path / "seq", "--box", BOX, "--no-video", "--frames", 3),
        *("--output", tmp_path / "a" / "b", *FAST),
    )
    assert sorted(p.name for p in (tmp_path / "a" / "b").iterdir()) == [
        "boxes.csv",
        "contact_sheet.png",
        "run.json",
    ]
    assert len(rows(tmp_path / "a" / "b")) == 3
    assert "mp4" not in result.stdout


def test_an_otb_sequence_needs_no_box_and_is_compared(tmp_path):
    image_folder(tmp_path / "Toy" / "img")
    lines = (f"{41 + 3 * i}\t{51 + i}\t24\t16" for i in range(8))
    (tmp_path / "Toy" / "groundtruth_rect.txt").write_text("\n".join(lines))
    result = crt("track", tmp_path / "Toy", "--no-video", "--output", tmp_path / "o", *FAST)
    truth = np.array([(40 + 3 * i, 50 + i) for i in range(8)])
    assert rows(tmp_path / "o")[0, 1:5].tolist() == [40, 50, 24, 16]
    assert np.abs(rows(tmp_path / "o")[:, 1:3] - truth).max() < 5
    assert "over 7 annotated frames" in result.stdout
    iou = float(result.stdout.split("mean IoU ")[1].split()[0])
    assert iou > 0.6
    assert "centre   within 20 px in 100.0% of them" in result.stdout


def test_settings_are_overridden(tmp_path):
    image_folder(tmp_path / "seq", 2)
    outputs = []
    for seed in (0, 1, 0):
        folder = tmp_path / f"o{len(outputs)}"
        crt(
            *("track", tmp_path / "seq", "--box", BOX, "--no-video", "--output", folder),
            *(*FAST, "--set", "initial_filter=normal", "--set", f"seed={seed}"),
        )
        outputs.append((folder / "boxes.csv").read_bytes())
    assert outputs[0] == outputs[2] != outputs[1]


def test_a_damaged_frame_is_named_and_what_was_tracked_is_kept(tmp_path):
    pytest.importorskip("av", reason="the extra video is not installed")
    folder = image_folder(tmp_path / "seq", suffix=".jpg")
    whole = (folder / "f6.jpg").read_bytes()
    (folder / "f6.jpg").write_bytes(whole[: len(whole) // 2])
    output = tmp_path / "o"
    result = crt("track", folder, "--box", BOX, "--output", output, *FAST, exit_code=2)
    assert "frame 5" in result.stderr and "f6.jpg" in result.stderr
    assert f"5 tracked frames are kept in {output}" in result.stderr
    assert "Traceback" not in result.output
    assert len(rows(output)) == 5
    assert (output / "tracked.mp4").is_file() and (output / "contact_sheet.png").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "--box", BOX], "no such source: 'nowhere'"),
        (["seq", "--box", f"a={BOX}", "--box", "a=1,2,3,4"], "two objects are called a"),
        (["seq", "--box", f"a/b={BOX}"], "'a/b' is no id; expected letters"),
        (["seq", "--box", BOX, "--boxes", "b.csv"], "--box with --boxes; expected one of them"),
        (["seq", "--boxes", "b.csv"], "b.csv cannot be read"),
        (["seq", "--box", "1,2,3"], "--box '1,2,3' is not a box; expected X,Y,W,H or ID="),
        (["seq", "--box", "1,2,3,x"], "is not a box; expected X,Y,W,H or ID="),
        (["seq", "--box", "1,2,3,nan"], "is not a box; expected X,Y,W,H or ID="),
        (["seq", "--box", "1,2,0,4"], "w > 0 and h > 0"),
        (["seq", "--box", "160,2,9,9"], "outside the frame of 160 x 120 px"),
        (["seq"], "which object? seq has no annotation of its first frame; expected --box"),
        (["seq", "--box", BOX, "--target", "2"], "no sequence with an annotation"),
        (["seq", "--box", BOX, "--parameters", "nope"], "no parameter file 'nope'"),
        (["seq", "--box", BOX, "--set", "seed"], "sets nothing; expected NAME=VALUE"),
        (["seq", "--box", BOX, "--set", "seed=x"], "seed = 'x'; expected a value of type int"),
        (["seq", "--box", BOX, "--set", "sed=1"], "unknown setting 'sed'"),
        (["seq", "--box", BOX, "--set", "seed=-1"], "seed = -1; expected an integer"),
    ],
)
def test_what_is_refused_is_refused_in_one_line_before_anything_is_written(
    tmp_path, monkeypatch, words, message
):
    image_folder(tmp_path / "seq", 2)
    monkeypatch.chdir(tmp_path)
    result = crt("track", *words, "--no-video", exit_code=2)
    assert message in error_line(result)
    assert [p.name for p in tmp_path.iterdir()] == ["seq"]


def test_errors_are_red(tmp_path):
    result = CliRunner().invoke(
        app, ["track", str(tmp_path), "--box", BOX], color=True, env={"NO_COLOR": ""}
    )
    assert result.stderr.startswith("\x1b[31merror: no images in")


def test_missing_pyav_is_said_before_tracking_begins(tmp_path, monkeypatch):
    def missing():
        raise MissingExtraError("writing video: install it, or --no-video")

    image_folder(tmp_path / "seq", 2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tracking, "require_av", missing)
    result = crt("track", "seq", "--box", BOX, *FAST, exit_code=2)
    assert "writing video: install it" in error_line(result)
    assert not Path("output").exists()
    crt("track", "seq", "--box", BOX, "--no-video", *FAST)


@pytest.mark.parametrize("output", ["file", "file/below/it"])
def test_an_output_that_is_a_file_is_said_in_words(tmp_path, output):
    image_folder(tmp_path / "seq", 2)
    (tmp_path / "file").write_text("in the way")
    result = crt(
        *("track", tmp_path / "seq", "--box", BOX, "--no-video", *FAST),
        *("--output", tmp_path / output),
        exit_code=2,
    )
    assert error_line(result) == f"error: {tmp_path / 'file'} is a file; expected a folder"
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_box_drawn_with_the_mouse(tmp_path, monkeypatch):
    image_folder(tmp_path / "seq", 2)
    monkeypatch.setattr(tracking, "require_display", lambda: None)
    monkeypatch.setattr(tracking, "DisplayWindow", lambda truth: Stopping())
    result = crt(
        *("track", tmp_path / "seq", "--show", "--no-video", *FAST),
        *("--output", tmp_path / "o"),
    )
    assert rows_by_object(tmp_path / "o")["1"][:, :5].tolist() == [[0, 40, 50, 24, 16]]
    assert "announced" not in result.stdout


class Stopping:
    """A window in which the user draws a box, and presses q at once."""

    def draw_boxes(self, picture):
        return [np.array([40.0, 50, 24, 16])]

    def revise(self, step):
        return {}

    def write(self, step):
        return True

    def close(self):
        pass


def test_a_source_that_ends_early_is_mentioned(tmp_path, monkeypatch):
    image_folder(tmp_path / "seq", 3)
    opened = sources.open_source

    def exaggerate(given, target):
        return sources.Source(**{**vars(opened(given, target)), "length": 9})

    monkeypatch.setattr(sources, "open_source", exaggerate)
    result = crt(
        *("track", tmp_path / "seq", "--box", BOX, "--no-video", *FAST),
        *("--output", tmp_path / "o"),
    )
    assert "the source announced 9 frames" in result.stdout


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c_finishes_the_files_and_says_how_many_frames(tmp_path):
    av = pytest.importorskip("av", reason="the extra video is not installed")
    folder = image_folder(tmp_path / "seq")
    for index in range(8, 3000):
        (folder / f"f{index + 1}.png").symlink_to(folder / f"f{index % 8 + 1}.png")
    output = tmp_path / "o"
    words = ["track", str(folder), "--box", BOX, "--output", str(output), *FAST]
    # A shell's background jobs ignore Ctrl-C, and hand that on to the tests and their children.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "from crt_plugin.cli.main import app; app()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    boxes = output / "boxes.csv"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if boxes.is_file() and boxes.read_text().count("\n") > 5:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    count = len(rows(output))
    assert 5 <= count < 3000
    assert f"interrupted: {count} tracked frames are kept in {output}" in stderr
    assert stderr.count("interrupted") == 1
    assert f"frames   {count}, " in stdout
    assert "Traceback" not in stderr
    with av.open(str(output / "tracked.mp4")) as container:
        assert len(list(container.decode(video=0))) == count
    assert Image.open(output / "contact_sheet.png").size[0] > 1000


def test_ctrl_c_before_tracking(tmp_path, monkeypatch):
    def interrupt(params):
        raise KeyboardInterrupt

    image_folder(tmp_path / "seq", 2)
    monkeypatch.setattr(tracking, "MultiTracker", interrupt)
    result = crt(
        *("track", tmp_path / "seq", "--box", BOX, "--no-video", "--output", tmp_path / "o"),
        exit_code=130,
    )
    assert result.stderr.strip() == "interrupted"


def test_a_real_sequence(shared, tmp_path):
    """Five frames of Deer, from the annotation and with the annotation."""
    sequence = tmp_path / "Deer"
    (sequence / "img").mkdir(parents=True)
    real = shared / "data" / "otb" / "Deer"
    for number in range(1, 6):
        shutil.copy(real / "img" / f"{number:04d}.jpg", sequence / "img")
    shutil.copy(real / "groundtruth_rect.txt", sequence)
    output = tmp_path / "o"
    result = crt(
        *("track", sequence, "--set", "features=hog", "--no-video", "--output", output),
    )
    assert rows(output)[0, 1:5].tolist() == [305, 4, 95, 65]
    assert "over 4 annotated frames" in result.stdout


def test_a_box_of_text():
    assert parse_starts(["1.5,-2, 3,4"]) == [Start(1, None, [1.5, -2, 3, 4])]
    with pytest.raises(BoxError):
        parse_starts(["1 2 3 4"])
