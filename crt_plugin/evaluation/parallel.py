"""Jobs of an evaluation in several processes, one sequence after the other in each.

Each process makes its own trackers from their names. With one thread each, two processes do
more than one with two threads: a tracker's stages do not all use both.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from typing import Any

import cv2
import torch

from crt_plugin.evaluation.datasets import Part
from crt_plugin.evaluation.job import Failure, Job, record_responses
from crt_plugin.evaluation.protocols import open_protocol
from crt_plugin.hosts.got10k import Tracker
from crt_plugin.peers import make

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Pool:
    """Processes that share the jobs of an evaluation.

    Attributes:
        workers: how many; the machine's threads are shared among them.
        part: arguments of ``open_protocol``.
        trackers: names, as ``peers.make`` accepts them.
        seed: of ``peers.make``.
        records_responses: of trackers that have response maps.
    """

    workers: int
    part: tuple[Any, ...]
    trackers: tuple[str, ...]
    seed: int | None
    records_responses: bool = False

    def run(self, jobs: Sequence[Job], on_frames: Callable[[int], None]) -> list[Failure]:
        """Run jobs: one tracker after the other, and of each the longest sequences first.

        Args:
            jobs: of all trackers, in their order: every tracker has as many.
            on_frames: told the number of frames that all have tracked, now and then.
        """
        context = multiprocessing.get_context("spawn")
        counter, stop = context.Value("l", 0), context.Event()
        each = len(jobs) // len(self.trackers)
        with ProcessPoolExecutor(self.workers, context, _start, (self, counter, stop)) as executor:
            futures: dict[int, Future[Failure | None]] = {}
            for index in sorted(range(len(jobs)), key=lambda i: (i // each, -jobs[i].frames)):
                futures[index] = executor.submit(_do, index // each, jobs[index].sequence)
            try:
                _watch(futures.values(), lambda: on_frames(counter.value))
            except BaseException:  # Ctrl-C above all: what is begun is given up
                stop.set()
                executor.shutdown(cancel_futures=True)
                raise
        results = [futures[index].result() for index in range(len(jobs))]
        return [failure for failure in results if failure is not None]


@dataclass
class _Process:
    """State of a process of the pool."""

    pool: Pool
    part: Part
    counter: Synchronized[int]
    trackers: dict[int, Tracker] = field(default_factory=dict)

    def count(self) -> None:
        with self.counter.get_lock():
            self.counter.value += 1


_processes: list[_Process] = []  # in a process of the pool: its own state


def _watch(futures: Iterable[Future[Failure | None]], on_poll: Callable[[], None]) -> None:
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=POLL_SECONDS)
        on_poll()
        for future in done:
            future.result()


def _start(pool: Pool, counter: Synchronized[int], stop: Event) -> None:
    # Ctrl-C reaches every process of a terminal; the first one alone decides, and says stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for reason in (stop.wait, _wait_for_end_of_parent):
        threading.Thread(target=_end_after, args=(reason,), daemon=True).start()
    threads = max(1, (os.cpu_count() or 1) // pool.workers)
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    _processes.append(_Process(pool, open_protocol(*pool.part), counter))


def _end_after(wait_for_it: Callable[[], object]) -> None:
    """End this process at once, in the middle of a sequence too."""
    wait_for_it()
    os._exit(1)


def _wait_for_end_of_parent() -> None:
    """Killed, it cannot say stop."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a process of the pool
    connection.wait([parent.sentinel])


def _do(tracker: int, sequence: str) -> Failure | None:
    process = _processes[0]
    if tracker not in process.trackers:
        # One at a time: networks are large.
        made = make(process.pool.trackers[tracker], process.pool.seed)
        if process.pool.records_responses:
            record_responses([made])
        process.trackers = {tracker: made}
    return Job(process.part, process.trackers[tracker], sequence).run(process.count)
