"""Fixtures of all tests: shared data, and small scenes with a known truth."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from crt_plugin.parameters import Parameters, ensemble, load_parameters
from crt_plugin.plus.tracker import CRTTracker

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("CRT_SHARED", ROOT.parent / "shared"))

# The processes of make test share the cores, and two threads are slower on arrays this small.
os.environ["OMP_NUM_THREADS"] = "1"  # for processes that tests start
torch.set_num_threads(1)

PAGE = 4096  # bytes of a disk, of which a file takes whole pages
ENOUGH = 100

QUICK = {
    "features": "rgb",
    "filter_cells": 25.0,
    "patch_width": 5,
    "patch_height": 3,
    "train_learning_rate": 1e-6,
    "update_learning_rate": 2.5e-7,
}


@pytest.fixture(autouse=True)
def keep_threads():
    """Reset torch's number of threads, on which sums and so the boxes of later tests depend."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real data beside the checkout; without it, the test is skipped."""
    if not (SHARED / "data" / "otb").is_dir():
        pytest.skip(f"no real sequences at {SHARED}; CRT_SHARED names another place")
    return SHARED


@pytest.fixture
def no_curves(monkeypatch):
    """Leave out the curves of got10k's report, which take a second."""
    from tests.helpers.trackers import leave_curves_out

    leave_curves_out(monkeypatch)


@pytest.fixture
def part(tmp_path):
    """A small OTB folder, opened, with its results beside it."""
    from crt_plugin.benchmark.datasets.part import open_part
    from tests.helpers.datasets import write_otb

    return open_part("otb", write_otb(tmp_path / "data"), results=tmp_path / "results")


@pytest.fixture
def disk(tmp_path):
    """A folder, and a context manager that mounts a disk of so few pages there.

    It yields a function that enlarges the disk.
    """
    folder = tmp_path / "disk"
    folder.mkdir()

    def size(pages, options=""):
        text = f"{options}size={pages * PAGE}"
        command = ["mount", "-t", "tmpfs", "-o", text, "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            pytest.skip(f"no disk can be mounted here: {error}")
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")

    @contextmanager
    def mount(pages):
        size(pages)
        try:
            yield lambda: size(ENOUGH, "remount,")
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)

    return folder, mount


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(7)


@pytest.fixture
def small() -> Parameters:
    """Settings of a fast tracker: raw colours, few cells.

    Few coefficients must be large ones, so the learning rates are 50 times the defaults.
    """
    return Parameters().copy(**QUICK)


@pytest.fixture
def change_hog(monkeypatch):
    """A call after which the parameter file ``hog`` of an ensemble has another ``feature_std``."""

    def load(name):
        params = load_parameters(name)
        return params.copy(feature_std=50.0) if name == "hog" else params

    return partial(monkeypatch.setattr, ensemble, "load_parameters", load)


def start_tracker(params: Parameters, x: float = 60, y: float = 40, **changes) -> CRTTracker:
    """A tracker of the object in ``scene(x, y)``."""
    tracker = CRTTracker(params.copy(**changes))
    tracker.init(scene(x, y), (x, y, 24, 16))
    return tracker


def scene(x: float, y: float, height: int = 120, width: int = 160, seed: int = 3) -> np.ndarray:
    """A frame with smooth noise, and on it a textured 24 x 16 px (w x h) object at (x, y)."""
    random = np.random.default_rng(seed)
    background = random.uniform(60, 120, (height // 8 + 2, width // 8 + 2, 3))
    frame = np.kron(background, np.ones((8, 8, 1)))[:height, :width]
    texture = np.kron(random.uniform(120, 255, (4, 6, 3)), np.ones((4, 4, 1)))
    rows, columns = round(y), round(x)
    frame[rows : rows + 16, columns : columns + 24] = texture
    return frame.astype(np.uint8)
