"""What runs on a worker of a Dask cluster: one sequence at a time, while the client waits.

A worker's threads, as Dask counts them, are its share of the machine's cores: its one tracker
computes on that many.
"""

from __future__ import annotations

import platform
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import torch
from distributed import get_worker

from crt_plugin import __version__
from crt_plugin.benchmark.cluster.tasks import Task, TaskResult, TrackerSpec, WorkerInfo
from crt_plugin.benchmark.run.tracks import Track, run_sequence
from crt_plugin.errors import CRTError
from crt_plugin.hosts.got10k.toolkit import Tracker
from crt_plugin.runtime.environment import describe_machine

REPORT_SECONDS = 0.5

# A client that was killed may have left a sequence running, in another thread: its next frame ends
# it, and until then nobody else uses the tracker.
_lock = threading.Lock()
_cache: dict[str, tuple[TrackerSpec, Tracker]] = {}  # the last one: networks are large


def get_worker_info() -> WorkerInfo:
    """What this worker is."""
    return WorkerInfo(__version__, describe_machine(), platform.node())


def run_task(task: Task, topic: str) -> TaskResult:
    """Run a tracker on a sequence.

    Args:
        task: what to run.
        topic: of the Dask events that report the number of frames tracked.
    """
    worker = get_worker()
    unseen = task.find_unseen()
    if unseen:
        return TaskResult(unseen=unseen)
    with _lock, tempfile.TemporaryDirectory(dir=worker.local_directory) as folder:
        torch.set_num_threads(worker.state.nthreads)
        cv2.setNumThreads(worker.state.nthreads)
        try:
            tracker = _make_tracker(task.spec)
        except CRTError as error:
            return TaskResult(refusal=str(error))
        tracks: list[Track] = []
        counter = _Counter(worker, topic)
        ending = run_sequence(
            task.make_experiment(Path(folder)),
            tracker,
            counter.count,
            lambda _, track: tracks.append(track),
        )
    return TaskResult(tuple(tracks), ending)


def _make_tracker(spec: TrackerSpec) -> Tracker:
    if "last" not in _cache or _cache["last"][0] != spec:
        _cache.clear()
        _cache["last"] = (spec, spec.make())
    return _cache["last"][1]


class _UnwantedError(BaseException):
    """The client has ended, or given the sequence to another worker."""


class _Counter:
    """Reports how many frames of the task are tracked, and ends it when nobody waits for it."""

    def __init__(self, worker: Any, topic: str) -> None:
        self._worker = worker
        self._topic = topic
        self._key = worker.get_current_task()
        self._frames = 0
        self._reported = 0.0

    def count(self) -> None:
        """Count a frame.

        Raises:
            _UnwantedError: nobody waits for it.
        """
        self._frames += 1
        now = time.monotonic()
        if now - self._reported < REPORT_SECONDS:
            return
        self._reported = now
        state = self._worker.state.tasks.get(self._key)
        if state is None or state.state not in ("executing", "long-running"):
            raise _UnwantedError(self._key)
        self._worker.log_event(self._topic, {"key": self._key, "frames": self._frames})
