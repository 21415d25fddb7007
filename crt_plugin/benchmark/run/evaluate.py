"""Several trackers over a dataset, through got10k's own ``run`` and ``report``.

One job a sequence, so that a tracker that fails on one goes on with the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crt_plugin.benchmark.datasets.part import Part, open_part
from crt_plugin.benchmark.datasets.recognise import recognise_dataset
from crt_plugin.benchmark.results.layout import check_name
from crt_plugin.benchmark.results.manifest import add_environment, check_manifest, keep_manifest
from crt_plugin.benchmark.results.scores import Report, score_results
from crt_plugin.benchmark.results.submission import Submission, write_submissions
from crt_plugin.benchmark.run.job import Failure, Job, record_responses
from crt_plugin.benchmark.run.protocols import check_protocol, start_targets
from crt_plugin.errors import ParameterError
from crt_plugin.hosts.got10k.toolkit import Tracker
from crt_plugin.peers.published import Published
from crt_plugin.peers.registry import make
from crt_plugin.runtime.atomic import sweep
from crt_plugin.runtime.environment import describe_machine
from crt_plugin.runtime.progress import ProgressBar

RunJobs = Callable[[Sequence[Job], ProgressBar], list[Failure]]


@dataclass(frozen=True)
class Evaluation:
    """What came out of a run.

    Attributes:
        part: the sequences, and which were left out.
        report: the host's scores.
        failures: sequences without a result.
        kept: results that were there before.
        notes: a line for each result file that was set aside, or is kept without the response
            maps that were asked for.
        submissions: files for a server, where only it can score the results.
    """

    part: Part
    report: Report
    failures: list[Failure]
    kept: int
    notes: list[str]
    submissions: list[Submission] = field(default_factory=list)


@dataclass(frozen=True)
class Options:
    """What ``evaluate`` can be told.

    Attributes:
        protocol: "ope" (one start, the benchmark as it is), or OTB's "sre" or "tre".
        reports: folder of the host's reports; without it ``results/reports``.
        subset: of GOT-10k: "val", or "test", which has no scores but a file for the server.
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
    subset: str | None = None
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
        if not self.shares_jobs:
            raise ParameterError(
                f"timeout = {self.timeout:g}, but a single process cannot end a job that hangs; "
                "expected two or more workers, or a scheduler"
            )

    @property
    def shares_jobs(self) -> bool:
        """Whether workers run the jobs, not this process."""
        return self.scheduler is not None or self.workers > 1


def evaluate(
    dataset: str | None,
    data: str | Path,
    trackers: Sequence[str | Tracker],
    results: str | Path = "results",
    **options: Any,
) -> Evaluation:
    """Run trackers on the sequences that a folder holds, and let the host report.

    Args:
        dataset: a key of ``benchmark.datasets.catalog.BENCHMARKS``; None recognises it.
        data: the dataset's folder.
        trackers: got10k trackers, or what ``peers.registry.make`` takes.
        results: folder of results, in the host's layout; what is there is kept.
        **options: by the names of ``Options``.

    Raises:
        ParameterError: see ``Options``; unknown dataset, protocol or tracker, two trackers of one
            name, several workers for trackers without a name, or responses of trackers that have
            none.
        SourceError: the dataset is not recognised, none of the data can be used, or results of
            other settings or weights are there.
        StorageError: results cannot be written: a full disk, a read-only folder.
        MissingExtraError: a tracker or the host lacks a package, or several workers Dask.
        ClusterError: the scheduler does not answer, or a worker cannot do the work.
    """
    chosen = Options(**options)
    if dataset is None:
        dataset = recognise_dataset(data)
    check_protocol(chosen.protocol, dataset)
    made = [make(item, chosen.seed) if isinstance(item, str) else item for item in trackers]
    if chosen.responses and not record_responses(made):
        raise ParameterError(
            f"response maps of {', '.join(tracker.name for tracker in made)} cannot be recorded; "
            "expected with one or more crt trackers"
        )
    texts = [item for item in trackers if isinstance(item, str)]
    if chosen.shares_jobs and len(texts) < len(trackers):
        who = "a scheduler's workers" if chosen.scheduler else f"{chosen.workers} workers"
        raise ParameterError(f"{who} make their own trackers; expected trackers named by text")
    part = open_part(dataset, data, chosen.sequences, results, chosen.reports, chosen.subset)
    return run_trackers(start_targets(part, chosen.protocol), made, chosen, texts)


