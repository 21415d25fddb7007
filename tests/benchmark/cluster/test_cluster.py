"""A real cluster writes the same files as a single process, even if its processes die."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import dask
import numpy as np
import pytest
import typer
from distributed import Security
from typer.testing import CliRunner

from crt_plugin.benchmark.cluster import queue
from crt_plugin.benchmark.cluster.tasks import TrackerSpec, WorkerInfo
from crt_plugin.benchmark.run.evaluate import Options, evaluate
from crt_plugin.benchmark.run.job import Job
from crt_plugin.cli import evaluate as cli_evaluate
from crt_plugin.errors import ClusterError, StorageError
from crt_plugin.runtime.progress import ProgressBar
from tests.helpers.clusters import SECONDS, cluster, is_running, wait_for
from tests.helpers.datasets import write_got10k, write_otb
from tests.helpers.killing import contents
from tests.helpers.trackers import Still, leave_curves_out

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills by signal 9")

LENGTHS = {"Couple": 4, "Deer": 9, "Dog": 5, "Girl": 4}  # they begin at x = 5, 6, 7, 8
TRACKER = "noting_trackers:NotingTracker"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A cluster of two workers, data, and the results of a single process."""
    folder = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as patch, cluster(folder / "cluster") as found:
        patch.setenv("CRT_NOTES", str(found.notes))
        patch.syspath_prepend(str(found.folder))
        leave_curves_out(patch)
        found.data = write_otb(folder / "otb", LENGTHS)
        run_evaluation(found, folder / "alone", scheduler=None)
        found.expected = contents(folder / "alone")
        yield found


@pytest.fixture
def tidy(world):
    """The cluster, without notes; a test that hangs fails."""

    def fail(*_):
        raise AssertionError(f"the test did not end within {SECONDS} s")

    world.clear()
    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(SECONDS)
    yield world
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def run_evaluation(world, results, tracker=TRACKER, **options):
    options = {"scheduler": world.address, "responses": True, **options}
    return evaluate("otb", world.data, [tracker], results, progress=False, **options)


def aside(action):
    """Run ``action`` in a thread; returns a function that joins it and raises its error."""
    raised = []

    def run():
        try:
            action()
        except BaseException as error:  # noqa: BLE001
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()

    def join():
        thread.join()
        if raised:
            raise raised[0]

    return join


def messages(caplog):
    return [record.getMessage() for record in caplog.records if record.name.startswith("crt_")]


# ------------------------------------------------------------------------------ the same results


def test_files_of_a_single_process(tidy, tmp_path):
    """Boxes, scores, response maps, manifest and report; every sequence once, on both workers."""
    tidy.clear()
    hold = tidy.notes / "hold 6"  # Deer, until both are at work
    hold.touch()
    join = aside(lambda: run_evaluation(tidy, tmp_path / "results"))
    wait_for(lambda: len(set(tidy.find_processes())) == 2)
    hold.unlink()
    join()
    assert contents(tmp_path / "results") == tidy.expected
    assert all(f"OTB2015/CRT-rgb/responses/{name}.npz" in tidy.expected for name in LENGTHS)
    began = tidy.find_processes()
    assert len(began) == len(LENGTHS) and len(set(began)) == 2 and os.getpid() not in began
    notes = tidy.read_starts()
    for process in set(began):  # the longest first
        lengths = [list(LENGTHS.values())[int(x) - 5] for x, at, *_ in notes if int(at) == process]
        assert lengths == sorted(lengths, reverse=True)
    assert {note[3] for note in notes} == {"2"}  # threads of torch: those of a worker


def test_parameters_of_a_file_that_workers_do_not_see(tidy, tmp_path, monkeypatch):
    """The file is removed before a worker could read it."""
    file = tmp_path / "rgb.py"
    file.write_text(
        "from crt_plugin.parameters import Parameters\n"
        "from pathlib import Path\n"
        "from noting_trackers import SETTINGS\n"
        "def parameters():\n"
        "    Path(__file__).unlink()\n"
        "    return Parameters().copy(**SETTINGS)\n"
    )
    run_evaluation(tidy, tmp_path / "results", f"crt:{file}")
    assert not file.exists()
    assert contents(tmp_path / "results") == tidy.expected


@pytest.mark.skipif(not Path("/proc/self/cwd").is_dir(), reason="needs /proc/self/cwd")
def test_frames_that_workers_do_not_see(tidy, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tidy.data)
    evaluate(
        "otb",
        "/proc/self/cwd",
        [TRACKER],
        tmp_path / "results",
        scheduler=tidy.address,
        responses=True,
        progress=False,
    )
    assert contents(tmp_path / "results") == tidy.expected
    said = messages(caplog)
    assert 1 <= len(said) <= 2  # once of each worker
    assert all("does not see /proc/self/cwd/" in line for line in said)
    assert not list(tidy.folder.rglob("0001.jpg"))  # what was sent is removed


