"""The commands ``crt results import`` and ``crt results score``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crt_plugin.cli.messages import fail, warn
from crt_plugin.cli.options import ReportsOption, split
from crt_plugin.cli.scores import prepare_host, show_scores

app = typer.Typer(no_args_is_help=True, help="Published result files: bring them in, score them.")


@app.command("import")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="FILE_OR_DIR", help="A folder, zip archive, .txt or .mat.")
    ],
    to: Annotated[Path, typer.Option(help="The folder of results; OTB2015/<tracker> is made.")],
    groundtruth: Annotated[
        Path | None,
        typer.Option(help="OTB's annotations, a folder or zip archive, to check lengths against."),
    ] = None,
    tracker: Annotated[
        str | None, typer.Option(help="Its name, where neither folder nor file says it.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that are there.")
    ] = False,
) -> None:
    """Bring published OTB results into got10k's layout; says what it could not use."""
    from crt_plugin.benchmark.results.importing.published import BENCHMARK, import_results

    done = import_results(source, to, groundtruth, tracker, overwrite, progress=True)
    table = Table("tracker", "targets", box=None, padding=(0, 2, 0, 0))
    for name, targets in sorted(done.targets.items()):
        table.add_row(escape(name), str(len(targets)))
    Console().print(table)
    for note, names in done.notes.items():
        typer.echo(f"{note} ({', '.join(names)})")
    typer.echo(f"in {to / BENCHMARK.folder}")
    if not done.is_checked:
        warn("lengths are not checked: no --groundtruth")
    for line in done.unused:
        warn(f"not used: {line}")


@app.command()
def score(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of results.")],
    groundtruth: Annotated[
        Path, typer.Option(help="OTB's annotations, a folder or zip archive; no frames needed.")
    ],
    trackers: Annotated[
        str | None, typer.Option(help="Names with commas between; without it all in the folder.")
    ] = None,
    reports: ReportsOption = None,
) -> None:
    """Score results of OTB-100 with got10k's report, without frames."""
    prepare_host()
    from crt_plugin.benchmark.results.importing.published import published_names, published_part
    from crt_plugin.benchmark.results.scores import score_results

    part = published_part(folder, groundtruth, reports)
    names = published_names(folder) if trackers is None else split(trackers)
    scored = score_results(part, names, progress=True)
    show_scores(part, scored)
    there = {score.tracker for score in scored.scores}
    absent = [f"{name}: no results in {folder}" for name in names if name not in there]
    fail([*scored.problems, *absent])
