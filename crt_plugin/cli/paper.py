"""The command that reproduces: ``crt paper``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from crt_plugin.cli.options import split


def paper(
    data: Annotated[
        Path | None,
        typer.Option(help="OTB's folder; a part of it will do. Without it, nothing runs."),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(help="With commas between: table1 to table4, figure2 to figure5."),
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of results; what is there is kept.")] = Path(
        "results"
    ),
    output: Annotated[Path, typer.Option(help="Folder of tables, pictures and summary.md.")] = Path(
        "paper"
    ),
    rivals: Annotated[
        Path | None,
        typer.Option(help="Other trackers' published results: archive, or folder of results."),
    ] = None,
    groundtruth: Annotated[
        Path | None,
        typer.Option(help="OTB's annotations, archive or folder, to score rivals on all targets."),
    ] = None,
    sequences: Annotated[
        str | None, typer.Option(help="Names with commas between; without it all that are there.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that the sequences are shared among.")
    ] = 1,
) -> None:
    """Make the paper's tables and figures from OTB, ours beside the paper's.

    No tracker runs twice on a sequence, and a stopped run resumes.
    """
    from crt_plugin.paper.script import show
    from crt_plugin.paper.scripts import find_scripts, load
    from crt_plugin.paper.study import Outcome, Study
    from crt_plugin.paper.summary import write_summary

    scripts = find_scripts(None if only is None else split(only))
    wanted = None if sequences is None else split(sequences)
    study = Study(results, output, data, rivals, groundtruth, wanted, workers)
    console = Console()
    outcomes: dict[str, Outcome] = {}
    for name, file in scripts.items():
        console.rule(name)
        outcomes[name] = load(file)(study)
        show(outcomes[name], console)
    typer.echo(f"summary  {write_summary(outcomes, output)}")
