"""Jobs of an evaluation on the workers of a Dask cluster, a sequence at a time on each.

Dask brings workers together, sends to and fro, and starts processes again. Who runs what is
decided here, so that frames that have to be sent wait on the disk and not in the scheduler, and
what a lost worker or scheduler costs is what it had in hand. This process alone writes results.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crt_plugin import __version__
from crt_plugin.benchmark.cluster.clients import (
    CONNECT_SECONDS,
    RETURN_SECONDS,
    Client,
    ClosedClientError,
    Future,
    KilledWorker,
    connected,
    local_cluster,
)
from crt_plugin.benchmark.cluster.tasks import Greeting, Outcome, Recipe, Task
from crt_plugin.benchmark.cluster.worker import greet, run_task
from crt_plugin.benchmark.results.manifest import add_environment
from crt_plugin.benchmark.run.job import Failure, Job
from crt_plugin.errors import ClusterError

POLL_SECONDS = 0.5
GREETING_SECONDS = 300.0  # importing torch from a network disk takes long
FETCH_SECONDS = 120.0
RESTART_SECONDS = 10.0  # a nanny grants 4 s for ending in peace
WAITING_SECONDS = 20.0  # without a worker, until it is said
ATTEMPTS = 3  # workers that a sequence may cost

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Queue:
    """Where jobs are run.

    Attributes:
        workers: processes on this machine, where there is no scheduler.
        scheduler: address of one; its workers are used, and those that come later.
        timeout: seconds that a sequence may take on a worker; None: any.
        recipes: of the trackers, by name.
    """

    workers: int
    scheduler: str | None
    timeout: float | None
    recipes: Mapping[str, Recipe]

    def run(self, jobs: Sequence[Job], on_frames: Callable[[int], None]) -> list[Failure]:
        """Run jobs: one tracker after the other, and of each the longest sequences first.

        Args:
            jobs: of all trackers, in their order.
            on_frames: told the number of frames that all have tracked, now and then.

        Returns:
            Failures in the order of the jobs; one is of a sequence that cost ``ATTEMPTS`` workers.

        Raises:
            ClusterError: the scheduler is not there, or does not come back; a worker of another
                version, or that cannot make a tracker.
            StorageError: results cannot be written.
        """
        run = _Run(self, jobs, on_frames)
        seconds = CONNECT_SECONDS
        while run.pending:
            with self._client(min(self.workers, len(run.pending)), seconds) as client:
                try:
                    run.over(client)
                except _SchedulerLostError:
                    logger.warning(
                        "the scheduler at %s is lost; waiting, up to %.0f s",
                        self.scheduler,
                        RETURN_SECONDS,
                    )
            seconds = RETURN_SECONDS
        return [failure for _, failure in sorted(run.failures.items())]

    def _client(self, workers: int, seconds: float) -> contextlib.AbstractContextManager[Client]:
        if self.scheduler is None:
            return local_cluster(workers)
        return connected(self.scheduler, seconds)


class _SchedulerLostError(Exception):
    """The scheduler has ended, or the way to it is cut."""


@dataclass(frozen=True)
class _Flight:
    """What a worker is doing.

    Attributes:
        worker: its address.
        future: of what it is to give back.
        key: of that, as Dask and the worker know it.
        job: its index; None where the worker is asked who it is.
        deadline: when it has to be done, monotonic seconds.
    """

    worker: str
    future: Future[Any]
    key: str
    job: int | None
    deadline: float


@dataclass
class _Run:
    """State of a run, which outlives a scheduler.

    Attributes:
        pending: indices of jobs that nobody has in hand, the next one first.
        failures: by index.
    """

    queue: Queue
    jobs: Sequence[Job]
    on_frames: Callable[[int], None]
    pending: list[int] = field(init=False)
    failures: dict[int, Failure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._planned = [job.frames for job in self.jobs]
        order = list(self.queue.recipes)
        self.pending = sorted(
            (index for index, frames in enumerate(self._planned) if frames),
            key=lambda i: (order.index(self.jobs[i].tracker.name), -self._planned[i]),
        )
        self._topic = f"crt-frames-{uuid.uuid4().hex}"
        self._wake = threading.Event()
        self._done = 0  # frames of jobs that are over
        self._told: dict[str, int] = {}  # frames, by the key of a task
        self._losses: dict[int, list[str]] = {}
        self._begin()
        for index, frames in enumerate(self._planned):
            if not frames:  # published, or there: only to be looked at
                self._over(index, self.jobs[index].run(lambda: None))

    def _begin(self) -> None:
        """Forget a scheduler and its workers."""
        self._flights: dict[str, _Flight] = {}
        self._greetings: dict[str, Greeting] = {}
        self._blind: set[str] = set()  # workers that do not see the frames
        self._shunned: set[str] = set()  # workers that hang, and that nobody can restart
        self._seen = time.monotonic()  # when there was a worker

    def over(self, client: Client) -> None:
        """Give jobs to a scheduler's workers until none is left.

        Raises:
            _SchedulerLostError: what was in hand is pending again.
        """
        self._begin()
        client.subscribe_topic(self._topic, self._hear)
        try:
            while self.pending or any(f.job is not None for f in self._flights.values()):
                workers = self._workers(client)
                for flight in list(self._flights.values()):
                    self._look_at(client, flight, workers)
                # asked again: some may have been restarted
                for worker in self._workers(client) - set(self._flights) - self._shunned:
                    self._employ(client, worker)
                tracked = (self._told.get(each.key, 0) for each in self._flights.values())
                self.on_frames(self._done + sum(tracked))
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()
        finally:
            for flight in list(self._flights.values()):
                self._land(flight, again=True)

    def _workers(self, client: Client) -> set[str]:
        """Addresses of the scheduler's workers."""
        if client.status != "running":
            raise _SchedulerLostError
        with _or_lost():
            workers = set(client.nthreads())
        now = time.monotonic()
        if not workers and now - self._seen > WAITING_SECONDS:
            logger.warning("no worker is there; waiting for one")
            self._seen = float("inf")
        elif workers:
            self._seen = now
        return workers

    def _employ(self, client: Client, worker: str) -> None:
        """Ask a worker who it is, or give it the next job."""
        if worker not in self._greetings:
            self._send(client, worker, None, GREETING_SECONDS, greet)
        elif self.pending:
            index = self.pending[0]
            job = self.jobs[index]
            add_environment(job.part, job.tracker, self._greetings[worker].environment)
            try:
                task = Task.of(job, self.queue.recipes[job.tracker.name])
                task = task.with_frames() if worker in self._blind else task
            except OSError as error:  # frames that were there at first
                self.pending.remove(index)
                self._over(index, job.fail(0, f"{type(error).__name__}: {error}"))
                return
            seconds = self.queue.timeout or float("inf")
            self._send(client, worker, index, seconds, run_task, task, self._topic)
            self.pending.remove(index)  # not before: the scheduler may be lost

    def _send(
        self,
        client: Client,
        worker: str,
        job: int | None,
        seconds: float,
        function: Callable[..., Any],
        *args: Any,
    ) -> None:
        key = f"crt-{uuid.uuid4().hex}"
        with _or_lost():
            future = client.submit(function, *args, workers=[worker], key=key, pure=False)
        self._flights[worker] = _Flight(worker, future, key, job, time.monotonic() + seconds)
        future.add_done_callback(lambda _: self._wake.set())

    def _look_at(self, client: Client, flight: _Flight, workers: set[str]) -> None:
        status = flight.future.status
        if status in ("cancelled", "lost"):
            raise _SchedulerLostError
        if status == "error":
            self._failed(flight)
        elif status == "finished":
            self._fetch(flight)
        elif flight.worker not in workers:
            self._lose(flight, "ended")
        elif time.monotonic() > flight.deadline:
            self._restart(client, flight)

    def _fetch(self, flight: _Flight) -> None:
        try:
            answer = flight.future.result(timeout=FETCH_SECONDS)
        except (OSError, asyncio.TimeoutError):  # it ended after it had finished
            self._lose(flight, "ended before its result was fetched")
            return
        except (asyncio.CancelledError, concurrent.futures.CancelledError) as error:
            raise _SchedulerLostError from error
        if isinstance(answer, Greeting):
            self._land(flight)
            self._greetings[flight.worker] = _checked(flight.worker, answer)
        else:
            self._finish(flight, answer)

    def _finish(self, flight: _Flight, outcome: Outcome) -> None:
        assert flight.job is not None  # greetings are not jobs
        if outcome.unseen:
            self._blind.add(flight.worker)
            logger.warning(
                "%s does not see %s: frames are sent to it",
                self._named(flight.worker),
                outcome.unseen,
            )
            self._land(flight, again=True)
            return
        job = self.jobs[flight.job]
        if outcome.ending is None:
            raise ClusterError(
                f"{self._named(flight.worker)} cannot make {job.tracker.name}: {outcome.refusal}"
            )
        self._over(flight.job, job.finish(outcome.tracks, outcome.ending))
        self._land(flight)

    def _failed(self, flight: _Flight) -> None:
        """A task that Dask could not bring to an end."""
        error = flight.future.exception()
        if isinstance(error, KilledWorker):
            self._lose(flight, "ended")
            return
        raise ClusterError(
            f"{self._named(flight.worker)} cannot do the work "
            f"({type(error).__name__}: {error}); expected workers and a scheduler with "
            f"crt-plugin {__version__} and its requirements"
        ) from error

    def _restart(self, client: Client, flight: _Flight) -> None:
        """End the process of a worker; its nanny starts another."""
        seconds = GREETING_SECONDS if flight.job is None else self.queue.timeout
        done = "was restarted"
        try:
            with _or_lost():
                client.restart_workers([flight.worker], RESTART_SECONDS, raise_for_error=False)
        except ValueError:  # it has no nanny
            self._shunned.add(flight.worker)
            done = "has no nanny to restart it: it is given nothing more"
        self._lose(flight, f"did not end within {seconds:g} s and {done}")

    def _lose(self, flight: _Flight, what: str) -> None:
        """Give what a worker had in hand to another, unless it costs one worker after the other."""
        frames = self._told.get(flight.key, 0)
        said = f"{self._named(flight.worker)} {what}"
        self._greetings.pop(flight.worker, None)
        if flight.job is None:
            logger.warning(said)
            self._land(flight)
            return
        job = self.jobs[flight.job]
        losses = self._losses.setdefault(flight.job, [])
        losses.append(said)
        given_up = len(losses) >= ATTEMPTS
        logger.warning(
            "%s, %s, frame %d: %s; %s",
            job.tracker.name,
            job.sequence,
            frames,
            said,
            "given up" if given_up else "another worker begins it again",
        )
        self._land(flight, again=not given_up)
        if given_up:
            self._over(flight.job, job.fail(frames, f"it cost {ATTEMPTS} workers: {said}"))

    def _land(self, flight: _Flight, again: bool = False) -> None:
        """A worker has nothing in hand any more."""
        self._flights.pop(flight.worker, None)
        self._told.pop(flight.key, None)
        with contextlib.suppress(_SchedulerLostError), _or_lost():
            flight.future.cancel()
        if again and flight.job is not None:
            self.pending.insert(0, flight.job)

    def _over(self, index: int, failure: Failure | None) -> None:
        """A job is over."""
        self._done += self._planned[index]
        if failure is not None:
            self.failures[index] = failure

    def _hear(self, event: tuple[float, Any]) -> None:
        """Called by Dask, in its thread."""
        _, message = event
        self._told[message["key"]] = message["frames"]

    def _named(self, worker: str) -> str:
        greeting = self._greetings.get(worker)
        return f"worker {worker}" + (f" on {greeting.host}" if greeting else "")


def _checked(worker: str, greeting: Greeting) -> Greeting:
    """What a worker says of itself, if it may take part."""
    if greeting.version != __version__:
        raise ClusterError(
            f"worker {worker} on {greeting.host} has crt-plugin {greeting.version}; "
            f"expected {__version__}, as here"
        )
    return greeting


@contextlib.contextmanager
def _or_lost() -> Iterator[None]:
    """An error of the network inside means that the scheduler is lost."""
    try:
        yield
    except (OSError, asyncio.TimeoutError, ClosedClientError) as error:
        raise _SchedulerLostError from error
