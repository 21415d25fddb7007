"""Jobs of an evaluation on a Dask cluster, one sequence at a time on each worker.

``Client.submit`` brings a job to a worker and its result back. Its ``retries`` and ``as_completed``
do not carry what docs/cluster.md promises beside that. What each promise needs:

- A killed worker: Dask's scheduler runs its task again, as often as ``allowed-failures`` of its own
  configuration says. A client can neither set that nor hear which worker it was. So a lost worker
  is found among the scheduler's workers, and its job is submitted again.
- Three attempts: ``retries`` counts what a task raises, not the workers that it cost.
- A timeout for a sequence: no future has one, and that of ``as_completed`` is for all. Each job has
  a deadline here, from when a worker that has imported everything is given it.
- A worker that hangs: ``restart_workers``; without a nanny, it is left out by its address.
- A lost scheduler: all futures are lost with it. The list of pending jobs is here.
- A killed client: Dask forgets the task and cannot end its thread (``worker.py`` does).
- Frames sent to those workers only that do not see them, and read at the last moment: the scheduler
  holds waiting tasks with their frames. So each worker is given one job, by its address.
- Versions: each worker is asked before its first job, also those that come later.
- Weights, order of failures, progress: in the task, by sorting, and by Dask's events.

This process alone writes results.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from distributed import Client, Future, KilledWorker
from distributed.client import ClosedClientError

from crt_plugin import __version__
from crt_plugin.benchmark.cluster.clients import (
    CONNECT_SECONDS,
    RETURN_SECONDS,
    connect,
    local_cluster,
)
from crt_plugin.benchmark.cluster.tasks import Task, TaskResult, TrackerSpec, WorkerInfo
from crt_plugin.benchmark.cluster.worker import get_worker_info, run_task
from crt_plugin.benchmark.results.manifest import add_environment
from crt_plugin.benchmark.run.job import Failure, Job
from crt_plugin.errors import ClusterError

if TYPE_CHECKING:
    from crt_plugin.benchmark.run.evaluate import Options

POLL_SECONDS = 0.5
INFO_SECONDS = 300.0  # importing torch from a network disk takes long
FETCH_SECONDS = 120.0
RESTART_SECONDS = 10.0  # a nanny grants 4 s for ending in peace
WAITING_SECONDS = 20.0  # without a worker, until a warning
ATTEMPTS = 3  # workers that a sequence may cost

logger = logging.getLogger(__name__)


class _SchedulerLostError(Exception):
    """The scheduler has ended, or the connection to it is lost."""


@dataclass(frozen=True)
class _Assignment:
    """What a worker is doing.

    Attributes:
        worker: its address.
        future: of its answer.
        job: its index; None where the worker is asked what it is.
        seconds: that it may take.
        deadline: when it has to be done, monotonic seconds.
    """

    worker: str
    future: Future[Any]
    job: int | None
    seconds: float
    deadline: float


@dataclass
class Queue:
    """Jobs on workers: one tracker after the other, and of each the longest sequences first.

    What is kept here outlives a scheduler.

    Attributes:
        options: workers, scheduler and timeout.
        specs: of the trackers, by name, in their order.
        jobs: of all trackers.
        on_frames: called with the number of frames that all workers have tracked, now and then.
        pending: indices of jobs that no worker has, the next one first.
        failures: by index.
    """

    options: Options
    specs: Mapping[str, TrackerSpec]
    jobs: Sequence[Job]
    on_frames: Callable[[int], None]
    pending: list[int] = field(init=False)
    failures: dict[int, Failure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._planned = [job.frames for job in self.jobs]
        order = list(self.specs)
        self.pending = sorted(
            (index for index, frames in enumerate(self._planned) if frames),
            key=lambda i: (order.index(self.jobs[i].tracker.name), -self._planned[i]),
        )
        self._topic = f"crt-frames-{uuid.uuid4().hex}"
        self._wake = threading.Event()
        self._done = 0  # frames of jobs that are over
        self._progress: dict[Any, int] = {}  # frames, by the key of a task
        self._losses: Counter[int] = Counter()  # workers that a job has cost
        self._reset()
        for index, frames in enumerate(self._planned):
            if not frames:  # published, or there: only to be looked at
                self._finish(index, self.jobs[index].run(lambda: None))

    def run(self) -> list[Failure]:
        """Run the jobs.

        Returns:
            Failures in the order of the jobs; one is of a sequence that cost ``ATTEMPTS`` workers.

        Raises:
            ClusterError: the scheduler is not there, or does not come back; a worker of another
                version, or that cannot make a tracker.
            StorageError: results cannot be written.
        """
        address, seconds = self.options.scheduler, CONNECT_SECONDS
        while self.pending:
            workers = min(self.options.workers, len(self.pending))
            with connect(address, seconds) if address else local_cluster(workers) as client:
                try:
                    self._run_on(client)
                except _SchedulerLostError:
                    logger.warning(
                        "the scheduler at %s is lost; waiting, up to %.0f s",
                        address,
                        RETURN_SECONDS,
                    )
            seconds = RETURN_SECONDS
        return [failure for _, failure in sorted(self.failures.items())]

    def _reset(self) -> None:
        """Forget a scheduler and its workers."""
        self._assignments: dict[str, _Assignment] = {}
        self._infos: dict[str, WorkerInfo] = {}
        self._need_frames: set[str] = set()  # workers that do not see the frames
        self._excluded: set[str] = set()  # workers that hang, and that nobody can restart
        self._last_worker = time.monotonic()  # when there was a worker

    def _run_on(self, client: Client) -> None:
        """Give jobs to a scheduler's workers until none is left.

        Raises:
            _SchedulerLostError: jobs that workers had are pending again.
        """
        self._reset()
        self._client = client
        client.subscribe_topic(self._topic, self._note_progress)
        try:
            while self.pending or any(a.job is not None for a in self._assignments.values()):
                workers = self._list_workers()
                for assignment in list(self._assignments.values()):
                    self._check(assignment, workers)
                # asked again: some may have been restarted
                for worker in self._list_workers() - set(self._assignments) - self._excluded:
                    self._assign(worker)
                running = (each.future.key for each in self._assignments.values())
                self.on_frames(self._done + sum(self._progress.get(key, 0) for key in running))
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()
        finally:
            for assignment in list(self._assignments.values()):
                self._release(assignment, again=True)

    def _list_workers(self) -> set[str]:
        """Addresses of the scheduler's workers."""
        if self._client.status != "running":
            raise _SchedulerLostError
        with _catch_loss():
            workers = set(self._client.nthreads())
        now = time.monotonic()
        if not workers and now - self._last_worker > WAITING_SECONDS:
            logger.warning("no worker is there; waiting for one")
            self._last_worker = float("inf")
        elif workers:
            self._last_worker = now
        return workers

    def _assign(self, worker: str) -> None:
        """Ask a worker what it is, or give it the next job."""
        if worker not in self._infos:
            self._send(worker, None, get_worker_info)
        elif self.pending:
            index = self.pending[0]
            job = self.jobs[index]
            add_environment(job.part, job.tracker, self._infos[worker].environment)
            try:
                task = Task.of(job, self.specs[job.tracker.name])
                task = task.with_frames() if worker in self._need_frames else task
            except OSError as error:  # frames that were there at first
                self.pending.remove(index)
                self._finish(index, job.make_failure(0, f"{type(error).__name__}: {error}"))
                return
            self._send(worker, index, run_task, task, self._topic)
            self.pending.remove(index)  # not before: the scheduler may be lost

    def _send(self, worker: str, job: int | None, function: Callable[..., Any], *args: Any) -> None:
        seconds = INFO_SECONDS if job is None else self.options.timeout or float("inf")
        with _catch_loss():
            future = self._client.submit(function, *args, workers=[worker], pure=False)
        deadline = time.monotonic() + seconds
        self._assignments[worker] = _Assignment(worker, future, job, seconds, deadline)
        future.add_done_callback(lambda _: self._wake.set())

    def _check(self, assignment: _Assignment, workers: set[str]) -> None:
        status = assignment.future.status
        if status in ("cancelled", "lost"):
            raise _SchedulerLostError
        if status == "error":
            self._raise_error(assignment)
        elif status == "finished":
            self._collect(assignment)
        elif assignment.worker not in workers:
            self._lose(assignment, "ended")
        elif time.monotonic() > assignment.deadline:
            self._restart(assignment)

    def _collect(self, assignment: _Assignment) -> None:
        try:
            answer = assignment.future.result(timeout=FETCH_SECONDS)
        except (OSError, asyncio.TimeoutError):  # it ended after it had finished
            self._lose(assignment, "ended before its result was fetched")
            return
        except (asyncio.CancelledError, concurrent.futures.CancelledError) as error:
            raise _SchedulerLostError from error
        if isinstance(answer, WorkerInfo):
            if answer.version != __version__:
                raise ClusterError(
                    f"worker {assignment.worker} on {answer.machine} has crt-plugin "
                    f"{answer.version}; expected {__version__}, as here"
                )
            self._release(assignment)
            self._infos[assignment.worker] = answer
        else:
            self._take_result(assignment, answer)

    def _take_result(self, assignment: _Assignment, result: TaskResult) -> None:
        assert assignment.job is not None  # an info is no job
        if result.unseen:
            self._need_frames.add(assignment.worker)
            logger.warning(
                "%s does not see %s: frames are sent to it",
                self._describe(assignment.worker),
                result.unseen,
            )
            self._release(assignment, again=True)
            return
        job = self.jobs[assignment.job]
        if result.ending is None:
            raise ClusterError(
                f"{self._describe(assignment.worker)} cannot make {job.tracker.name}: "
                f"{result.refusal}"
            )
        self._finish(assignment.job, job.finish(result.tracks, result.ending))
        self._release(assignment)

    def _raise_error(self, assignment: _Assignment) -> None:
        """For a task that Dask could not finish; only a lost worker is no error."""
        error = assignment.future.exception()
        if isinstance(error, KilledWorker):
            self._lose(assignment, "ended")
            return
        raise ClusterError(
            f"{self._describe(assignment.worker)} cannot do the work "
            f"({type(error).__name__}: {error}); expected workers and a scheduler with "
            f"crt-plugin {__version__} and its requirements"
        ) from error

    def _restart(self, assignment: _Assignment) -> None:
        """End the process of a worker; its nanny starts another."""
        done = "was restarted"
        try:
            with _catch_loss():
                self._client.restart_workers(
                    [assignment.worker], RESTART_SECONDS, raise_for_error=False
                )
        except ValueError:  # it has no nanny
            self._excluded.add(assignment.worker)
            done = "has no nanny to restart it: it is given nothing more"
        self._lose(assignment, f"did not end within {assignment.seconds:g} s and {done}")

    def _lose(self, assignment: _Assignment, what: str) -> None:
        """Let another worker do it, unless the job has cost ``ATTEMPTS`` of them."""
        frames = self._progress.get(assignment.future.key, 0)
        message = f"{self._describe(assignment.worker)} {what}"
        self._infos.pop(assignment.worker, None)
        if assignment.job is None:
            logger.warning(message)
            self._release(assignment)
            return
        job = self.jobs[assignment.job]
        self._losses[assignment.job] += 1
        given_up = self._losses[assignment.job] >= ATTEMPTS
        logger.warning(
            "%s, %s, frame %d: %s; %s",
            job.tracker.name,
            job.sequence,
            frames,
            message,
            "given up" if given_up else "another worker begins it again",
        )
        self._release(assignment, again=not given_up)
        if given_up:
            failure = job.make_failure(frames, f"it cost {ATTEMPTS} workers: {message}")
            self._finish(assignment.job, failure)

    def _release(self, assignment: _Assignment, again: bool = False) -> None:
        """A worker does nothing any more; ``again``: its job is pending."""
        self._assignments.pop(assignment.worker, None)
        self._progress.pop(assignment.future.key, None)
        with contextlib.suppress(_SchedulerLostError), _catch_loss():
            assignment.future.cancel()
        if again and assignment.job is not None:
            self.pending.insert(0, assignment.job)

    def _finish(self, index: int, failure: Failure | None) -> None:
        """A job is over."""
        self._done += self._planned[index]
        if failure is not None:
            self.failures[index] = failure

    def _note_progress(self, event: tuple[float, Any]) -> None:
        """Called by Dask, in its thread."""
        _, message = event
        self._progress[message["key"]] = message["frames"]

    def _describe(self, worker: str) -> str:
        info = self._infos.get(worker)
        return f"worker {worker}" + (f" on {info.machine}" if info else "")


@contextlib.contextmanager
def _catch_loss() -> Iterator[None]:
    """An error of the network inside means that the scheduler is lost."""
    try:
        yield
    except (OSError, asyncio.TimeoutError, ClosedClientError) as error:
        raise _SchedulerLostError from error
