"""Every script of studies/ and examples/ runs, on tiny sequences and with quick parameters.

test_paper.py runs the tables and figures, test_pytracking.py examples/pytracking.py.
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.results.layout import ResultFiles
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.runtime.python_files import bundled_folder, load_python_file
from tests.helpers.datasets import boxes, write, write_otb
from tests.helpers.paper import quick_parameters
from tests.helpers.trackers import leave_curves_out


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a script's ``main`` in a new folder with two sequences; what it prints."""
    leave_curves_out(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    write_otb(tmp_path / "otb")
    quick_parameters(tmp_path)

    def run(name, arguments, **constants):
        script = load_python_file(bundled_folder("experiments") / "studies" / f"{name}.py")
        for constant, value in constants.items():
            monkeypatch.setattr(script, constant, value)
        monkeypatch.setattr("sys.argv", [name, *arguments.split()])
        script.main()
        return capsys.readouterr().out

    return run


def test_ablation(run):
    file = (
        "from crt_plugin.parameters import load_parameters\n\n\ndef parameters():\n"
        "    return load_parameters('quick.py').copy(**{changes!r})\n"
    )
    variants = {"light": {"one_step": {"train_steps": 1}}}
    said = run("ablation", "--data otb --no-fps", VARIANTS=variants, FILE=file)
    assert re.search(r"[+-]0\.\d{3} \[[+-]0\.\d{3}, [+-]0\.\d{3}\]", said) and "best of all" in said


def test_calibration(run, tmp_path):
    """Frames of peak 0.8 are right, frames of peak 0.1 are wrong."""
    for name, count in (("Couple", 4), ("Deer", 5)):
        rows = boxes(count, 5.0 + (name == "Deer"))
        rows[2:, 0] += 500
        write(tmp_path / "results/OTB2015/CRT-light" / f"{name}.txt", rows, fmt="%.3f")
        peaks = np.where(np.arange(count) < 2, 0.8, 0.1)
        part = open_part("otb", tmp_path / "otb", None, tmp_path / "results")
        ResultFiles.of(part, "CRT-light", name).write_confidences([(peak, peak) for peak in peaks])
    said = run("calibration", "--data otb --results results")
    assert "score_exponent" in said and "fitted on all other sequences" in said


def test_consensus(run, tmp_path):
    """1.5 px to the right and to the left are right in the mean; a box elsewhere has no part."""
    shifts = {"CRT-light": 1.5, "CRT-light-seed1": 1.5, "CRT-hog": -1.5, "CRT-far": 400}
    for tracker, shift in shifts.items():
        for name, count in (("Couple", 4), ("Deer", 5)):
            rows = boxes(count, 5.0 + (name == "Deer")) + [shift, 0, 0, 0]
            write(tmp_path / "raw/OTB2015" / tracker / f"{name}.txt", rows, fmt="%.3f")
    arguments = "--results raw --groundtruth otb --others CRT-hog CRT-far"
    said = run("consensus", arguments)
    # IoU of 8.5 / 11.5 = 0.74 exceeds 15 of 21 thresholds, 1 all but the last. The first frame is
    # the annotation: Couple (15 * 3 + 20) / (4 * 21), Deer (15 * 4 + 20) / (5 * 21).
    alone = (65 / 84 + 80 / 105) / 2
    assert "CRT-light, 2 runs, 2 sequences" in said
    assert re.search(rf"lead alone +│ {alone:.3f} ", said)
    assert re.search(rf"CRT-hog, 1 +│ {20 / 21:.3f} ", said)
    assert re.search(rf"CRT-far, 1 +│ {alone:.3f} ", said)
    assert re.search(rf"CRT-hog \+ CRT-far, 1 +│ {20 / 21:.3f} ", said)
    assert f"held out against the lead alone: +{20 / 21 - alone:.3f}" in said

    for lacking in ("--lead CRT-none", "--others CRT-none"):
        with pytest.raises(SystemExit, match="expected a run, and two sequences or more"):
            run("consensus", f"--results raw --groundtruth otb {lacking}")


def test_departures(run, tmp_path):
    file = tmp_path / "vgg.py"
    file.write_text(
        "from crt_plugin.parameters import Parameters\n\n\ndef parameters():\n"
        "    return Parameters().copy(vgg_layer=2, filter_cells=9.0, patch_width=3, "
        "patch_height=3, train_steps=2)\n"
    )
    trackers = []

    def tracker(_, **settings):
        trackers.append(GOT10kTracker(file, **settings))
        return trackers[-1]

    said = run("departures", "--data otb", GOT10kTracker=tracker)
    assert "whole pixels, bfloat16" in said and "mean" in said
    last = trackers[-1].tracker.last.box
    np.testing.assert_array_equal(last, np.floor(last))


def test_jumps(run):
    said = run("jumps", "--data otb --parameters quick.py", SETTLED=0, LAST=2)
    assert "with search: before, after" in said and "mean" in said


def test_seeds(run):
    said = run("seeds", "--data otb --parameters quick.py --seeds 0 1")
    assert "seed 1" in said and "AUC, Deer" in said


def test_same_boxes(run, capsys, monkeypatch):
    def pool(workers, _):  # a process could not import the script
        return ThreadPoolExecutor(workers)

    # In this process, it would be the number of threads of every later test.
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    same = "kept.json --data otb --sequences Deer --parameters quick.py --frames 3"
    run("same_boxes", f"keep {same}", ProcessPoolExecutor=pool)
    with pytest.raises(SystemExit) as left:
        run("same_boxes", f"compare {same}", ProcessPoolExecutor=pool)
    assert not left.value.code and "all bits equal" in capsys.readouterr().out

    kept = json.loads(Path("kept.json").read_text())
    boxes = kept["runs"]["quick.py, Deer"]
    boxes[2][0] = float(np.nextafter(float.fromhex(boxes[2][0]), np.inf)).hex()
    Path("kept.json").write_text(json.dumps(kept))
    with pytest.raises(SystemExit) as left:
        run("same_boxes", f"compare {same}", ProcessPoolExecutor=pool)
    assert left.value.code and "quick.py, Deer: frame 2 differs" in capsys.readouterr().out
