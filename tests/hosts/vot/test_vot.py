"""CRT under the real toolkit: its tracker runtime, and its commands on real sequences."""

import json
import math
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crt_plugin.errors import MissingExtraError, SourceError
from crt_plugin.hosts.vot.workspace import require_toolkit, write_workspace
from crt_plugin.parameters import load_parameters
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import QUICK, scene

try:
    require_toolkit()
except MissingExtraError as error:
    pytest.skip(str(error), allow_module_level=True)

# Quick as QUICK is, for raw colours; hog's coefficients need smaller rates.
QUICK_HOG = QUICK | {
    "features": "hog",
    "train_learning_rate": 1e-7,
    "update_learning_rate": 2.5e-8,
}
PACKAGES = ("vot", "got10k", "trax", "crt_plugin")
FRAMES = 48  # the stack "short" averages over runs of up to 45


def parameter_file(folder, settings, more=""):
    path = folder / "quick.py"
    path.write_text(
        f"{more}\n"
        "from crt_plugin.parameters import load_parameters\n\n"
        "def parameters():\n"
        f"    return load_parameters('hog').copy(**{settings!r})\n"
    )
    return path


def workspace(folder, data, settings=QUICK_HOG, more="", **options):
    """A loaded workspace of one tracker."""
    from vot.workspace import Workspace

    parameters = [str(parameter_file(folder, settings, more))]
    write_workspace(folder / "ws", data, parameters=parameters, **options)
    return Workspace.load(str(folder / "ws"))


def run(runtime, sequence, region=None, frames=1):
    """Boxes (x, y, w, h) and scores of the toolkit's own runtime, from the initialization on."""
    states = [runtime.initialize(sequence.frame(0), region or sequence.groundtruth(0))]
    states += [runtime.update(sequence.frame(k)) for k in range(1, frames)]
    found = [state for [state], _ in states]
    boxes = [(s.region.x, s.region.y, s.region.width, s.region.height) for s in found]
    scores = [float(s.properties["confidence"]) for s in found if "confidence" in s.properties]
    return np.array(boxes), scores


@contextmanager
def start_runtime(loaded):
    [tracker] = loaded.registry
    runtime = tracker.runtime()
    try:
        yield runtime
    finally:
        runtime.stop()


def write_sequence(folder):
    """Four frames of an object of 24 x 16 px (w x h), first at (60, 40), in VOT's layout."""
    frames = folder / "data" / "moving" / "color"
    frames.mkdir(parents=True)
    for k in range(4):
        Image.fromarray(scene(60 + 5 * k, 40)).save(frames / f"{k + 1:08d}.png")
    rows = [f"{60 + 5 * k},40,24,16" for k in range(4)]
    (folder / "data" / "moving" / "groundtruth.txt").write_text("\n".join(rows))
    return [folder / "data"]


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """One tracker process: runtime, sequence, and what the process saw when it started."""
    folder = tmp_path_factory.mktemp("process")
    seen = folder / "seen.json"
    note = (
        "import importlib.util, json, pathlib, sys\n"
        f"origins = [importlib.util.find_spec(name).origin for name in {PACKAGES}]\n"
        f"pathlib.Path({str(seen)!r}).write_text(json.dumps([sys.executable, sys.path, origins]))"
    )
    loaded = workspace(folder, write_sequence(folder), QUICK, note)
    with start_runtime(loaded) as runtime:
        yield runtime, next(iter(loaded.dataset)), seen


def test_pixels_are_counted_from_zero(process):
    runtime, sequence, _ = process
    found, scores = run(runtime, sequence, frames=2)
    assert found[0].tolist() == [60, 40, 24, 16]
    assert found[1] == pytest.approx([65, 40, 24, 16], abs=1.5)
    assert len(scores) == 2 and all(0 < score <= 1 for score in scores)


def test_another_tracker_of_the_registry(tmp_path):
    """OpenCV's, through the same server: its boxes, counted from 0, and no score."""
    from vot.workspace import Workspace

    peers = {"OpenCV-MIL": "opencv:mil"}
    write_workspace(tmp_path / "ws", write_sequence(tmp_path), parameters=[], peers=peers)
    loaded = Workspace.load(str(tmp_path / "ws"))
    assert [tracker.identifier for tracker in loaded.registry] == ["OpenCV-MIL"]
    with start_runtime(loaded) as runtime:
        found, scores = run(runtime, next(iter(loaded.dataset)), frames=3)
    assert found[0].tolist() == [60, 40, 24, 16] and not scores
    # In a process too: what MIL draws depends on what was drawn before.
    code = (
        "import cv2, glob, sys; t = cv2.TrackerMIL.create(); "
        "a, *others = map(cv2.imread, sorted(glob.glob(sys.argv[1]))); "
        "t.init(a, (60, 40, 24, 16)); print([list(t.update(b)[1]) for b in others])"
    )
    pattern = str(tmp_path / "data" / "moving" / "color" / "*.png")
    done = subprocess.run([sys.executable, "-c", code, pattern], capture_output=True, check=True)
    assert found[1:].tolist() == json.loads(done.stdout)[:2]


def test_polygon_becomes_the_rectangle_around_its_corners(process):
    """As by hand and as in the toolkit: smallest corner, and largest minus smallest without + 1."""
    from vot.region import RegionType
    from vot.region.shapes import Polygon

    runtime, sequence, _ = process
    polygon = Polygon([(66.5, 38.25), (84.75, 47.0), (70.0, 57.5), (59.25, 45.0)])
    [found], _ = run(runtime, sequence, polygon)
    assert found.tolist() == [59.25, 38.25, 25.5, 19.25]
    theirs = polygon.convert(RegionType.RECTANGLE)
    assert found.tolist() == [theirs.x, theirs.y, theirs.width, theirs.height]


