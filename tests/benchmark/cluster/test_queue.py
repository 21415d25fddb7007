"""Two local workers give the results of one: real processes, with got10k's own loop in each."""

import os
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest
from distributed import Client

from crt_plugin.benchmark.cluster.clients import local_cluster, pause_collection
from crt_plugin.benchmark.results.manifest import Manifest
from crt_plugin.benchmark.results.responses import ResponseMaps
from crt_plugin.benchmark.run.evaluate import evaluate
from crt_plugin.errors import ParameterError
from crt_plugin.runtime.environment import advise_extra
from tests.conftest import ROOT
from tests.helpers.clusters import TRACKERS as NOTING
from tests.helpers.clusters import is_running, wait_for
from tests.helpers.datasets import write_otb
from tests.helpers.trackers import Still

LENGTHS = {"Couple": 4, "Deer": 9, "Dog": 5}
TRACKERS = '''
import os
import time
from pathlib import Path

import torch

from tests.helpers import trackers

class Still(trackers.Still):
    """Notes the process and its threads."""
    def init(self, image, box):
        super().init(image, box)
        note = Path(f"note {os.getpid()} {box[0]:g}.txt")
        note.write_text(str(torch.get_num_threads()))

class Endless(Still):
    """Never comes back from its second frame."""
    def update(self, image):
        Path(f"began {os.getpid()}").touch()
        time.sleep(600)

class Faulty(trackers.Faulty):
    def __init__(self):
        super().__init__(RuntimeError, x=6)
'''
QUICK_CRT = """
from crt_plugin.parameters import load_parameters

def parameters():
    return load_parameters("rgb").copy(filter_cells=16.0, train_steps=20)
"""


@pytest.fixture
def data(tmp_path, monkeypatch, no_curves):
    """Three sequences; the current folder has a module of trackers and a parameter file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    (tmp_path / "mine_in_parallel.py").write_text(TRACKERS)
    (tmp_path / "quick_crt.py").write_text(QUICK_CRT)
    return write_otb(tmp_path / "otb", LENGTHS)


def run_evaluation(data, trackers, results, **options):
    return evaluate("otb", data, trackers, results, progress=False, **options)


def boxes(results, name):
    return {s: (results / "OTB2015" / name / f"{s}.txt").read_bytes() for s in LENGTHS}


def test_the_same_boxes_as_with_one_worker(data, tmp_path):
    trackers = ["crt:quick_crt.py", "mine_in_parallel:Still"]
    one = run_evaluation(data, trackers, tmp_path / "one", responses=True)
    two = run_evaluation(data, trackers, tmp_path / "two", responses=True, workers=2)
    for name in LENGTHS:
        file = f"OTB2015/CRT-quick_crt/responses/{name}.npz"
        alone, shared = (ResponseMaps.load(tmp_path / run / file) for run in ("one", "two"))
        for field in ("maps", "low", "high"):
            assert (getattr(alone, field) == getattr(shared, field)).all()
        assert len(alone.maps) == LENGTHS[name]
    for name in ("CRT-quick_crt", "Still"):
        assert boxes(tmp_path / "one", name) == boxes(tmp_path / "two", name)
    assert [s.by_sequence for s in one.report.scores] == [s.by_sequence for s in two.report.scores]
    assert not two.failures
    manifest = Manifest.read(tmp_path / "two" / "OTB2015" / "CRT-quick_crt")
    assert manifest.parameters["filter_cells"] == 16.0


def test_each_sequence_runs_once_and_threads_are_shared(data, tmp_path):
    """Later child processes get as many threads as before."""
    environment = dict(os.environ)
    run_evaluation(data, ["mine_in_parallel:Still"], tmp_path / "results", workers=2)
    notes = sorted(tmp_path.glob("note *.txt"))
    assert len(notes) == len(LENGTHS)
    assert all(f"note {os.getpid()} " not in note.name for note in notes)
    assert {note.read_text() for note in notes} == {str(max(1, os.cpu_count() // 2))}
    assert dict(os.environ) == environment


def test_a_failure_is_named_and_the_others_go_on(data, tmp_path):
    trackers = ["mine_in_parallel:Still", "mine_in_parallel:Faulty"]
    done = run_evaluation(data, trackers, tmp_path / "results", workers=2)
    (failure,) = done.failures
    assert str(failure) == "Faulty, Deer, frame 2: RuntimeError: it broke"
    assert [score.sequences for score in done.report.scores] == [3, 2]


def test_results_that_are_there_are_kept(data, tmp_path):
    trackers = ["mine_in_parallel:Still"]
    run_evaluation(data, trackers, tmp_path / "results", sequences=["Deer"])
    file = tmp_path / "results" / "OTB2015" / "Still" / "Deer.txt"
    before = file.stat().st_mtime_ns
    assert run_evaluation(data, trackers, tmp_path / "results", workers=2).kept == 1
    assert file.stat().st_mtime_ns == before
    assert np.loadtxt(tmp_path / "results/OTB2015/Still/Dog.txt", delimiter=",").shape == (5, 4)


@pytest.mark.torture
@pytest.mark.skipif(os.name != "posix", reason="kills by signal 9")
def test_a_worker_that_is_killed(data, tmp_path, monkeypatch):
    """Killed in the middle of Deer: the other worker, or a new one, runs it again."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "pause").write_text("0.1")
    (notes / "kill 6").touch()
    monkeypatch.setenv("CRT_NOTES", str(notes))
    (tmp_path / "noting_trackers.py").write_text(NOTING)
    monkeypatch.delitem(sys.modules, "noting_trackers", raising=False)  # of another test
    done = run_evaluation(data, ["noting_trackers:NotingTracker"], tmp_path / "two", workers=2)
    (notes / "pause").write_text("0")
    run_evaluation(data, ["noting_trackers:NotingTracker"], tmp_path / "one")
    assert not done.failures
    assert boxes(tmp_path / "one", "CRT-rgb") == boxes(tmp_path / "two", "CRT-rgb")
    began = sorted(file.name.split()[1] for file in notes.glob("began *"))
    assert began == ["5", "5", "6", "6", "6", "7", "7"]


