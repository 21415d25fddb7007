"""Several trackers over a dataset, through got10k's own ``run`` and ``report``.

The experiment is run sequence by sequence, so that a tracker that fails on one goes on with the
next. Results that are there are kept: a stopped run resumes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crt_plugin.benchmark.cluster.tasks import TrackerSpec
from crt_plugin.benchmark.datasets.part import Part
from crt_plugin.benchmark.results.layout import check_name
from crt_plugin.benchmark.results.manifest import check_manifest, keep_manifest
from crt_plugin.benchmark.results.scores import Report, score_results
from crt_plugin.benchmark.run.job import Failure, Job, record_responses
from crt_plugin.benchmark.run.protocols import open_protocol
from crt_plugin.errors import ParameterError
from crt_plugin.hosts.got10k.toolkit import Tracker
from crt_plugin.peers.published import Published
from crt_plugin.peers.registry import make
from crt_plugin.runtime.atomic import sweep
from crt_plugin.runtime.progress import ProgressBar

if TYPE_CHECKING:
    from crt_plugin.benchmark.cluster.queue import Queue


@dataclass(frozen=True)
class Evaluation:
    """What came out of a run.

    Attributes:
        part: the sequences.
        report: the host's scores.
        failures: sequences without a result.
        kept: results that were there before.
        notes: a line for each result file that was set aside, or is kept without the response
            maps that were asked for.
    """

    part: Part
    report: Report
    failures: list[Failure]
    kept: int
    notes: list[str]


@dataclass(frozen=True)
class Options:
    """What ``evaluate`` can be told.

    Attributes:
        protocol: one of ``protocols.PROTOCOLS``.
        reports: folder of the host's reports; without it ``results/reports``.
        sequences: names to run, in the host's spelling; None runs all that are there.
        seed: for the trackers named by text that have one; None: each one's own.
        overwrite: delete these trackers' results on these sequences first.
        workers: processes on this machine that the sequences are shared among. With more than one,
            trackers are given by name, and a script that calls this needs
            ``if __name__ == "__main__"``.
        scheduler: address of a Dask scheduler, whose workers share the sequences instead.
        timeout: seconds that a worker may take for a sequence; None: any.
        responses: keep the response map of every frame of this package's trackers, beside the
            results, as ``<tracker>/responses/<Sequence>.npz``.
        progress: show a bar over frames on the standard error output.

    Raises:
        ParameterError: workers beside a scheduler, or a timeout without either.
    """

    protocol: str = "ope"
    reports: str | Path | None = None
    sequences: Sequence[str] | None = None
    seed: int | None = None
    overwrite: bool = False
    workers: int = 1
    scheduler: str | None = None
    timeout: float | None = None
    responses: bool = False
    progress: bool = True

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ParameterError(f"workers = {self.workers}; expected an integer >= 1")
        if self.scheduler is not None and self.workers != 1:
            raise ParameterError(
                f"workers = {self.workers} beside scheduler = {self.scheduler!r}; "
                "expected one of the two"
            )
        if self.timeout is None:
            return
        if not self.timeout > 0:
            raise ParameterError(f"timeout = {self.timeout:g}; expected seconds > 0")
        if self.scheduler is None and self.workers == 1:
            raise ParameterError(
                f"timeout = {self.timeout:g}, and there is nobody to end what hangs; "
                "expected with two or more workers, or a scheduler"
            )


def evaluate(
    dataset: str,
    data: str | Path,
    trackers: Sequence[str | Tracker],
    results: str | Path = "results",
    **options: Any,
) -> Evaluation:
    """Run trackers on the sequences that a folder holds, and let the host report.

    Args:
        dataset: a key of ``benchmark.datasets.catalog.BENCHMARKS``.
        data: the dataset's folder.
        trackers: got10k trackers, or what ``peers.registry.make`` takes.
        results: folder of results, in the host's layout; what is there is kept.
        **options: by the names of ``Options``.

    Raises:
        ParameterError: see ``Options``; unknown dataset, protocol or tracker, two trackers of one
            name, several workers for trackers without a name, or responses of trackers that have
            none.
        SourceError: the data cannot be used; results of other settings or weights are there.
        StorageError: results cannot be written: a full disk, a read-only folder.
        MissingExtraError: a tracker or the host lacks a package, or several workers Dask.
        ClusterError: the scheduler does not answer, or a worker cannot do the work.
    """
    chosen = Options(**options)
    made = [make(item, chosen.seed) if isinstance(item, str) else item for item in trackers]
    if chosen.responses and not record_responses(made):
        raise ParameterError(
            f"response maps of {', '.join(tracker.name for tracker in made)} cannot be recorded; "
            "expected with one or more crt trackers"
        )
    queue = _open_queue(chosen, trackers, made)
    part = open_protocol(chosen.protocol, dataset, data, chosen.sequences, results, chosen.reports)
    return run_trackers(
        part, made, overwrite=chosen.overwrite, progress=chosen.progress, queue=queue
    )


def run_trackers(
    part: Part,
    trackers: Sequence[Tracker],
    *,
    overwrite: bool = False,
    progress: bool = True,
    queue: Queue | None = None,
) -> Evaluation:
    """``evaluate`` on an opened part, with trackers that are made."""
    _check_names(trackers)
    jobs = [Job(part, tracker, sequence) for tracker in trackers for sequence in part.names]
    _prepare(part, trackers, jobs, overwrite)
    notes = [note for job in jobs if (note := job.set_unfinished_aside())]
    notes += [note for job in jobs if (note := job.note_missing_responses())]
    kept = sum(not job.files.missing for job in jobs)
    total = sum(job.frames for job in jobs)
    with ProgressBar(total, counts_frames=True, is_shown=progress and total > 0) as bar:
        failures = _run_here(jobs, bar) if queue is None else queue.run(jobs, bar.move_to)
    scored = score_results(part, [tracker.name for tracker in trackers], progress)
    return Evaluation(part, scored, failures, kept, notes)


def _run_here(jobs: Sequence[Job], bar: ProgressBar) -> list[Failure]:
    failures, planned = [], 0
    for job in jobs:
        planned += job.frames
        bar.describe(f"{job.tracker.name} {job.sequence}")
        failure = job.run(bar.advance)
        bar.move_to(planned)  # counts what a failed sequence left out too
        if failure is not None:
            failures.append(failure)
    return failures


def _open_queue(
    options: Options, trackers: Sequence[str | Tracker], made: Sequence[Tracker]
) -> Queue | None:
    """Where the jobs are run; None: here, one after the other."""
    workers, scheduler = options.workers, options.scheduler
    if scheduler is None and workers == 1:
        return None
    names = [item for item in trackers if isinstance(item, str)]
    if len(names) < len(trackers):
        who = f"{workers} workers" if scheduler is None else "a scheduler's workers"
        raise ParameterError(f"{who} make their own trackers; expected trackers named by text")
    from crt_plugin.benchmark.cluster.queue import Queue  # Dask, which one worker does without

    specs = {each.name: TrackerSpec.of(name, each) for name, each in zip(names, made, strict=True)}
    return Queue(workers, scheduler, options.timeout, specs)


def _check_names(trackers: Sequence[Tracker]) -> None:
    if not trackers:
        raise ParameterError("no trackers; expected one or more, see crt trackers")
    names = [tracker.name for tracker in trackers]
    for name in names:
        check_name(name)
        if names.count(name) > 1:
            raise ParameterError(f"two trackers are called {name!r}; expected different names")


def _prepare(part: Part, trackers: Sequence[Tracker], jobs: Sequence[Job], overwrite: bool) -> None:
    """Check what results that stay rest on, delete those that do not, and what was left half."""
    overwritten = [job.files for job in jobs if overwrite and not job.is_published]
    leaving = [file for files in overwritten for file in files.existing]
    run_here = [tracker for tracker in trackers if not isinstance(tracker, Published)]
    for tracker in run_here:
        check_manifest(part, tracker, leaving)
    for folder in {folder for job in jobs for folder in job.files.folders if folder.is_dir()}:
        sweep(folder)
    for files in overwritten:
        files.delete()
    for tracker in run_here:
        keep_manifest(part, tracker)