def test_a_failure_is_named_and_the_others_go_on(tidy, tmp_path):
    damaged = tmp_path / "otb"
    shutil.copytree(tidy.data, damaged)
    for name in ("Couple", "Deer", "Dog"):
        (damaged / f"{name}/img/0003.jpg").write_bytes(b"no image")
    done = evaluate(
        "otb", damaged, [TRACKER], tmp_path / "r", scheduler=tidy.address, progress=False
    )
    assert [failure.sequence for failure in done.failures] == ["Couple", "Deer", "Dog"]
    for failure in done.failures:
        said = f"CRT-rgb, {failure.sequence}, frame 2: UnidentifiedImageError: "
        assert str(failure).startswith(said) and "0003.jpg" in failure.reason
    assert done.report.scores[0].sequences == len(LENGTHS) - 3


def test_repetitions_of_a_random_tracker(tidy, tmp_path):
    """GOT-10k has three; only missing ones are run again."""
    data = write_got10k(tmp_path / "data")
    options = {"scheduler": tidy.address, "progress": False}
    run = partial(evaluate, "got10k", data, ["noting_trackers:Unsure"], tmp_path / "r", **options)
    assert not run().failures
    folder = tmp_path / "r/GOT-10k/Unsure/GOT-10k_Val_000002"
    files = [folder / f"GOT-10k_Val_000002_{k:03d}.txt" for k in (1, 2, 3)]
    before = [np.loadtxt(file, delimiter=",")[-1] for file in files]
    assert before[1][1] == before[0][1] + 1 and before[2][1] == before[0][1] + 2
    files[1].unlink()
    assert run().kept == 1
    after = [np.loadtxt(file, delimiter=",")[-1] for file in files]
    assert (after[0] == before[0]).all() and (after[2] == before[2]).all()
    assert after[1][1] != before[1][1] or after[1][0] != before[1][0]
    times = np.loadtxt(folder / "GOT-10k_Val_000002_time.txt", delimiter=",")
    assert times.shape == (5, 3)


def test_a_full_disk(tidy, tmp_path, disk):
    """Only the client writes: it stops, leaves no partial file, and resumes once there is room."""
    folder, mount = disk
    with mount(9) as enlarge:
        with pytest.raises(StorageError, match="cannot be written: No space left on device"):
            run_evaluation(tidy, folder / "results")
        left = contents(folder / "results")
        assert len(left) > 1 and left.items() <= tidy.expected.items()
        enlarge()
        assert not run_evaluation(tidy, folder / "results").failures
        assert contents(folder / "results") == tidy.expected


