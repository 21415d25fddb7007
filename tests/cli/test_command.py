"""``crt`` as one command among others: version, help, completion, colours."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from crt_plugin import __version__
from crt_plugin.cli.main import app
from crt_plugin.parameters import parameter_names
from tests.helpers.track import crt


def test_the_version_is_printed():
    assert crt("--version").stdout == f"crt-plugin {__version__}\n"


@pytest.mark.parametrize("command", [[], ["track"], ["results"], ["results", "score"]])
def test_h_is_help(command):
    assert crt(*command, "-h").stdout == crt(*command, "--help").stdout


def test_the_package_is_the_command():
    words = [sys.executable, "-m", "crt_plugin", "--version"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"crt-plugin {__version__}\n")


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