def test_two_clusters_at_once_do_not_quarrel_about_a_port():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with local_cluster(1), local_cluster(1) as client:
            assert client.submit(sum, [1, 2]).result() == 3


def test_the_processes_are_for_this_one_only(data):
    """Otherwise another user of this machine could run code in them; they may have children."""
    with local_cluster(1) as client:
        address = client.scheduler.address
        assert address.startswith("tls://127.0.0.1:")
        for name in (address, address.replace("tls", "tcp")):
            with (
                pytest.raises((OSError, TypeError, RuntimeError, ValueError)),
                pause_collection(),
            ):
                Client(name, timeout=1, set_as_default=False)
        daemon = client.submit(lambda: __import__("multiprocessing").current_process().daemon)
        assert daemon.result() is False


@pytest.mark.parametrize(
    ("start", "said"),
    [("local_cluster(1)", "started\n"), ("connect('tcp://127.0.0.1:9', 0.1)", "refused\n")],
    ids=["here", "there"],
)
def test_a_refused_client_does_not_hold_the_next_up(tmp_path, start, said):
    """It is collected at the worst moment: while the next loop starts, under Dask's lock."""
    script = tmp_path / "script.py"
    script.write_text(
        "import gc\n"
        "from distributed import Client, utils\n"
        "from crt_plugin.errors import ClusterError\n"
        "from crt_plugin.benchmark.cluster.clients import connect, local_cluster\n"
        "class Thread(utils._CollectErrorThread):\n"
        "    def __init__(self, *args, **kwargs):\n"
        "        if gc.isenabled():\n"
        "            kept.clear()\n"
        "            gc.collect()\n"
        "        super().__init__(*args, **kwargs)\n"
        "kept = []\n"
        "def refuse():\n"
        "    try:\n"
        "        Client('tls://127.0.0.1:9', timeout=1, set_as_default=False)  # no keys\n"
        "    except (OSError, TypeError, RuntimeError, ValueError) as error:\n"
        "        error.itself = error  # garbage that only a collection finds, its frames with it\n"
        "        kept.append(error)\n"
        "if __name__ == '__main__':\n"
        "    refuse()\n"
        "    utils._CollectErrorThread = Thread\n"
        "    try:\n"
        f"        with {start}:\n"
        "            print('started')\n"
        "    except ClusterError:\n"
        "        print('refused')\n"
        "    assert gc.isenabled()\n"
    )
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == said, done.stderr


