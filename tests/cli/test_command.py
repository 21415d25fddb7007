"""``crt`` as one command among others: version, help, completion, colours, silence, device."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from crt_plugin import __version__
from crt_plugin.cli.main import app
from crt_plugin.parameters import parameter_names
from tests.helpers.track import BOX, FAST, crt, error_line, image_folder, rows


def test_the_version_is_printed():
    assert crt("--version").stdout == f"crt-plugin {__version__}\n"


@pytest.mark.parametrize("command", [[], ["track"], ["results"], ["results", "score"]])
def test_h_is_help(command):
    assert crt(*command, "-h").stdout == crt(*command, "--help").stdout


def test_the_package_is_the_command():
    words = [sys.executable, "-m", "crt_plugin"]
    done = subprocess.run([*words, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"crt-plugin {__version__}\n")
    done = subprocess.run([*words, "track", "--help"], capture_output=True, text=True)
    assert "Usage: crt track" in done.stdout  # completion, too, is that of crt and not of python


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("crt tr", ["track", "trackers"]),
        ("crt track --parameters ", parameter_names()),
        ("crt parameters hog", ["hog", "hog_color_names"]),
    ],
)
def test_bash_completes_commands_and_parameter_files(line, completed):
    words = len(line.split(" ")) - 1
    env = {"_CRT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(words)}
    result = CliRunner().invoke(app, env=env, prog_name="crt")
    assert result.stdout.split() == completed


def test_completion_can_be_installed():
    assert "--install-completion" in crt("--help").stdout


@pytest.mark.parametrize("words", [["track", "nowhere"], ["attach", "--pytracking", "nowhere"]])
def test_no_color_is_respected_in_errors(words):
    plain, coloured = (
        CliRunner().invoke(app, words, color=True, env={"NO_COLOR": value}).stderr
        for value in ("1", "")
    )
    assert coloured == f"\x1b[31m{plain.rstrip()}\x1b[0m\n"


def test_quiet_prints_nothing_and_writes_the_same_boxes(tmp_path):
    image_folder(tmp_path / "seq", 3)
    words = ("track", tmp_path / "seq", "--box", BOX, "--no-video", *FAST, "--output")
    loud, quiet = crt(*words, tmp_path / "loud"), crt(*words, tmp_path / "quiet", "-q")
    assert "frames   3" in loud.stdout and "tracking" in loud.stderr
    assert quiet.output == ""
    assert (rows(tmp_path / "loud") == rows(tmp_path / "quiet")).all()


def test_quiet_still_says_what_went_wrong(tmp_path):
    image_folder(tmp_path / "seq", 3)
    (tmp_path / "seq" / "f2.png").write_bytes(b"damaged")
    words = ("track", tmp_path / "seq", "--box", BOX, "--no-video", *FAST, "--output")
    result = crt(*words, tmp_path / "o", "--quiet", exit_code=2)
    assert "1 tracked frames are kept" in result.stderr
    assert "error: frame 1" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("device", ["tpu", "cuda:1000"])
def test_a_device_that_is_not_here_is_refused_before_anything_is_written(tmp_path, device):
    image_folder(tmp_path / "seq", 2)
    words = ("track", tmp_path / "seq", "--box", BOX, "--no-video", *FAST)
    result = crt(*words, "--device", device, "--output", tmp_path / "o", exit_code=2)
    assert f"device = {device!r}" in error_line(result)
    assert not (tmp_path / "o").exists()


def test_the_device_goes_before_that_of_the_settings(tmp_path):
    image_folder(tmp_path / "seq", 2)
    words = ("track", tmp_path / "seq", "--box", BOX, "--no-video", *FAST)
    crt(*words, "--set", "device=cuda:1000", "--device", "cpu", "--output", tmp_path / "o")
    assert len(rows(tmp_path / "o")) == 2