def run_trackers(
    part: Part, trackers: Sequence[Tracker], options: Options, texts: Sequence[str] = ()
) -> Evaluation:
    """``evaluate`` on an opened part, with trackers that are made.

    Args:
        texts: what names the trackers, in their order; needed for workers only.
    """
    _check_names(trackers)
    run_jobs = _choose_runner(trackers, options, texts)
    jobs = [Job(part, tracker, sequence) for tracker in trackers for sequence in part.names]
    _prepare(part, trackers, jobs, options.overwrite)
    notes = [note for job in jobs if (note := job.set_unfinished_aside())]
    notes += [note for job in jobs if (note := job.note_missing_responses())]
    kept = sum(not job.files.absent for job in jobs)
    total = sum(job.frames for job in jobs)
    with ProgressBar(total, counts_frames=True, is_shown=options.progress and total > 0) as bar:
        failures = run_jobs(jobs, bar)
    names = [tracker.name for tracker in trackers]
    if part.benchmark.is_hidden:
        submissions, problems = write_submissions(part, names)
        return Evaluation(part, Report([], [], problems), failures, kept, notes, submissions)
    scored = score_results(part, names, options.progress)
    return Evaluation(part, scored, failures, kept, notes)


def evaluate_seeds(
    datasets: Sequence[str | Path],
    parameters: Sequence[str | Path],
    results: Path,
    seeds: Sequence[int],
    **options: Any,
) -> list[Evaluation]:
    """``evaluate`` parameter files on folders of OTB, for each seed and folder.

    Args:
        results: folder; the results of seed 0 go to ``results/seed0``.
        **options: by the names of ``Options``.
    """
    trackers = [f"crt:{file}" for file in parameters]
    return [
        evaluate("otb", data, trackers, results / f"seed{seed}", seed=seed, **options)
        for seed in seeds
        for data in datasets
    ]


def _choose_runner(trackers: Sequence[Tracker], options: Options, texts: Sequence[str]) -> RunJobs:
    """What runs jobs: this process, one after the other, or workers."""
    if not options.shares_jobs:
        return _run_here
    from crt_plugin.benchmark.cluster.queue import Queue  # Dask, which one worker does without
    from crt_plugin.benchmark.cluster.tasks import TrackerSpec

    pairs = zip(texts, trackers, strict=True)
    specs = {tracker.name: TrackerSpec.of(text, tracker) for text, tracker in pairs}
    return lambda jobs, bar: Queue(options, specs, jobs, bar.move_to).run()


def _run_here(jobs: Sequence[Job], bar: ProgressBar) -> list[Failure]:
    failures, planned, here = [], 0, describe_machine()
    for job in jobs:
        planned += job.frames
        if job.frames:
            add_environment(job.part, job.tracker, here)
        bar.describe(f"{job.tracker.name} {job.sequence}")
        failure = job.run(bar.advance)
        bar.move_to(planned)  # counts what a failed sequence left out too
        if failure is not None:
            failures.append(failure)
    return failures


def _check_names(trackers: Sequence[Tracker]) -> None:
    if not trackers:
        raise ParameterError("no trackers; expected one or more, see crt trackers")
    names = [tracker.name for tracker in trackers]
    for name in names:
        check_name(name)
        if names.count(name) > 1:
            raise ParameterError(f"two trackers are called {name!r}; expected different names")


def _prepare(part: Part, trackers: Sequence[Tracker], jobs: Sequence[Job], overwrite: bool) -> None:
    """Check manifests and first boxes of results that stay; delete others and unfinished files."""
    overwritten = [job.files for job in jobs if overwrite and not job.is_published]
    deleted = [file for files in overwritten for file in files.existing]
    run_here = [tracker for tracker in trackers if not isinstance(tracker, Published)]
    for tracker in run_here:
        check_manifest(part, tracker, deleted)
    if not overwrite:
        for job in jobs:
            job.check_start()
    for folder in {folder for job in jobs for folder in job.files.folders if folder.is_dir()}:
        sweep(folder)
    for files in overwritten:
        files.delete()
    for tracker in run_here:
        keep_manifest(part, tracker)
