"""The commands ``crt evaluate`` and ``crt trackers``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from crt_plugin.cli.options import (
    DatasetOption,
    ReportsOption,
    ResultsOption,
    SequencesOption,
    SubsetOption,
    TableOption,
    WorkersOption,
    split,
    split_names,
)
from crt_plugin.cli.scores import check_table, prepare_host, show_scores
from crt_plugin.cli.terminal import fail, make_table, warn


def evaluate(
    data: Annotated[
        Path, typer.Option(help="The dataset's folder; it may hold only some of the sequences.")
    ],
    dataset: DatasetOption = None,
    subset: SubsetOption = None,
    protocol: Annotated[
        str,
        typer.Option(
            help="ope: starts with the first frame's box. sre (OTB): starts with 12 shifted or "
            "scaled boxes. tre (OTB): starts in 20 frames of the sequence."
        ),
    ] = "ope",
    trackers: Annotated[
        str, typer.Option(help="Comma-separated; crt trackers lists them.")
    ] = "crt:default",
    results: ResultsOption = Path("results"),
    reports: ReportsOption = None,
    sequences: SequencesOption = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Seed of crt trackers; by default, the parameter file's."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Run again what these trackers have results for.")
    ] = False,
    workers: WorkersOption = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Share the sequences among the workers of this Dask scheduler, such as tcp://host:8786.",
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Time for a sequence on a worker; one that takes longer is started again.",
        ),
    ] = None,
    table: TableOption = None,
    responses: Annotated[
        bool,
        typer.Option("--record-responses", help="Keep CRT's response maps, for crt report."),
    ] = False,
) -> None:
    """Run trackers on a dataset through got10k, and compare them.

    Exit status 1 if a sequence cannot be used, or a tracker fails on one; the others go on. A
    stopped run resumes.
    """
    prepare_host()
    check_table(table)
    from crt_plugin.benchmark.run.evaluate import evaluate as run_evaluation
    from crt_plugin.peers.opencv import opencv_advice, opencv_wheels

    if len(opencv_wheels()) > 1:
        warn(opencv_advice())
    done = run_evaluation(
        dataset,
        data,
        split(trackers),
        results,
        protocol=protocol,
        subset=subset,
        reports=reports,
        sequences=split_names(sequences),
        seed=seed,
        overwrite=overwrite,
        workers=workers,
        scheduler=scheduler,
        timeout=timeout,
        responses=responses,
    )
    for note in done.notes:
        warn(note)
    if done.kept:
        typer.echo(f"existing results kept: {done.kept}")
    show_scores(done.part, done.report, table)
    for submission in done.submissions:
        typer.echo(f"for the server: {submission.file}")
        if not submission.is_complete:
            warn(
                f"{submission.file} holds {submission.sequences} sequences; the server scores "
                f"results of all {submission.listed}"
            )
    left_out = [f"{name} is left out: {text}" for name, text in done.part.unusable.items()]
    failures = [str(failure) for failure in done.failures]
    fail([*left_out, *failures, *_drop_named(done.report.problems, failures)])


def _drop_named(problems: Iterable[str], failures: Iterable[str]) -> list[str]:
    """Problems of result files, without those whose tracker and sequence a failure names."""
    failed = {tuple(line.split(", ")[:2]) for line in failures}
    return [p for p in problems if tuple(p.partition(": ")[0].split(", ")[:2]) not in failed]


def _describe_missing(missing: str) -> str:
    return f"[yellow]no[/]: {escape(missing)}" if missing else "yes"


def trackers() -> None:
    """List the trackers that can be evaluated, and what is missing for some to run here."""
    from crt_plugin.peers.opencv import opencv_advice
    from crt_plugin.peers.pytracking import missing_pytracking
    from crt_plugin.peers.registry import peers

    table = make_table("tracker", "from", "runs here")
    for peer in peers():
        table.add_row(escape(peer.text), escape(peer.origin), _describe_missing(peer.missing))
    hosted = "a tracker of visionml's pytracking"
    runs = _describe_missing(missing_pytracking())
    table.add_row("pytracking:TRACKER/PARAMETERS", hosted, runs)
    table.add_row("crt:PATH.py", "a parameter file of yours", "")
    table.add_row("module:Class", "a got10k tracker of yours", "")
    table.add_row("results:NAME", "result files, see crt results import", "")
    Console().print(table)
    advice = opencv_advice()
    if advice:
        typer.echo(advice)
