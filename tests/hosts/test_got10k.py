import numpy as np
import pytest
from conftest import QUICK, scene
from PIL import Image

from crt_plugin.errors import SourceError
from crt_plugin.hosts.got10k import GOT10kTracker, OTBSubset


@pytest.fixture
def otb(tmp_path):
    """Two sequences of OTB's names, five frames each, annotated from 1."""
    for name, step in (("Deer", 2), ("Couple", -2)):
        folder = tmp_path / "otb" / name / "img"
        folder.mkdir(parents=True)
        for k in range(5):
            Image.fromarray(scene(60 + step * k, 40)).save(folder / f"{k + 1:04d}.jpg", quality=95)
        rows = [f"{61 + step * k},41,24,16" for k in range(5)]
        (folder.parent / "groundtruth_rect.txt").write_text("\n".join(rows))
    return tmp_path / "otb"


def test_pixels_are_counted_from_one():
    """OTB's box (61, 41) is our (60, 40); a found (60 + d, 40) goes back as (61 + d, 41)."""
    host = GOT10kTracker("rgb", **QUICK)
    host.init(Image.fromarray(scene(60, 40)), np.array([61.0, 41.0, 24.0, 16.0]))
    assert host.tracker.last.box.tolist() == [60, 40, 24, 16]
    box = host.update(Image.fromarray(scene(64, 40)))
    assert box.tolist() == (host.tracker.last.box + [1, 1, 0, 0]).tolist()


def test_annotation_is_not_changed():
    """got10k hands over a view into its annotations."""
    annotations = np.array([[61.0, 41.0, 24.0, 16.0], [0, 0, 1, 1]])
    before = annotations.copy()
    host = GOT10kTracker("rgb", **QUICK)
    host.init(Image.fromarray(scene(60, 40)), annotations[0])
    host.update(Image.fromarray(scene(66, 44)))
    host.tracker.last.box[:] = 0
    assert np.array_equal(annotations, before)


def test_name_and_callback():
    calls = []
    host = GOT10kTracker("hog", on_frame=lambda: calls.append(1), **QUICK)
    assert host.name == "CRT-hog" and host.is_deterministic
    host.init(Image.fromarray(scene(60, 40)), np.array([61.0, 41.0, 24.0, 16.0]))
    host.update(Image.fromarray(scene(60, 40)))
    assert len(calls) == 2


def test_experiment_on_a_part_of_otb(otb, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    experiment = OTBSubset(otb, result_dir=tmp_path / "results", report_dir=tmp_path / "reports")
    assert experiment.dataset.seq_names == ["Couple", "Deer"]
    host = GOT10kTracker("rgb", **QUICK)
    experiment.run(host)
    performance = experiment.report([host.name])[host.name]
    assert performance["overall"]["precision_score"] == 1
    assert performance["seq_wise"]["Deer"]["success_score"] > 0.6
    lines = (tmp_path / "results" / "OTB2015" / "CRT-rgb" / "Deer.txt").read_text().splitlines()
    assert lines[0] == "61.000,41.000,24.000,16.000" and len(lines) == 5


def test_truth_itself_scores_20_of_21(otb, tmp_path, monkeypatch):
    """got10k counts IoU > threshold for 0, 0.05, ..., 1: the last is never passed."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    experiment = OTBSubset(otb, result_dir=tmp_path / "results", report_dir=tmp_path / "reports")
    for s, (_, truth) in enumerate(experiment.dataset):
        name = experiment.dataset.seq_names[s]
        folder = tmp_path / "results" / "OTB2015" / "truth"
        folder.mkdir(parents=True, exist_ok=True)
        np.savetxt(folder / f"{name}.txt", truth, fmt="%.3f", delimiter=",")
    overall = experiment.report(["truth"])["truth"]["overall"]
    assert overall["success_score"] == pytest.approx(20 / 21)


def test_chosen_sequences_keep_their_order(otb):
    assert OTBSubset(otb, sequences=["Deer"]).dataset.seq_names == ["Deer"]


@pytest.mark.parametrize("sequences", [["Deer", "Bolt"], ["Nothing"]])
def test_missing_sequences_are_named(otb, sequences):
    with pytest.raises(SourceError, match="does not hold (Bolt|Nothing); it holds Couple, Deer"):
        OTBSubset(otb, sequences=sequences)


def test_empty_and_missing_folders(tmp_path):
    with pytest.raises(SourceError, match="does not hold any sequence of OTB"):
        OTBSubset(tmp_path)
    with pytest.raises(SourceError, match="no folder"):
        OTBSubset(tmp_path / "none")


def test_targets_of_one_folder(shared):
    names = OTBSubset(shared / "data" / "otb").dataset.seq_names
    assert {"Jogging.1", "Jogging.2"} <= set(names) and len(names) == 13
