"""Importing and using the core loads no toolkit, plot, video or command-line library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = {
    "av",
    "click",
    "dask",
    "distributed",
    "got10k",
    "matplotlib",
    "pytracking",
    "rich",
    "trax",
    "typer",
    "vot",
}

IMPORT_CORE = """
import importlib, pkgutil
import crt_plugin.algorithm.tracker, crt_plugin.features
for module in pkgutil.iter_modules(crt_plugin.features.__path__, "crt_plugin.features."):
    importlib.import_module(module.name)
"""
TRACK = """
import numpy as np
from crt_plugin.parameters import Parameters
from crt_plugin.plus.tracker import CRTTracker
frame = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
tracker = CRTTracker(Parameters(features="rgb", filter_cells=25.0, train_steps=2))
tracker.init(frame, (30, 20, 20, 16))
tracker.update(frame)
"""
REPORT = """
import sys
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def forbidden_after(code: str, folder: Path = ROOT) -> set[str]:
    """Run ``code`` in a new Python; returns the forbidden top-level modules that it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules = set(done.stdout.split())
    assert "sys" in modules
    return modules & FORBIDDEN


def test_importing_the_core_and_tracking_load_nothing_of_a_host():
    assert forbidden_after(IMPORT_CORE + TRACK) == set()


def test_a_core_that_imports_a_host_would_be_caught(tmp_path):
    """The check itself finds a module that imports got10k, and what got10k imports."""
    (tmp_path / "leaky.py").write_text("import got10k.trackers\n")
    code = f"import sys; sys.path.append({str(ROOT)!r})\nimport crt_plugin.errors, leaky\n"
    assert {"got10k", "matplotlib"} <= forbidden_after(code, tmp_path)
