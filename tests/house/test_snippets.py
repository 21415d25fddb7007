"""The Python of the documents runs, on small data."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np

from tests.conftest import ROOT
from tests.helpers.datasets import write_otb
from tests.helpers.track import crt, rows, video


def find_snippets(document, *words):
    """The Python blocks of a document that hold all of the words, joined."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    found = [block for block in blocks if any(word in block for word in words)]
    assert len(found) == len(words)
    return "\n".join(found)


def run(code, folder):
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_an_own_tracker_is_evaluated_beside_ours(tmp_path):
    write_otb(tmp_path / "DIR")
    code = find_snippets("peers.md", "class MyTracker", "evaluate(None")
    code = code.replace("crt:light", "crt:rgb").replace("        ...", "        self.box = box")
    lines = run(code.replace("return box", "return self.box"), tmp_path)
    assert [line.split()[0] for line in lines] == ["CRT-rgb", "OpenCV-MIL", "MyTracker"]
    assert all(0 <= float(line.split()[1]) <= 1 for line in lines)
    assert (tmp_path / "results" / "OTB2015" / "MyTracker" / "Deer.txt").is_file()


def test_a_loop_of_opencv_gives_the_boxes_of_the_command(tmp_path):
    video(tmp_path / "video.mp4")
    code = find_snippets("track.md", "VideoCapture").replace('"light"', '"rgb"')
    lines = run(code.replace("(100, 80, 40, 60)", "(40, 50, 24, 16)"), tmp_path)
    words = ("--box", "40,50,24,16", "--parameters", "rgb", "--no-video")
    crt("track", tmp_path / "video.mp4", *words, "--output", tmp_path / "o")
    found = np.array([[float(value) for value in line.split()] for line in lines])
    np.testing.assert_allclose(found, rows(tmp_path / "o")[:, 1:], atol=0.5)
    assert np.ptp(found[:, 0]) > 10  # it moves
