"""The command ``crt evaluate``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from crt_plugin.cli.messages import fail, warn
from crt_plugin.cli.options import ReportsOption, split
from crt_plugin.cli.scores import prepare_host, show_scores


def evaluate(
    data: Annotated[Path, typer.Option(help="The dataset's folder; a part of it will do.")],
    dataset: Annotated[
        str,
        typer.Option(
            help="otb (2015), otb2013, tb50, tb100, got10k, uav123, uav20l, nfs, nfs30, dtb70 "
            "or tcolor128."
        ),
    ] = "otb",
    protocol: Annotated[
        str,
        typer.Option(
            help="ope: from the first frame's box. OTB's sre: from 12 boxes beside it. OTB's tre: "
            "from 20 later frames."
        ),
    ] = "ope",
    trackers: Annotated[
        str, typer.Option(help="With commas between, see crt trackers.")
    ] = "crt:default",
    results: Annotated[Path, typer.Option(help="Folder of results; what is there is kept.")] = Path(
        "results"
    ),
    reports: ReportsOption = None,
    sequences: Annotated[
        str | None, typer.Option(help="Names with commas between; without it all that are there.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of crt trackers; without it the file's own.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Run again what these trackers have results of.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes here that the sequences are shared among.")
    ] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Share them among the workers of this Dask scheduler, such as tcp://host:8786.",
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="For a sequence on a worker; one that takes longer is restarted.",
        ),
    ] = None,
    responses: Annotated[
        bool,
        typer.Option("--record-responses", help="Keep CRT's response maps, for crt report."),
    ] = False,
) -> None:
    """Run trackers on a dataset through got10k, and compare them.

    Exit status 1 where a tracker failed on a sequence; the others go on. A stopped run resumes.
    """
    prepare_host()
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
        reports=reports,
        sequences=None if sequences is None else split(sequences),
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
        typer.echo(f"{done.kept} results were there and are kept")
    failures = [str(failure) for failure in done.failures]
    show_scores(done.part, done.report)
    fail([*failures, *_leave_out(done.report.problems, failures)])


def _leave_out(problems: Iterable[str], said: Iterable[str]) -> list[str]:
    """Problems of result files that no failure names already."""
    named = {tuple(line.split(", ")[:2]) for line in said}
    return [p for p in problems if tuple(p.partition(": ")[0].split(", ")[:2]) not in named]