def test_one_worker_needs_no_dask(data, tmp_path):
    """Several workers fail and say what is missing, before anything is written."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "sys.modules.update(dask=None, distributed=None)\n"
        "from crt_plugin.errors import MissingExtraError\n"
        "from crt_plugin.benchmark.run.evaluate import evaluate\n"
        "run = ('otb', 'otb', ['mine_in_parallel:Still'])\n"
        "for options in ({'workers': 2}, {'scheduler': 'tcp://127.0.0.1:9'}):\n"
        "    try:\n"
        "        evaluate(*run, 'several', progress=False, **options)\n"
        "    except MissingExtraError as error:\n"
        "        print(error)\n"
        "assert not evaluate(*run, 'one', progress=False).failures\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == 2
    assert all("need Dask" in line and advise_extra("cluster") in line for line in said)
    assert (tmp_path / "one").exists() and not (tmp_path / "several").exists()


def test_what_several_workers_cannot_do(data, tmp_path):
    with pytest.raises(ParameterError, match="2 workers make their own trackers; expected tr"):
        run_evaluation(data, [Still()], tmp_path / "results", workers=2)
    with pytest.raises(ParameterError, match="workers = 0; expected an integer >= 1"):
        run_evaluation(data, ["mine_in_parallel:Still"], tmp_path / "results", workers=0)
    scheduler = {"scheduler": "tcp://127.0.0.1:9"}
    with pytest.raises(ParameterError, match="a scheduler's workers make their own trackers"):
        run_evaluation(data, [Still()], tmp_path / "results", **scheduler)
    for options, said in (
        ({"workers": 2, **scheduler}, "workers = 2 beside scheduler = 'tcp://127.0.0.1:9'"),
        (
            {"timeout": 5.0},
            "timeout = 5, but a single process cannot end a job that hangs; expected two",
        ),
        ({"timeout": 0.0, "workers": 2}, "timeout = 0; expected seconds > 0"),
        ({"timeout": float("nan"), "workers": 2}, "timeout = nan; expected seconds > 0"),
    ):
        with pytest.raises(ParameterError, match=said):
            run_evaluation(data, ["mine_in_parallel:Still"], tmp_path / "results", **options)
    assert not (tmp_path / "results").exists()


@pytest.mark.skipif(os.name != "posix", reason="processes are told apart by signal 0")
@pytest.mark.parametrize("number", [getattr(signal, "SIGKILL", 9), signal.SIGINT])
def test_nothing_goes_on_after_the_first_process(data, tmp_path, number):
    """The first is killed, or stopped by Ctrl-C, which reaches all processes of a terminal."""
    script = tmp_path / "script.py"
    script.write_text(
        "import signal\n"
        "from crt_plugin.benchmark.run.evaluate import evaluate\n"
        "if __name__ == '__main__':\n"
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # CI may ignore it
        "    evaluate('otb', 'otb', ['mine_in_parallel:Endless'], 'results', workers=2)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    first = subprocess.Popen(
        [sys.executable, str(script)],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
    )
    try:
        wait_for(lambda: len(list(tmp_path.glob("began *"))) == 2)
        workers = [int(file.name.split()[1]) for file in tmp_path.glob("began *")]
        send = os.killpg if number == signal.SIGINT else os.kill
        send(first.pid, number)
        wait_for(lambda: first.poll() is not None)
        for worker in workers:
            wait_for(lambda: not is_running(worker))  # noqa: B023
    finally:
        first.kill()
        first.wait()
