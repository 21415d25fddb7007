import importlib.util
import logging
import runpy
import socket
import sys
from importlib import metadata

import numpy as np
import pytest
from PIL import Image

from crt_plugin.errors import MissingExtraError, ParameterError
from crt_plugin.hosts.got10k import GOT10kTracker, toolkit
from crt_plugin.hosts.got10k import tracker as host_module
from crt_plugin.hosts.got10k.toolkit import datasets, experiments, quiet, require_got10k
from tests.conftest import QUICK, ROOT, scene
from tests.helpers.datasets import write_got10k


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


def test_name_and_settings():
    host = GOT10kTracker("hog", **QUICK)
    assert host.name == "CRT-hog" and host.is_deterministic
    assert host.parameters.features == "rgb" and host.parameters.seed == 0
    assert GOT10kTracker("hog", name="other", **QUICK).name == "other"
    with pytest.raises(ParameterError, match="unknown setting 'colour'"):
        GOT10kTracker("hog", colour=1)


def test_frames_read_ahead_give_the_boxes_of_the_hosts_own_loop(otb):
    files = sorted(str(file) for file in (otb / "Deer" / "img").glob("*.jpg"))
    start = np.array([61.0, 41.0, 24.0, 16.0])
    host = GOT10kTracker("rgb", **QUICK)
    boxes, times = host.track(files, start)
    expected, _ = host_module.Tracker.track(host, files, start)
    assert np.array_equal(boxes, expected)
    assert times.shape == (5,) and (times > 0).all()


def test_times_count_decoding_where_the_host_does(otb, tmp_path, monkeypatch):
    """An RGB image is decoded inside of the host's time; a gray one is converted before."""
    clock = iter(range(1000))  # every look at it is a second later
    monkeypatch.setattr(host_module.time, "perf_counter", lambda: next(clock))
    rgb = otb / "Deer" / "img" / "0001.jpg"
    gray = tmp_path / "gray.png"
    Image.open(rgb).convert("L").save(gray)
    assert [host_module._decode(str(file))[1] for file in (rgb, gray)] == [1, 0]
    assert all(host_module._decode(str(file))[0].mode == "RGB" for file in (rgb, gray))

    monkeypatch.setattr(host_module, "_decode", lambda file: (Image.open(file), 50))
    host = GOT10kTracker("rgb", **QUICK)
    _, times = host.track([str(rgb)] * 3, np.array([61.0, 41.0, 24.0, 16.0]))
    assert times.tolist() == [51, 51, 51]


def test_the_hosts_own_experiment(otb, tmp_path, monkeypatch, no_curves):
    """Without anything of crt_plugin.evaluation: what a user of got10k does."""
    monkeypatch.setattr(datasets.OTB, "_download", lambda *_: None)
    experiment = experiments.ExperimentOTB(
        str(otb), result_dir=str(tmp_path / "results"), report_dir=str(tmp_path / "reports")
    )
    host = GOT10kTracker("rgb", **QUICK)
    experiment.run(host)
    performance = experiment.report([host.name])[host.name]
    assert performance["overall"]["precision_score"] == 1
    assert performance["seq_wise"]["Deer"]["success_score"] > 0.6
    lines = (tmp_path / "results" / "OTB2015" / "CRT-rgb" / "Deer.txt").read_text().splitlines()
    assert lines[0] == "61.000,41.000,24.000,16.000" and len(lines) == 5


@pytest.mark.parametrize("script", ["otb", "got10k_val"])
def test_registration_scripts(script, otb, tmp_path, monkeypatch, no_curves):
    """The scripts as they are, on a part of the dataset, with a fast tracker and no network."""
    data = otb if script == "otb" else write_got10k(tmp_path / "got10k")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("a download"))

    class Quick(GOT10kTracker):
        def __init__(self, parameters):
            super().__init__(parameters, **QUICK, train_steps=20)

    monkeypatch.setattr("crt_plugin.hosts.got10k.GOT10kTracker", Quick)
    runpy.run_path(str(ROOT / "experiments" / "examples" / f"{script}.py"))["main"](str(data))
    found = sorted(p.name for p in (tmp_path / "results").glob("*/*"))
    assert found == ["CRT-default", "CRT-hog"]
    assert len(list((tmp_path / "reports").glob("*/CRT-default/performance.json"))) == 1


def test_prints_go_to_the_log(capsys, caplog):
    caplog.set_level(logging.INFO, logger="crt_plugin.hosts.got10k.toolkit")
    with quiet():
        print("Running tracker\n  on it")  # noqa: T201
    print("after")  # noqa: T201
    assert capsys.readouterr().out == "after\n"
    assert caplog.messages == ["Running tracker", "on it"]


@pytest.mark.parametrize("version", ["0.1.2", "0.0.9"])
def test_old_host(version, monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda _: version)
    with pytest.raises(MissingExtraError, match=rf"got10k {version} is.*expected 0\.1\.3 or newer"):
        require_got10k()


@pytest.mark.parametrize("version", ["0.1.3", "0.1.10", "1.0"])
def test_new_host(version, monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda _: version)
    require_got10k()


@pytest.mark.parametrize("absent", ["got10k", "six"])
def test_absent_host(absent, monkeypatch):
    """Load the adapter again under another name, where importing the host fails."""
    for name in [n for n in sys.modules if n.partition(".")[0] == "got10k"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, absent, None)
    spec = importlib.util.spec_from_file_location("adapter_again", toolkit.__file__)
    with pytest.raises(MissingExtraError, match=f"got10k cannot be imported .*{absent}.*pip"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
