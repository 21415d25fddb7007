"""An interrupted ``crt track`` goes on with ``--resume`` as if nothing had happened."""

from __future__ import annotations

import json
import os
import shutil
import signal

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from crt_plugin.features import vgg_weights
from crt_plugin.media import checkpoint
from crt_plugin.plus.tracker import CRTTracker
from tests.helpers.track import BOX, FAST, crt, error_line, image_folder, interrupt, rows

UNFINISHED = "unfinished.safetensors"
COUNT = 60


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """The object goes to and fro."""
    folder = image_folder(tmp_path_factory.mktemp("frames") / "seq")
    for index in range(8, COUNT):
        (folder / f"f{index + 1}.png").symlink_to(folder / f"f{8 - abs(index % 14 - 7)}.png")
    return folder


@pytest.fixture(scope="module")
def undisturbed(frames, tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed") / "o"
    crt("track", frames, "--box", BOX, *FAST, "--output", output)
    return output


def read_video(output):
    av = pytest.importorskip("av", reason="the extra video is not installed")
    with av.open(str(output / "tracked.mp4")) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def assert_same_files(output, undisturbed):
    assert sorted(p.name for p in output.iterdir()) == sorted(p.name for p in undisturbed.iterdir())
    for name in ("boxes.csv", "contact_sheet.png"):
        assert (output / name).read_bytes() == (undisturbed / name).read_bytes()
    np.testing.assert_array_equal(read_video(output), read_video(undisturbed))


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT], ids=["kill", "ctrl-c"])
def test_a_killed_run_is_resumed_to_the_files_of_an_undisturbed_one(
    frames, undisturbed, tmp_path, sent
):
    output = tmp_path / "o"
    words = ["track", str(frames), "--box", BOX, "--output", str(output), *FAST]
    assert interrupt(words, output, 8, sent) in (-signal.SIGKILL, 130)
    assert 5 < len(rows(output)) < COUNT
    assert (output / UNFINISHED).is_file()
    result = crt(*words, exit_code=2)
    assert "boxes.csv" in error_line(result) and "--resume to go on" in result.stderr
    crt(*words, "--resume")
    assert_same_files(output, undisturbed)


@pytest.fixture
def interrupted(frames, tmp_path):
    """The words of a command whose run has ended at frame 20, which was damaged."""
    folder = tmp_path / "seq"
    shutil.copytree(frames, folder, symlinks=False)
    whole = (folder / "f21.png").read_bytes()
    (folder / "f21.png").write_bytes(b"damaged")
    words = ("track", folder, *FAST, "--output", tmp_path / "o", "--box", BOX)
    result = crt(*words, exit_code=2)
    assert "20 tracked frames are kept" in result.stderr and "--resume" in result.stderr
    (folder / "f21.png").write_bytes(whole)
    return words


def test_frames_are_not_tracked_again(interrupted, undisturbed, tmp_path, monkeypatch):
    updated = []
    update = CRTTracker.update
    monkeypatch.setattr(
        CRTTracker, "update", lambda self, image: updated.append(1) or update(self, image)
    )
    result = crt(*interrupted, "--resume")
    assert len(updated) == COUNT - 20
    assert f"frames   {COUNT}, " in result.stdout
    assert_same_files(tmp_path / "o", undisturbed)


def test_a_run_may_be_interrupted_again(interrupted, undisturbed, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "INTERVAL", 0)
    for stop in (10, 35):  # before and behind what the first run had
        image = tmp_path / "seq" / f"f{stop + 1}.png"
        whole = image.read_bytes()
        image.write_bytes(b"damaged")
        crt(*interrupted, "--resume", exit_code=2)
        image.write_bytes(whole)
    crt(*interrupted, "--resume")
    assert_same_files(tmp_path / "o", undisturbed)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--box", "41,50,24,16"],
            "boxes was [[1, None, 40.0, 50.0, 24.0, 16.0]] and is [[1, None, 41.0",
        ),
        (["--set", "seed=5"], "seed was 0 and is 5"),
        (["--every", "2"], "every was 1 and is 2"),
        (["--no-video"], "files was ['csv', 'sheet', 'video'] and is ['csv', 'sheet']"),
        (["--overwrite"], "--resume with --overwrite"),
    ],
)
def test_another_run_is_not_resumed(interrupted, tmp_path, words, message):
    box = [] if words[0] == "--box" else ["--box", BOX]
    before = (tmp_path / "o" / "boxes.csv").read_bytes()
    result = crt(*interrupted[:-2], *box, *words, "--resume", exit_code=2)
    assert message in error_line(result)
    assert (tmp_path / "o" / "boxes.csv").read_bytes() == before
    assert (tmp_path / "o" / UNFINISHED).is_file()


def test_another_source_of_the_same_name_is_not_resumed(interrupted, tmp_path):
    """What deer.mp4 left is not gone on with by deer.webm."""
    frame = np.asarray(Image.open(tmp_path / "seq" / "f1.png")).copy()
    frame[0, 0, 0] ^= 1
    Image.fromarray(frame).save(tmp_path / "seq" / "f1.png")
    assert "first frame was" in error_line(crt(*interrupted, "--resume", exit_code=2))


