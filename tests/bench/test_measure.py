"""Measurements of small sequences; those of whole trackers in processes of their own."""

import subprocess
import sys

import pytest
from PIL import Image

from crt_plugin.bench import growth, regression_step
from crt_plugin.bench.measure import Measurement, measure
from crt_plugin.bench.measurement_tables import tabulate_results
from crt_plugin.bench.process import TASKS
from crt_plugin.errors import BenchError
from tests.conftest import scene
from tests.helpers.bench import BOX, QUICK, RGB, VGG

STAGES = ["crop", "features", "reduction", "detection", "update", "rest"]


@pytest.fixture
def files(tmp_path):
    """A clip of nine frames, and parameter files."""
    folder = tmp_path / "clip"
    folder.mkdir()
    for k in range(9):
        Image.fromarray(scene(60 + k, 40)).save(folder / f"{k}.png")
    for name, changes in (("rgb", RGB), ("vgg", VGG)):
        (tmp_path / f"{name}.py").write_text(QUICK.format(changes=changes))
    return tmp_path


def track(files, name, **changes):
    arguments = {
        "parameters": str(files / f"{name}.py"),
        "precision": "float32",
        "source": str(files / "clip"),
        "box": BOX,
        "frames": 4,
        "naive": False,
    }
    return Measurement("tracker", 1, arguments | changes)


def count_vgg_operations(height, width):
    """Of conv-1 to conv-5, 3 x 3, with pools after conv-2 and conv-4."""
    channels = 3 * 64 + 64 * 64, 64 * 128 + 128 * 128, 128 * 256
    cells = height * width, height * width / 4, height * width / 16
    return 2 * 9 * sum(c * n for c, n in zip(channels, cells, strict=True))


def test_a_tracker(files):
    said = []
    result = measure(track(files, "vgg", naive=True), said.append)
    assert result["threads"] == 1 and result["precision"] == "float32"
    assert result["frames"] == 4 and result["steps"] == 3
    stages = result["stages_ms"]
    assert list(stages) == [*STAGES, "frame"] and all(value > 0 for value in stages.values())
    assert result["fps"] == pytest.approx(1000 / stages["frame"])
    # 3 patches of 3 x 3 objects of 3 x 5 cells, 4 px each; test_limits.py has the operations
    assert result["operations"] == 3 * count_vgg_operations(36, 60)
    assert result["limit_fps"] == pytest.approx(result["product_rate"] / result["operations"])
    assert result["bare_rate"] == pytest.approx(1e3 * result["operations"] / result["bare_ms"])
    assert result["to_bare"] > 0 and result["naive_ratio"] > 0 and result["naive_ms"] > 0
    assert result["object"] == [24, 16] and result["frame_size"] == [160, 120]
    assert said[0] == "init" and "frame 6" in said and "ratios, frame 6" in said


def test_frames_with_and_without_scales_are_taken_together(files):
    """Every third frame has 3 small patches more: operations are of the mean frame."""
    (files / "steps.py").write_text(
        QUICK.format(changes=f"{VGG}, search='two_step', scale_interval=3, scale_margin=1")
    )
    result = measure(track(files, "steps", frames=6))
    # whole patch of 3 x 3 objects of 3 x 5 cells; small ones of 5 x 7 cells
    expected = count_vgg_operations(36, 60) + 3 * count_vgg_operations(20, 28) / 3
    assert result["operations"] == pytest.approx(expected)


def test_a_tracker_without_a_network(files):
    result = measure(track(files, "rgb", frames=0))
    assert result["frames"] == 6  # all of nine but the first, and two to warm up
    assert "bare_ms" not in result and "naive_ms" not in result


def test_another_tracker(files):
    job = Measurement(
        "peer", 1, {"text": "opencv:mil", "source": str(files / "clip"), "box": BOX, "frames": 3}
    )
    result = measure(job)
    assert result["fps"] == pytest.approx(1000 / result["stages_ms"]["frame"])
    assert result["frames"] == 3


def test_the_regression_agrees_with_autograd(monkeypatch):
    monkeypatch.setattr(regression_step, "REPETITIONS", 3)
    measured = TASKS["regression"](on_step=lambda _: None)["regression"]
    assert set(measured) == {"1", "5"}
    for each in measured.values():
        assert each["difference"] < 1e-5
        assert each["ratio"] > 0 and each["ours_ms"] > 0


def test_a_long_sequence(files, monkeypatch):
    monkeypatch.setattr(growth, "BLOCK", 70)
    arguments = {
        "parameters": str(files / "rgb.py"),
        "precision": "float32",
        "source": str(files / "clip"),
        "box": BOX,
        "frames": 75,
    }
    blocks = TASKS["sequence_length"](**arguments, on_step=lambda _: None)["length"]
    assert [block["frame"] for block in blocks] == [70, 75]
    assert all(block["ms"] > 0 for block in blocks)


@pytest.mark.parametrize("task", ["object_sizes", "frame_sizes"])
def test_sizes(files, task, monkeypatch):
    monkeypatch.setattr(growth, "ROUNDS", 1)
    arguments = {
        "parameters": str(files / "rgb.py"),
        "precision": "float32",
        "source": str(files / "clip"),
        "box": BOX,
    }
    result = TASKS[task](**arguments, on_step=lambda _: None)
    assert result.pop("precision") == "float32" and result.pop("threads") == 1
    (values,) = result.values()
    names = {
        "object_sizes": ["8", "16", "32", "64", "128", "256", "400", "800"],
        "frame_sizes": ["QVGA", "VGA", "720p", "1080p", "4K"],
    }
    assert list(values) == names[task] and all(value > 0 for value in values.values())


def test_errors_come_back_with_their_reason(files):
    with pytest.raises(BenchError, match="no such source"):
        measure(track(files, "rgb", source="nothing"))
    with pytest.raises(BenchError, match="KeyError: 'no such task'"):
        measure(Measurement("no such task", 0))


MEMORY = """
import numpy as np
from crt_plugin.bench.memory import peak_mib, resident_mib

held = resident_mib()  # before the peak is read, since reading it takes memory
assert peak_mib() >= held - 5 and held > 10  # the system counts in steps
block = np.ones(200 * 2**20, np.uint8)
held = resident_mib()
del block
assert peak_mib() >= held - 5
assert resident_mib() < held - 100  # given back, and not forgotten by the peak
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory():
    """In a process of its own: another one may have 200 MiB free already."""
    subprocess.run([sys.executable, "-c", MEMORY], check=True)


def test_tables_leave_out_what_nobody_measured():
    result = {
        "tracker": "opencv:mil",
        "threads": 2,
        "fps": 12.5,
        "stages_ms": {"frame": 80.0},
        "init_ms": 3.25,
        "peak_mib": None,
    }
    (table,) = tabulate_results([result])
    cells = [list(column.cells) for column in table.columns]
    assert cells[0] == ["frame, ms", "fps", "init, ms"]
    assert cells[1] == ["80", "12.5", "3.25"]
