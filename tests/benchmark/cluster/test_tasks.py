"""A task holds all that a worker needs: settings, frames, and a check of the weights."""

from dataclasses import replace

import numpy as np
import pytest

from crt_plugin.benchmark.cluster.tasks import Task, TrackerSpec
from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.run.job import Job, record_responses
from crt_plugin.benchmark.run.tracks import run_sequence
from crt_plugin.errors import ParameterError, WeightsError
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.parameters import load_parameters
from tests.conftest import QUICK
from tests.helpers.datasets import write_got10k
from tests.helpers.trackers import Still


def task_of(part, tracker=None, sequence="Deer"):
    tracker = tracker or Still()
    return Task.of(Job(part, tracker, sequence), TrackerSpec(tracker.name, tracker.name))


def test_a_recipe_holds_settings_and_not_the_file(tmp_path):
    """The file changes after the spec was written."""
    file = tmp_path / "mine.py"
    text = "from crt_plugin.parameters import load_parameters\n\ndef parameters():\n    return "
    file.write_text(text + "load_parameters('rgb').copy(filter_cells=16.0)\n")
    made = GOT10kTracker(file, seed=3)
    record_responses([made])
    spec = TrackerSpec.of(f"crt:{file}", made)
    file.write_text("raise SystemExit\n")
    copy = spec.make()
    assert (copy.name, copy.recorder is not None) == ("CRT-mine", True)
    assert dict(copy.parameters) == dict(load_parameters("rgb").copy(filter_cells=16.0, seed=3))


def test_a_tracker_of_somebody_is_made_of_its_name():
    """Even if it derives from ours: settings alone do not define it."""
    spec = TrackerSpec.of("tests.helpers.trackers:Still", Still())
    assert spec.parameters is None and isinstance(spec.make(), Still)
    ours = TrackerSpec.of("some:Tracker", GOT10kTracker("rgb", **QUICK))
    assert ours.parameters is None


def test_an_ensemble_is_made_of_the_client_s_files_or_refused(change_hog):
    spec = TrackerSpec.of("crt:plus", GOT10kTracker("plus"))
    assert len(spec.weights) == 2
    assert spec.make().parameters == load_parameters("plus")
    change_hog()
    with pytest.raises(ParameterError, match=r"'hog\+plus_vgg' is another here; expected the same"):
        spec.make()


def test_other_weights_are_refused():
    spec = TrackerSpec.of("crt:vgg_conv2", GOT10kTracker("vgg_conv2"))
    assert len(spec.weights) == 1 and spec.make().name == "CRT-vgg_conv2"
    with pytest.raises(WeightsError, match=f"here have SHA-256 {spec.weights[0]}; expected .* 0"):
        replace(spec, weights=("0",)).make()


def test_frames_that_are_not_the_clients(part, tmp_path):
    """Missing, or of another size: a folder of the same name on another machine."""
    task = task_of(part)
    assert task.find_unseen() == "" and len(task.files) == 5
    third = tmp_path / "data/Deer/img/0003.jpg"
    content = third.read_bytes()
    third.write_bytes(content + b"0")
    assert task.find_unseen() == str(third)
    third.unlink()
    assert task.find_unseen() == str(third)
    third.write_bytes(content)
    sent = task.with_frames()
    third.unlink()
    assert sent.find_unseen() == "" and sent.frames[2] == content


def test_frames_that_were_sent_are_what_the_host_reads(part, tmp_path):
    sent = task_of(part).with_frames()
    for file in (tmp_path / "data/Deer/img").iterdir():
        file.unlink()
    kept = []
    there = sent.make_experiment(tmp_path)
    ending = run_sequence(there, Still(), lambda: None, lambda _, t: kept.append(t))
    assert (ending.frame, ending.reason) == (5, "")
    assert np.array_equal(kept[0].boxes, [[6, 6, 10, 8]] * 5) and len(kept[0].times) == 5
    assert sorted(p.name for p in (tmp_path / "frames").iterdir())[2] == "000002-0003.jpg"


def test_the_first_box_is_that_of_the_protocol(part, tmp_path):
    """It may differ from the annotation, as with shifted starts."""
    task = task_of(part)
    task.truth[0] = [1, 2, 3, 4]
    kept = []
    run_sequence(task.make_experiment(tmp_path), Still(), lambda: None, lambda _, t: kept.append(t))
    assert np.array_equal(kept[0].boxes[0], [1, 2, 3, 4])


def test_repetitions_that_are_there_are_not_run(tmp_path):
    part = open_part("got10k", write_got10k(tmp_path / "data"), results=tmp_path / "results")
    tracker = Still("random", is_deterministic=False)
    job = Job(part, tracker, part.names[0])
    assert job.run(lambda: None) is None and len(tracker.inits) == 3
    job.files.boxes[1].unlink()
    task = task_of(part, tracker, part.names[0])
    kept = []
    empty = task.make_experiment(tmp_path / "empty")
    ending = run_sequence(empty, tracker, lambda: None, lambda _, t: kept.append(t))
    assert len(kept) == 1 and job.files.absent == [job.files.boxes[1]]
    assert job.finish(kept, ending) is None and not job.files.absent