def test_frames_of_all_workers_are_counted(tidy, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(ProgressBar, "move_to", lambda self, frames: shown.append(frames))
    monkeypatch.setattr(queue, "POLL_SECONDS", 0.1)
    tidy.clear(pause=0.3)
    run_evaluation(tidy, tmp_path / "results", sequences=["Deer"])
    assert shown[0] == 0 and len(set(shown)) > 2  # inside of the one sequence too
    assert shown == sorted(shown) and shown[-1] <= LENGTHS["Deer"]


# ---------------------------------------------------------------------------------- lost workers


def test_a_worker_that_is_killed(tidy, tmp_path, caplog):
    """Killed in the middle of Deer: only that sequence is computed again."""
    tidy.clear(pause=0.2)

    def kill():
        os.kill(wait_for(lambda: tidy.find_processes("6"))[0], signal.SIGKILL)

    join = aside(kill)
    done = run_evaluation(tidy, tmp_path / "results")
    join()
    assert contents(tmp_path / "results") == tidy.expected and not done.failures
    began = {x: len(tidy.find_processes(x)) for x in "5678"}
    assert began == {"5": 1, "6": 2, "7": 1, "8": 1}
    (said,) = messages(caplog)
    assert re.fullmatch(
        r"CRT-rgb, Deer, frame \d: worker tcp://127\.0\.0\.1:\d+ on \S+ ended; "
        "another worker begins it again",
        said,
    )


def test_a_worker_that_hangs(tidy, tmp_path, caplog):
    """It hangs once, in the middle of Deer: it is killed, and named."""
    (tidy.notes / "hang 6").touch()
    done = run_evaluation(tidy, tmp_path / "results", timeout=3)
    assert contents(tmp_path / "results") == tidy.expected and not done.failures
    assert len(tidy.find_processes("6")) == 2 and len(tidy.find_processes()) == len(LENGTHS) + 1
    assert not is_running(tidy.wait_for_hanging())
    (said,) = messages(caplog)
    assert said.startswith("CRT-rgb, Deer, frame ")
    assert "did not end within 3 s and was restarted; another worker begins it" in said


@pytest.mark.torture
def test_a_worker_that_is_stopped(tidy, tmp_path, caplog):
    """It no longer answers, but keeps its connection."""
    tidy.clear(pause=0.1)
    stopped = []

    def stop():
        stopped.append(wait_for(lambda: tidy.find_processes("6"))[0])
        os.kill(stopped[0], signal.SIGSTOP)

    join = aside(stop)
    done = run_evaluation(tidy, tmp_path / "results", timeout=3)
    join()
    assert contents(tmp_path / "results") == tidy.expected and not done.failures
    assert not is_running(stopped[0])
    assert "did not end within 3 s and was restarted" in messages(caplog)[0]


@pytest.mark.torture
def test_a_worker_that_hangs_without_a_nanny(world, tmp_path, monkeypatch, caplog):
    """Nothing can restart it: it gets no more work, and another worker takes over."""
    with cluster(tmp_path / "own", 0) as own:
        monkeypatch.setenv("CRT_NOTES", str(own.notes))
        own.data = world.data
        for _ in range(2):
            own.start_workers(1, "--no-nanny")
        (own.notes / "hang 6").touch()
        done = run_evaluation(own, tmp_path / "results", timeout=3)
        assert contents(tmp_path / "results") == world.expected and not done.failures
        assert own.find_processes().count(own.wait_for_hanging()) == 1
        (said,) = messages(caplog)
        assert "has no nanny to restart it: it is given nothing more; another" in said


def test_a_sequence_that_kills_every_worker(tidy, tmp_path, caplog):
    """It is given up after three workers, and named; the others go on."""
    (tidy.notes / "die 7").touch()
    done = run_evaluation(tidy, tmp_path / "results")
    (failure,) = done.failures
    assert (failure.tracker, failure.sequence) == ("CRT-rgb", "Dog")
    assert re.fullmatch(r"it cost 3 workers: worker tcp://\S+ on \S+ ended", failure.reason)
    assert len(tidy.find_processes("7")) == 3
    assert done.report.scores[0].sequences == len(LENGTHS) - 1
    assert messages(caplog)[-1].endswith("; given up")


# ------------------------------------------------------------------------------- no scheduler


def test_a_scheduler_that_is_not_there(world, tmp_path, monkeypatch):
    monkeypatch.setattr(queue, "CONNECT_SECONDS", 0.5)
    nobody = "tcp://127.0.0.1:9"
    with pytest.raises(ClusterError, match=f"no scheduler answers at {nobody} within 0 s"):
        run_evaluation(world, tmp_path / "results", scheduler=nobody)
    with pytest.raises(ClusterError, match="address 'ftp://x:1' cannot be used .*; expected tcp:"):
        run_evaluation(world, tmp_path / "results", scheduler="ftp://x:1")
    assert not list((tmp_path / "results").rglob("*.txt"))


# -------------------------------------------------------------------------------- lost clients


def test_a_client_that_is_killed(tidy, tmp_path):
    """Its workers stop at their next frame, and the next client resumes."""
    (tidy.notes / "hold 6").touch()
    script = (
        "from crt_plugin.benchmark.run.evaluate import evaluate\n"
        f"evaluate('otb', {str(tidy.data)!r}, [{TRACKER!r}], 'results', responses=True,\n"
        f"         progress=False, scheduler={tidy.address!r})\n"
    )
    environment = {**tidy.environment, "CRT_WORKER": ""}
    client = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment)
    try:
        folder = tmp_path / "results/OTB2015/CRT-rgb"
        wait_for(lambda: len(list(folder.glob("*.txt"))) == len(LENGTHS) - 1)
    finally:
        client.kill()
        client.wait()
    (tidy.notes / "pause").write_text("0.4")
    (tidy.notes / "hold 6").unlink()
    time.sleep(0.4 * LENGTHS["Deer"])
    (worker,) = tidy.find_processes("6")
    assert tidy.count_frames("6", worker) <= 4 < LENGTHS["Deer"] - 1  # it looks every 0.5 s
    tidy.clear()
    done = run_evaluation(tidy, tmp_path / "results")
    assert contents(tmp_path / "results") == tidy.expected
    assert (
        done.kept == len(LENGTHS) - 1
        and len(tidy.find_processes()) == len(tidy.find_processes("6")) == 1
    )


# -------------------------------------------------------------------------- the command line, TLS


def test_the_command(tidy, tmp_path):
    app = typer.Typer()
    app.command()(cli_evaluate.evaluate)
    text = f"--data {tidy.data} --trackers {TRACKER} --record-responses --timeout 60"
    words = [*text.split(), "--scheduler", tidy.address, "--results", str(tmp_path / "results")]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0 and "4 of 100 sequences of OTB2015" in done.output
    assert contents(tmp_path / "results") == tidy.expected
    assert len(tidy.find_processes()) == len(LENGTHS) and os.getpid() not in tidy.find_processes()