@pytest.mark.parametrize("content", [b"", b"not tensors", "cut"])
def test_a_damaged_checkpoint_is_named(interrupted, tmp_path, content):
    file = tmp_path / "o" / UNFINISHED
    file.write_bytes(file.read_bytes()[:-100] if content == "cut" else content)
    message = error_line(crt(*interrupted, "--resume", exit_code=2))
    assert f"{file} cannot be read" in message and "--overwrite" in message


def test_overwriting_forgets_the_interrupted_run(interrupted, undisturbed, tmp_path):
    crt(*interrupted, "--overwrite")
    assert_same_files(tmp_path / "o", undisturbed)


def test_resume_begins_where_nothing_was_and_has_nothing_to_do_behind_that(
    frames, undisturbed, tmp_path
):
    output = tmp_path / "o"
    words = ("track", frames, "--box", BOX, *FAST, "--output", output, "--resume")
    first = json.loads(crt(*words, "--json").stdout)
    assert_same_files(output, undisturbed)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in output.iterdir()}
    assert f"nothing to do: the run in {output} is complete" in crt(*words).stdout
    assert crt(*words, "--quiet").output == ""
    assert json.loads(crt(*words, "--json").stdout) == first | {"fps": None}
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    (output / "tracked.mp4").unlink()
    assert "lacks tracked.mp4 of the run" in error_line(crt(*words, exit_code=2))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lost-below", "0.5"], "lost_below was None and is 0.5"),
        (["--set", "seed=5"], "seed was 0 and is 5"),
        (["--frames", "9"], "frames was None and is 9"),
        (["--end", "9"], "end was None and is 9"),
        (["--format", "mot"], "files was ['csv', 'sheet', 'video'] and is ['csv', 'mot', 'sheet"),
    ],
)
def test_another_run_than_the_complete_one_is_refused(frames, undisturbed, words, message):
    same = ("track", frames, "--box", BOX, *FAST, "--output", undisturbed, "--resume")
    assert message in error_line(crt(*same, *words, exit_code=2))


def test_frames_that_came_later_are_not_passed_over(tmp_path):
    words = ("track", tmp_path / "seq", "--box", BOX, "--no-video", *FAST, "--output")
    image_folder(tmp_path / "seq", 2)
    crt(*words, tmp_path / "o", "--resume")
    shutil.copy(tmp_path / "seq" / "f2.png", tmp_path / "seq" / "f3.png")
    message = error_line(crt(*words, tmp_path / "o", "--resume", exit_code=2))
    assert "length was 2 and is 3" in message


def test_a_run_that_is_begun_anew_is_not_complete(frames, tmp_path):
    """Until it is: the file that says so goes first."""
    folder, output = tmp_path / "seq", tmp_path / "o"
    shutil.copytree(frames, folder, symlinks=False)
    words = ("track", folder, "--box", BOX, "--no-video", *FAST, "--output", output)
    crt(*words)
    (folder / "f21.png").write_bytes(b"damaged")
    crt(*words, "--overwrite", exit_code=2)
    assert not (output / "run.json").exists()


@pytest.mark.parametrize("content", ["", "[]", '{"run": {}, "summary": {}}'])
def test_a_damaged_file_of_a_complete_run_is_named(tmp_path, content):
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "run.json").write_text(content)
    words = ("track", image_folder(tmp_path / "seq", 2), "--box", BOX, "--no-video")
    message = error_line(crt(*words, "--output", tmp_path / "o", "--resume", exit_code=2))
    assert "run.json cannot be read" in message


def test_a_run_of_an_ensemble_whose_files_changed_is_not_gone_on_with(tmp_path, change_hog):
    images, output = image_folder(tmp_path / "seq", 2), tmp_path / "o"
    settings = ("--set", "search=two_step", "--set", "ensemble=hog")
    words = ("track", images, "--box", BOX, *FAST, *settings, "--output", output, "--resume")
    crt(*words)
    crt(*words)
    change_hog()
    message = error_line(crt(*words, exit_code=2))
    assert "hog.feature_std was 200.0 and is 50.0" in message


def test_a_run_with_other_weights_is_not_gone_on_with(tmp_path, monkeypatch):
    images, output = image_folder(tmp_path / "seq", 2), tmp_path / "o"
    quick = ("--set", "features=vgg", "--set", "vgg_layer=2", "--set", "train_steps=2")
    words = ("track", images, "--box", BOX, *FAST, *quick, "--output", output, "--resume")
    crt(*words)
    other = tmp_path / "other.safetensors"
    save_file(load_file(vgg_weights.PACKAGED), other, {"copied": "so that the bytes differ"})
    monkeypatch.setenv(vgg_weights.ENVIRONMENT, str(other))
    message = error_line(crt(*words, exit_code=2))
    assert "another run cannot be resumed: weights was ['" in message


def test_a_camera_is_not_resumed():
    message = error_line(crt("track", "0", "--box", BOX, "--no-video", "--resume", exit_code=2))
    assert "camera0 cannot be resumed" in message
