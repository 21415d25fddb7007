"""Tables of ``crt evaluate`` and ``crt results score``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from crt_plugin.benchmark.datasets.part import Part
    from crt_plugin.benchmark.results.scores import Score
    from crt_plugin.benchmark.results.start_scores import KindScore
    from crt_plugin.benchmark.run.protocols import StartedPart

PADDING = (0, 2, 0, 0)


def of_sequences(part: Part, scores: Sequence[Score]) -> Table:
    """A row for each tracker: means over sequences, and over how many of the part's."""
    table = _scores("AO" if part.benchmark.is_got10k else "AUC", "sequences")
    for score in scores:
        table.add_row(*_values(score), _count(score.sequences, len(part.names)))
    return table


def of_targets(part: StartedPart, starts: Sequence[Score], targets: Sequence[Score]) -> Table:
    """A row for each tracker: means over targets, and over how many targets and starts.

    Args:
        starts: scores of the part, as the host reports them.
        targets: the same, as ``start_scores.per_target`` groups them.
    """
    table = _scores("AUC", "targets", "starts")
    for of_starts, score in zip(starts, targets, strict=True):
        table.add_row(
            *_values(score),
            _count(score.sequences, len(part.targets)),
            _count(of_starts.sequences, len(part.names)),
        )
    return table


def of_kinds(kinds: dict[str, list[KindScore]], ope: dict[str, float]) -> Table:
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
        table.add_row(kind, *(_kind(scores.get(kind)) for scores in by_kind))
    return table


def _kind(score: KindScore | None) -> str:
    if score is None:
        return "-"
    change = "" if score.against_ope is None else f" ({score.against_ope:+.3f})"
    return f"{score.auc:.3f}{change}"


def _scores(first: str, *counts: str) -> Table:
    return Table("tracker", first, "OS", "DP", "fps", *counts, box=None, padding=PADDING)


def _values(score: Score) -> tuple[str, ...]:
    fps = "-" if score.fps is None else f"{score.fps:.2f}"
    values = (f"{value:.3f}" for value in (score.auc, score.os, score.dp))
    return (escape(score.tracker), *values, fps)


def _count(there: int, of: int) -> str:
    text = f"{there} of {of}"
    return text if there == of else f"[yellow]{text}[/]"
