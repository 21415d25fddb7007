"""Tables of scores, for ``crt evaluate`` and ``crt results score``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crt_plugin.cli.terminal import make_table, warn

if TYPE_CHECKING:
    from crt_plugin.benchmark.datasets.part import Part
    from crt_plugin.benchmark.results.scores import Report, Score
    from crt_plugin.benchmark.results.start_scores import KindScore
    from crt_plugin.benchmark.run.protocols import StartedPart


def prepare_host() -> None:
    """Plot without a window; find trackers (``module:Class``) in the current folder."""
    import matplotlib

    matplotlib.use("Agg")
    if os.getcwd() not in sys.path:  # noqa: PTH109
        sys.path.append(os.getcwd())  # noqa: PTH109


def check_table(file: Path | None) -> None:
    """Refuse a table's file before anything is run.

    Raises:
        ParameterError: no table can be written in its format.
    """
    if file is not None:
        from crt_plugin.report.result_table import check_format

        check_format(file)


def show_scores(part: Part, report: Report, table: Path | None = None) -> None:
    """Print the scores of a part, and where got10k's own report is.

    Args:
        table: file that the table is written to as well.
    """
    from crt_plugin.benchmark.run.protocols import StartedPart

    typer.echo(str(part))
    if not report.scores:
        return
    if table is not None:
        from crt_plugin.report.score_table import write_score_table

        write_score_table(part, report, table)
    if isinstance(part, StartedPart):
        _show_starts(part, report.scores)
    else:
        there = len(part.names) + len(part.unusable)
        counts = [(score.sequences, there) for score in report.scores]
        Console().print(
            _tabulate_means(report.scores, part.benchmark.metrics, {"sequences": counts})
        )
    for folder in report.folders:
        typer.echo(f"got10k's report: {folder}")
    if table is not None:
        typer.echo(f"table: {table}")


def _show_starts(part: StartedPart, scores: Sequence[Score]) -> None:
    """Print means over targets, and over each kind of start beside those of ope."""
    from crt_plugin.benchmark.results.start_scores import kind_scores, ope_scores, target_scores

    console = Console()
    targets = [target_scores(score) for score in scores]
    counts = {
        "targets": [(s.sequences, len(part.targets) + len(part.unusable)) for s in targets],
        "starts": [(score.sequences, len(part.names)) for score in scores],
    }
    console.print(_tabulate_means(targets, part.benchmark.metrics, counts))
    names = [score.tracker for score in scores]
    ope, notes = ope_scores(part, names)
    moved = ope_scores(part, names, is_moved=True)[0] if part.is_spatial else {}
    compared = ", and its difference from ope's on the same frames" if ope else ""
    if ope and moved:
        compared += "; then that of ope's boxes, each moved or scaled as the start"
    typer.echo(f"AUC of each start{compared}:")
    kinds = {
        score.tracker: kind_scores(part, score, ope.get(score.tracker), moved.get(score.tracker))
        for score in scores
    }
    rows = {"ope": ope, "ope, moved": moved}
    means = {
        row: {name: target_scores(score).auc for name, score in scores.items()}
        for row, scores in rows.items()
        if scores
    }
    console.print(_tabulate_kinds(kinds, means))
    for note in notes:
        warn(note)


def _tabulate_means(
    scores: Sequence[Score], metrics: dict[str, str], counts: dict[str, list[tuple[int, int]]]
) -> Table:
    """A row for each tracker.

    Args:
        scores: means.
        metrics: attributes of the scores, by their headings.
        counts: for each score how many it is a mean of, and of how many, by what is counted.
    """
    table = make_table("tracker", *metrics, "fps", *counts)
    for score, *pairs in zip(scores, *counts.values(), strict=True):
        values = (f"{getattr(score, attribute):.3f}" for attribute in metrics.values())
        fps = "-" if score.fps is None else f"{score.fps:.2f}"
        texts = (
            f"{n} of {all_}" if n == all_ else f"[yellow]{n} of {all_}[/]" for n, all_ in pairs
        )
        table.add_row(escape(score.tracker), *values, fps, *texts)
    return table


def _tabulate_kinds(kinds: dict[str, list[KindScore]], means: dict[str, dict[str, float]]) -> Table:
    """A row for each kind of start, a column for each tracker: AUC, and its changes against ope.

    Args:
        kinds: by tracker.
        means: rows above them: AUC over the frames of all starts, by tracker; some may lack it.
    """
    table = make_table("start", *map(escape, kinds))
    for row, auc in means.items():
        table.add_row(row, *(f"{auc[name]:.3f}" if name in auc else "-" for name in kinds))
    by_kind = [{score.kind: score for score in scores} for scores in kinds.values()]
    for kind in dict.fromkeys(score.kind for scores in kinds.values() for score in scores):
        table.add_row(kind, *(_format_kind(scores.get(kind)) for scores in by_kind))
    return table


def _format_kind(score: KindScore | None) -> str:
    if score is None:
        return "-"
    changes = [change for change in (score.against_ope, score.boxes_alone) if change is not None]
    text = "; ".join(f"{change:+.3f}" for change in changes)
    return f"{score.auc:.3f}" + (f" ({text})" if text else "")
