"""The commands that compare: ``crt evaluate``, ``crt trackers`` and ``crt results``.

What they use of the package imports got10k and matplotlib, and is imported when a command runs,
so that ``crt --help`` stays quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crt_plugin.cli import tables as cli_tables
from crt_plugin.cli.exit_codes import INCOMPLETE
from crt_plugin.cli.options import split

if TYPE_CHECKING:
    from crt_plugin.benchmark.datasets.part import Part
    from crt_plugin.benchmark.results.scores import Report, Score
    from crt_plugin.benchmark.run.protocols import StartedPart

results = typer.Typer(
    no_args_is_help=True, help="Published result files: bring them in, score them."
)

ReportsOption = Annotated[
    Path | None,
    typer.Option(help="Folder of got10k's reports; without it reports inside of the results."),
]


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
    _prepare()
    from crt_plugin.benchmark.run.evaluate import evaluate as run_evaluation
    from crt_plugin.peers.registry import opencv_advice, opencv_wheels

    if len(opencv_wheels()) > 1:
        _warn(opencv_advice())
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
        _warn(note)
    if done.kept:
        typer.echo(f"{done.kept} results were there and are kept")
    failures = [str(failure) for failure in done.failures]
    _show(done.part, done.report)
    _fail([*failures, *_not_said(done.report.problems, failures)])


def trackers() -> None:
    """List the trackers that can take part, and what those need that cannot run here."""
    from crt_plugin.peers.registry import opencv_advice, peers

    table = Table("tracker", "from", "runs here", box=None, padding=(0, 2, 0, 0))
    for peer in peers():
        runs = f"[yellow]no[/]: {escape(peer.missing)}" if peer.missing else "yes"
        table.add_row(escape(peer.text), escape(peer.about), runs)
    table.add_row("crt:PATH.py", "a parameter file of yours", "")
    table.add_row("module:Class", "a got10k tracker of yours", "")
    table.add_row("results:NAME", "result files, see crt results import", "")
    Console().print(table)
    advice = opencv_advice()
    if advice:
        typer.echo(advice)


@results.command("import")
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
        _warn("lengths are not checked: no --groundtruth")
    for line in done.unused:
        _warn(f"not used: {line}")


@results.command()
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
    _prepare()
    from crt_plugin.benchmark.results.importing.published import published_names, published_part
    from crt_plugin.benchmark.results.scores import report

    part = published_part(folder, groundtruth, reports)
    names = published_names(folder) if trackers is None else split(trackers)
    scored = report(part, names, progress=True)
    _show(part, scored)
    there = {score.tracker for score in scored.scores}
    absent = [f"{name}: no results in {folder}" for name in names if name not in there]
    _fail([*scored.problems, *absent])


def _prepare() -> None:
    """Plot without a window; find trackers (``module:Class``) in the present folder."""
    import matplotlib

    matplotlib.use("Agg")
    if os.getcwd() not in sys.path:  # noqa: PTH109
        sys.path.append(os.getcwd())  # noqa: PTH109


def _show(part: Part, report: Report) -> None:
    """The table, and where the host's own report is."""
    from crt_plugin.benchmark.run.protocols import StartedPart

    typer.echo(str(part))
    if not report.scores:
        return
    if isinstance(part, StartedPart):
        _show_starts(part, report.scores)
    else:
        Console().print(cli_tables.of_sequences(part, report.scores))
    for folder in report.folders:
        typer.echo(f"got10k's report: {folder}")


def _show_starts(part: StartedPart, scores: Sequence[Score]) -> None:
    """Means over targets, and over each kind of start beside what ope gives."""
    from crt_plugin.benchmark.results.start_scores import ope_scores, per_kind, per_target

    console = Console()
    console.print(cli_tables.of_targets(part, scores, [per_target(score) for score in scores]))
    ope, notes = ope_scores(part, [score.tracker for score in scores])
    kinds = {score.tracker: per_kind(part, score, ope.get(score.tracker)) for score in scores}
    compared = ", and its difference from ope's on the same frames" if ope else ""
    typer.echo(f"AUC of each start{compared}:")
    on_average = {name: per_target(score).auc for name, score in ope.items()}
    console.print(cli_tables.of_kinds(kinds, on_average))
    for note in notes:
        _warn(note)


def _not_said(problems: Iterable[str], said: Iterable[str]) -> list[str]:
    """Problems of result files that no failure names already."""
    named = {tuple(line.split(", ")[:2]) for line in said}
    return [p for p in problems if tuple(p.partition(": ")[0].split(", ")[:2]) not in named]


def _warn(text: str) -> None:
    typer.secho(text, fg=typer.colors.YELLOW, err=True)


def _fail(lines: Iterable[str]) -> None:
    """Say what went wrong, if anything, and leave with ``INCOMPLETE``."""
    lines = list(lines)
    for line in lines:
        typer.secho(line, fg=typer.colors.RED, err=True)
    if lines:
        raise typer.Exit(INCOMPLETE)
