"""Kill evaluations, and check the files that they leave."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from dataclasses import dataclass, field
from multiprocessing import forkserver
from pathlib import Path

import numpy as np
import psutil
import pytest

from crt_plugin.benchmark.cluster.queue import Queue  # noqa: F401 - preloaded
from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.results.layout import ResultFiles, trackers_in
from crt_plugin.benchmark.results.responses import ResponseLog, ResponseMaps
from crt_plugin.benchmark.run.evaluate import Options, run_trackers
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.hosts.got10k.toolkit import experiments
from tests.conftest import QUICK
from tests.helpers.clusters import wait_for
from tests.helpers.datasets import write_otb

LENGTHS = {"Couple": 4, "Deer": 7, "Dog": 5}
TRACKER = "CRT-rgb"
SECONDS = 120  # limit for an evaluation, which takes a second on an idle machine


def evaluate(data, results, sequences=None, overwrite=False, workers=1):
    """The evaluation to kill: CRT on all sequences, with response maps and got10k's report."""
    experiments.ExperimentOTB.plot_curves = lambda *_: None  # they take seconds
    tracker = GOT10kTracker("rgb", **QUICK, train_steps=3)
    tracker.recorder = ResponseLog()
    part = open_part("otb", data, sequences, results)
    options = Options(overwrite=overwrite, workers=workers, progress=False)
    done = run_trackers(part, [tracker], options, ["crt:rgb"])
    assert not done.failures and len(done.report.scores) == 1


def make_context():
    """A context whose processes have everything imported and start at once."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([__name__])
    with pytest.MonkeyPatch.context() as environment:  # before 3.13 the only way to pass the path
        environment.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        forkserver.ensure_running()
    return found


@dataclass
class Killer:
    """Runs evaluations, kills them at random moments, and compares what they leave.

    Attributes:
        folder: for data and results.
        kills: evaluations that were killed before they ended.
        bare: of those, killed before any result was on the disk.
        torn: of those, killed with unfinished files on the disk.
        rounds: folders of results that were compared.
    """

    folder: Path
    seed: int
    kills: int = 0
    bare: int = 0
    torn: int = 0
    rounds: int = 0
    usual: float = field(init=False)

    def __post_init__(self):
        self.random = random.Random(self.seed)
        self.data = write_otb(self.folder / "data", LENGTHS)
        self.results = self.folder / "results"
        self.run()  # the first one starts the server
        shutil.rmtree(self.results)
        start = time.monotonic()
        self.run()
        self.usual = time.monotonic() - start
        self.expected = contents(self.results)
        self.results.rename(self.folder / "undisturbed")

    def start(self, **options):
        process = make_context().Process(
            target=evaluate, args=(self.data, self.results), kwargs=options
        )
        process.start()
        return process

    def run(self, **options):
        finish(self.start(**options))

    def kill(self, **options):
        """Start an evaluation and kill it; returns False if it had already ended."""
        process = self.start(**options)
        time.sleep(self.random.uniform(0, self.usual))
        process.kill()
        process.join(SECONDS)
        killed = process.exitcode == -signal.SIGKILL
        assert killed or process.exitcode == 0
        self.kills += killed
        self.torn += bool(list(self.results.rglob("*.part")))
        self.bare += not list(self.results.rglob("*.txt"))
        self.check_parts()
        return killed

    def kill_one(self, workers):
        """Start an evaluation with workers, and kill one process: the main one or a worker."""
        process = self.start(workers=workers)
        first = psutil.Process(process.pid)
        wait_for(first.children)  # they start once everything is imported
        time.sleep(self.random.uniform(0, self.usual))
        there = [first, *(p for p in first.children() if "spawn_main" in " ".join(p.cmdline()))]
        self.random.choice(there).kill()
        process.join(SECONDS)
        assert process.exitcode in (0, 1, -signal.SIGKILL)  # 1: it was killed while it started
        psutil.wait_procs(there, SECONDS)
        assert not any(p.is_running() for p in there)
        self.kills += 1
        self.check_parts()

    def check_parts(self):
        """Check that every visible file is complete, and that boxes come with all other files."""
        part = open_part("otb", self.data, results=self.results)
        assert trackers_in(part.experiment.result_dir) in ([], [TRACKER])
        for name in LENGTHS:
            record = ResultFiles.of(part, TRACKER, name)
            assert record.damage() == ""
            if record.boxes[0].is_file():
                for file in (record.times, record.responses, record.confidences):
                    assert file.is_file()
                assert (record.boxes[0].parent / "manifest.json").is_file()
        report = self.results / "reports" / "OTB2015" / TRACKER / "performance.json"
        if report.exists():
            json.loads(report.read_text())

    def finish(self):
        """Resume, and compare with an undisturbed run."""
        self.run()
        assert contents(self.results) == self.expected
        self.rounds += 1
        shutil.rmtree(self.results)

    def torture(self, kills):
        """Kill evaluations, one to three times per run, some of them while they overwrite."""
        while self.kills < kills:
            overwrite = self.random.random() < 0.3
            if overwrite:
                shutil.copytree(self.folder / "undisturbed", self.results)
            for _ in range(self.random.randint(1, 3)):
                self.kill(overwrite=overwrite)
            self.finish()


def finish(process):
    process.join(SECONDS)
    assert process.exitcode == 0


def contents(results):
    """Contents of every file, hidden ones too; times and speeds are only counted."""
    return {str(p.relative_to(results)): _content(p) for p in results.rglob("*") if p.is_file()}


def _content(file):
    if file.parent.name == "times":
        return np.loadtxt(file).shape
    if file.name == "performance.json":
        found = json.loads(file.read_text())[TRACKER]
        for values in (found["overall"], *found["seq_wise"].values()):
            del values["speed_fps"]
        return found
    if file.suffix == ".npz":  # zip archives hold the time
        maps = ResponseMaps.load(file)
        return [maps.maps.tobytes(), maps.low.tobytes(), maps.high.tobytes(), maps.cells]
    return file.read_bytes()
