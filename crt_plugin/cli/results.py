"""The commands ``crt results import``, ``export`` and ``score``."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from crt_plugin.cli.options import (
    GROUNDTRUTH,
    DatasetOption,
    ReportsOption,
    TableOption,
    TrackersOption,
    split_names,
)
from crt_plugin.cli.scores import check_table, prepare_host, show_scores
from crt_plugin.cli.terminal import fail, make_table, warn

app = typer.Typer(no_args_is_help=True, help="Import, export and score result files.")


@app.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE_OR_DIR", help="A folder, zip archive, .txt, .mat or boxes.csv."
        ),
    ],
    to: Annotated[
        Path, typer.Option(help="Folder of results; <dataset>/<tracker> is made inside it.")
    ],
    groundtruth: Annotated[
        Path | None,
        typer.Option(help="The dataset's folder; of OTB, its annotations alone, or a zip archive."),
    ] = None,
    dataset: DatasetOption = None,
    tracker: Annotated[
        str | None, typer.Option(help="The tracker's name, if no folder or file gives it.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace existing results.")
    ] = False,
) -> None:
    """Convert published results to got10k's layout, and list what could not be used.

    In the layout of OTB's authors, pysot, pytracking, LaSOT, GOT-10k or crt track, and of several
    trackers and datasets at once. Their lengths are checked against --groundtruth.
    """
    prepare_host()
    from crt_plugin.benchmark.results.importing.published import import_results

    done = import_results(source, to, groundtruth, tracker, overwrite, True, dataset)
    table = make_table("tracker", "dataset", "sequences")
    for (folder, name), sequences in sorted(done.sequences.items()):
        table.add_row(escape(name), escape(folder), str(len(sequences)))
    Console().print(table)
    for note, names in done.notes.items():
        typer.echo(f"{note} ({', '.join(names)})")
    for folder in sorted({folder for folder, _ in done.sequences}):
        typer.echo(f"in {to / folder}")
    if not done.is_checked:
        warn("lengths are not checked: no --groundtruth")
    reasons: dict[str, list[PurePosixPath]] = {}
    for path, reason in done.unused:
        reasons.setdefault(reason, []).append(path)
    for reason, paths in reasons.items():
        others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        warn(f"not used: {paths[0]}{others}: {reason}")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of results.")],
    to: Annotated[Path, typer.Option(help="Folder of the archives, one for each tracker.")],
    trackers: TrackersOption = None,
) -> None:
    """Pack the raw results of OTB: boxes, times, scores and manifest, an archive a tracker."""
    from crt_plugin.benchmark.results.archive import export_results
    from crt_plugin.benchmark.results.importing.published import BENCHMARK, published_names

    names = split_names(trackers)
    for name in published_names(folder) if names is None else names:
        file = to / f"{name}.zip"
        count = export_results(folder / BENCHMARK.folder / name, file)
        typer.echo(f"{file}  {count} sequences")


@app.command()
def score(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of results.")],
    groundtruth: Annotated[Path, GROUNDTRUTH],
    trackers: TrackersOption = None,
    reports: ReportsOption = None,
    table: TableOption = None,
) -> None:
    """Score results of OTB-100 with got10k's report, without frames."""
    prepare_host()
    check_table(table)
    from crt_plugin.benchmark.results.importing.published import published_names, published_part
    from crt_plugin.benchmark.results.scores import score_results

    part = published_part(folder, groundtruth, reports)
    names = split_names(trackers)
    names = published_names(folder) if names is None else names
    report = score_results(part, names, progress=True)
    show_scores(part, report, table)
    scored = {score.tracker for score in report.scores}
    fail([*report.problems, *(f"{n}: no results in {folder}" for n in names if n not in scored)])
