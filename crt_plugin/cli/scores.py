"""Tables of scores, for ``crt evaluate`` and ``crt results score``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crt_plugin.cli.messages import warn

if TYPE_CHECKING:
    from crt_plugin.benchmark.datasets.part import Part
    from crt_plugin.benchmark.results.scores import Report, Score
    from crt_plugin.benchmark.results.start_scores import KindScore
    from crt_plugin.benchmark.run.protocols import StartedPart

PADDING = (0, 2, 0, 0)


def prepare_host() -> None:
    """Plot without a window; find trackers (``module:Class``) in the present folder."""
    import matplotlib

    matplotlib.use("Agg")
    if os.getcwd() not in sys.path:  # noqa: PTH109
        sys.path.append(os.getcwd())  # noqa: PTH109


def show_scores(part: Part, report: Report) -> None:
    """The table, and where the host's own report is."""
    from crt_plugin.benchmark.run.protocols import StartedPart

    typer.echo(str(part))
    if not report.scores:
        return
    if isinstance(part, StartedPart):
        _show_starts(part, report.scores)
    else:
        Console().print(_tabulate_sequences(part, report.scores))
    for folder in report.folders:
        typer.echo(f"got10k's report: {folder}")


def _show_starts(part: StartedPart, scores: Sequence[Score]) -> None:
    """Means over targets, and over each kind of start beside what ope gives."""
    from crt_plugin.benchmark.results.start_scores import kind_scores, ope_scores, target_scores

    console = Console()
    console.print(_tabulate_targets(part, scores, [target_scores(score) for score in scores]))
    ope, notes = ope_scores(part, [score.tracker for score in scores])
    kinds = {score.tracker: kind_scores(part, score, ope.get(score.tracker)) for score in scores}
    compared = ", and its difference from ope's on the same frames" if ope else ""
    typer.echo(f"AUC of each start{compared}:")
    on_average = {name: target_scores(score).auc for name, score in ope.items()}
    console.print(_tabulate_kinds(kinds, on_average))
    for note in notes:
        warn(note)


def _tabulate_sequences(part: Part, scores: Sequence[Score]) -> Table:
    """A row for each tracker: means over sequences, and over how many of the part's."""
    table = _start_table("AO" if part.benchmark.is_got10k else "AUC", "sequences")
    for score in scores:
        table.add_row(*_format_values(score), _format_count(score.sequences, len(part.names)))
    return table


def _tabulate_targets(
    part: StartedPart, starts: Sequence[Score], targets: Sequence[Score]
) -> Table:
    """A row for each tracker: means over targets, and over how many targets and starts.

    Args:
        starts: scores of the part, as the host reports them.
        targets: the same, as ``start_scores.target_scores`` groups them.
    """
    table = _start_table("AUC", "targets", "starts")
    for of_starts, score in zip(starts, targets, strict=True):
        table.add_row(
            *_format_values(score),
            _format_count(score.sequences, len(part.targets)),
            _format_count(of_starts.sequences, len(part.names)),
        )
    return table


def _tabulate_kinds(kinds: dict[str, list[KindScore]], ope: dict[str, float]) -> Table:
    """A row for each kind of start, a column for each tracker: AUC, and its change against ope.

    Args:
        kinds: of each tracker.
        ope: AUC of ope's boxes over the frames of all starts, of trackers that have them.
    """
    table = Table("start", *map(escape, kinds), box=None, padding=PADDING)
    if ope:
        table.add_row("ope", *(f"{ope[name]:.3f}" if name in ope else "-" for name in kinds))
    by_kind = [{score.kind: score for score in scores} for scores in kinds.values()]
    for kind in dict.fromkeys(score.kind for scores in kinds.values() for score in scores):
        table.add_row(kind, *(_format_kind(scores.get(kind)) for scores in by_kind))
    return table


def _format_kind(score: KindScore | None) -> str:
    if score is None:
        return "-"
    change = "" if score.against_ope is None else f" ({score.against_ope:+.3f})"
    return f"{score.auc:.3f}{change}"


def _start_table(first: str, *counts: str) -> Table:
    return Table("tracker", first, "OS", "DP", "fps", *counts, box=None, padding=PADDING)


def _format_values(score: Score) -> tuple[str, ...]:
    fps = "-" if score.fps is None else f"{score.fps:.2f}"
    values = (f"{value:.3f}" for value in (score.auc, score.os, score.dp))
    return (escape(score.tracker), *values, fps)


def _format_count(there: int, of: int) -> str:
    text = f"{there} of {of}"
    return text if there == of else f"[yellow]{text}[/]"
