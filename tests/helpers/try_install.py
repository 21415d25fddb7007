"""Try an installed crt-plugin with nothing of the clone: its command, its demo and a tracker.

    python tests/helpers/try_install.py

Run by the Python that has it, in a folder where nothing of the clone can be imported. Prints where
the package is, as JSON.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import crt_plugin
from crt_plugin.parameters import load_parameters, parameter_directory, parameter_names
from crt_plugin.plus.tracker import CRTTracker
from crt_plugin.runtime.environment import advise_extra

CRT = Path(sys.executable).with_name("crt")
NEVER_AT_TOP = ("parameters", "experiments", "tests")


def run(*words: str | Path) -> str:
    """Standard output of the command, which must succeed."""
    done = subprocess.run([CRT, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"crt {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def try_command() -> None:
    """Version, parameter files, health, and ten frames of the demo."""
    assert crt_plugin.__version__ in run("--version")
    listed = run("parameters")
    assert all(name in listed for name in parameter_names())
    assert "No problems found." in run("doctor")
    with tempfile.TemporaryDirectory() as folder:
        run("demo", "--frames", "10", "--no-video", "--quiet", "--output", folder)
        assert len(Path(folder, "boxes.csv").read_text().splitlines()) == 11


def try_tracker() -> None:
    """A tracker with VGG-16's packaged weights follows a moving texture."""
    random = np.random.default_rng(3)
    texture = np.kron(random.integers(120, 256, (4, 6, 3)), np.ones((4, 4, 1), int))
    background = np.kron(random.integers(60, 121, (15, 20, 3)), np.ones((8, 8, 1), int))

    def draw(x: int, y: int) -> np.ndarray:
        image = background.copy()
        image[y : y + 16, x : x + 24] = texture
        return image.astype(np.uint8)

    params = load_parameters("default").copy(filter_cells=36.0, patch_width=5, patch_height=3)
    tracker = CRTTracker(params)  # conv-10, on a small patch
    tracker.init(draw(60, 50), (60, 50, 24, 16))
    for t in (1, 2, 3):
        x, y, w, h = tracker.update(draw(60 + 4 * t, 50 + 2 * t))
        assert abs(x + w / 2 - (72 + 4 * t)) < 3 and abs(y + h / 2 - (58 + 2 * t)) < 3


if __name__ == "__main__":
    try_command()
    try_tracker()
    found = {
        "package": crt_plugin.__file__,
        "parameters": str(parameter_directory()),
        "at top": [name for name in NEVER_AT_TOP if importlib.util.find_spec(name)],
        "advice": advise_extra("vot"),
    }
    sys.stdout.write(json.dumps(found) + "\n")