@pytest.mark.torture
def test_a_cluster_with_keys(world, tmp_path, monkeypatch):
    """Keys come from Dask's configuration; a client without them is refused, and told why."""
    keys = Security.temporary()
    files = {"ca": keys.tls_ca_file, "cert": keys.tls_client_cert, "key": keys.tls_client_key}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    ca, cert, key = (str(tmp_path / name) for name in files)
    options = ("--tls-ca-file", ca, "--tls-cert", cert, "--tls-key", key, "--protocol", "tls")
    with cluster(tmp_path / "own", 1, options) as own:
        own.data = world.data
        assert own.address.startswith("tls://")
        with pytest.raises(ClusterError, match="with Dask's tls settings"):
            run_evaluation(own, tmp_path / "refused")
        monkeypatch.setattr(queue, "CONNECT_SECONDS", 1.0)
        plain = own.address.replace("tls", "tcp")
        with pytest.raises(ClusterError, match="no scheduler answers"):
            run_evaluation(own, tmp_path / "refused", scheduler=plain)
        tls = "distributed.comm.tls"
        settings = {f"{tls}.ca-file": ca, f"{tls}.client.cert": cert, f"{tls}.client.key": key}
        with dask.config.set(settings):
            run_evaluation(own, tmp_path / "results")
    assert contents(tmp_path / "results") == world.expected


# ----------------------------------------------------------------------------------- refusals


def test_workers_of_another_version(tidy, tmp_path, monkeypatch):
    monkeypatch.setattr(queue, "__version__", "0.0.9")
    with pytest.raises(
        ClusterError, match=r"worker tcp\S+ on \S+ has crt-plugin .*; expected 0\.0\.9"
    ):
        run_evaluation(tidy, tmp_path / "results")
    assert not tidy.find_processes()


def test_a_worker_that_cannot_make_the_tracker(tidy, tmp_path):
    with pytest.raises(ClusterError, match=r"worker tcp.* cannot make Unmakable: a package is m"):
        run_evaluation(tidy, tmp_path / "r", "noting_trackers:Unmakable", responses=False)


# -------------------------------------------------------------- lost schedulers: the last tests


def test_a_scheduler_that_does_not_come_back(tidy, tmp_path, monkeypatch, caplog):
    """The run ends with partial results, and can be resumed anywhere: here in this process."""
    monkeypatch.setattr(queue, "RETURN_SECONDS", 1.0)
    tidy.clear(pause=0.1)

    def kill():
        wait_for(lambda: list(tmp_path.rglob("Dog.txt")))
        tidy.scheduler.kill()

    join = aside(kill)
    with pytest.raises(ClusterError, match=f"no scheduler answers at {tidy.address} within 1 s"):
        run_evaluation(tidy, tmp_path / "results")
    join()
    assert messages(caplog) == [f"the scheduler at {tidy.address} is lost; waiting, up to 1 s"]
    before = len(tidy.find_processes())
    done = run_evaluation(tidy, tmp_path / "results", scheduler=None)
    assert contents(tmp_path / "results") == tidy.expected
    assert 1 <= done.kept == len(LENGTHS) - (len(tidy.find_processes()) - before)


@pytest.mark.torture
def test_a_scheduler_that_is_started_again(tidy, tmp_path, caplog):
    """Its workers end with it and are started again; unfinished sequences are computed again."""
    if tidy.scheduler.poll() is not None:
        tidy.restart()
    tidy.clear(pause=0.1)

    def restart():
        wait_for(lambda: len(tidy.find_processes()) >= 2)
        tidy.scheduler.kill()
        tidy.restart()

    join = aside(restart)
    done = run_evaluation(tidy, tmp_path / "results")
    join()
    assert contents(tmp_path / "results") == tidy.expected and not done.failures
    assert len(tidy.find_processes()) <= len(LENGTHS) + 2
    (said,) = messages(caplog)
    assert said == f"the scheduler at {tidy.address} is lost; waiting, up to 300 s"


def test_a_scheduler_that_is_lost_while_a_job_is_sent(part):
    """The job is then still pending."""

    class Lost:
        def submit(self, *_, **__):
            raise OSError

    specs = {"Still": TrackerSpec("x:Still", "Still")}
    jobs = [Job(part, Still(), name) for name in part.names]
    run = queue.Queue(Options(scheduler="tcp://x:1"), specs, jobs, lambda _: None)
    run._client = Lost()
    run._infos["tcp://w:1"] = WorkerInfo("0", {}, "w")
    with pytest.raises(queue._SchedulerLostError):
        run._assign("tcp://w:1")
    assert run.pending == [1, 0]  # Deer is the longer one