def test_tracker_process_finds_the_right_packages(process):
    """hosts/ has folders named vot and got10k, so it must not be on the path."""
    runtime, sequence, seen = process
    run(runtime, sequence)
    python, path, origins = json.loads(seen.read_text())
    assert python == sys.executable
    assert not [entry for entry in path if Path(entry).name == "hosts"]
    assert tuple(Path(origin).parent.name for origin in origins) == PACKAGES


def test_same_boxes_as_the_tracker_alone(shared, tmp_path):
    """TraX sends float32 with four decimals: equal within 0.01 px, before the toolkit rounds."""
    data, frames = [shared / "data" / "otb"], 12
    loaded = workspace(tmp_path, data, names=["Crossing"], frames=frames)
    with start_runtime(loaded) as runtime:
        found, scores = run(runtime, next(iter(loaded.dataset)), frames=frames)
    tracker = CRTTracker(load_parameters("hog").copy(**QUICK_HOG))
    files = sorted((shared / "data" / "otb" / "Crossing" / "img").glob("*.jpg"))[:frames]
    tracker.init(Image.open(files[0]), (204, 150, 17, 50))
    expected, expected_scores = [tracker.last.box], [tracker.last.score]
    for file in files[1:]:
        expected.append(tracker.update(Image.open(file)))
        expected_scores.append(tracker.last.score)
    assert np.abs(found - expected).max() < 0.01
    assert np.ptp(found[:, 0]) > 5  # it moved
    assert scores == pytest.approx(expected_scores, abs=1e-6)


@pytest.mark.parametrize("host", ["hosts", "peers"])
def test_module_is_an_entry_point(tmp_path, host):
    """``python -m crt_plugin.hosts.vot`` announces a TraX server that expects rectangles."""
    words = {
        "hosts": ["--parameters", str(parameter_file(tmp_path, QUICK))],
        "peers": ["opencv:mil"],
    }
    done = subprocess.run(
        [sys.executable, "-m", f"crt_plugin.{host}.vot", *words[host]],
        input="@@TRAX:quit\n",
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    name = {"hosts": "CRT-quick", "peers": "OpenCV-MIL"}[host]
    assert done.returncode == 0, done.stderr
    assert '"trax.region=rectangle;"' in done.stdout and f'"trax.name={name}"' in done.stdout


@pytest.mark.parametrize("stage", ["frame", "parameters"])
def test_errors_reach_the_toolkit(tmp_path, stage):
    from vot.tracker import TrackerException

    loaded = workspace(tmp_path, write_sequence(tmp_path), QUICK)
    if stage == "frame":
        frame = tmp_path / "ws" / "sequences" / "moving" / "color" / "00000003.png"
        frame.unlink()
        frame.write_bytes(b"no image")
        problem = r"frame .*00000003\.png: UnidentifiedImageError"
    else:
        (tmp_path / "quick.py").write_text("def parameters(): return 1")
        problem = r"quick\.py: parameters\(\) returned 1"
    with pytest.raises(TrackerException) as raised, start_runtime(loaded) as runtime:
        run(runtime, next(iter(loaded.dataset)), frames=4)
    assert re.search(problem, str(raised.value) + raised.value.log)


# ---------------------------------------------------------------------------- the commands


def run_vot(*arguments, folder):
    done = subprocess.run(
        [sys.executable, "-m", "vot", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    return done.stdout


@pytest.mark.slow
def test_commands_on_real_sequences(shared, tmp_path):
    """vot test, evaluate, analysis, report; files are checked, as vot exits with 0 after errors."""
    data = [shared / "data" / "vot", shared / "data" / "otb"]
    names = ["bag", "Crossing", "Couple"]
    ws, tracker = tmp_path / "ws", "CRT-quick"
    workspace(tmp_path, data, names=names, frames=FRAMES)

    sequence = ws / "sequences" / "bag"
    output = run_vot("--registry", str(ws), "test", tracker, "-s", str(sequence), folder=tmp_path)
    assert "Test concluded successfuly" in output  # their spelling
    output = run_vot("evaluate", "--workspace", str(ws), tracker, folder=tmp_path)
    for name in names:
        results = ws / "results" / tracker
        assert (results / "resets" / name / f"{name}_001.bin").is_file(), output
        for start in (0, FRAMES - 1):
            assert (results / "anchors" / name / f"{name}_{start:08d}.bin").is_file(), output
    run_vot("analysis", "--workspace", str(ws), tracker, "--name", "all", folder=tmp_path)
    results = json.loads((ws / "analysis" / "all.json").read_text())["results"]

    [[accuracy, failures, *_]], [[eao]] = results["resets"]["results"]
    assert math.isfinite(failures) and failures <= 1
    assert 0.4 < accuracy < 1 and 0.4 < eao < 1
    [[accuracy, robustness, *_]], [[eao]] = results["anchors"]["results"]
    assert 0.4 < accuracy < 1 and 0.7 < robustness <= 1 and 0.4 < eao < 1

    run_vot("report", "--workspace", str(ws), tracker, "--name", "all", folder=tmp_path)
    assert tracker in (ws / "reports" / "all" / "report.html").read_text()


@pytest.mark.parametrize("count", [0, 2])
def test_several_objects_are_not_cut_down_to_one(count):
    from crt_plugin.hosts.vot.server import _only_region

    assert _only_region([("region", {})]) == "region"
    with pytest.raises(SourceError, match=f"{count} objects, as VOTS has; expected one"):
        _only_region([("region", {})] * count)
