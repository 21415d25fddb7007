"""Table 4: AUC and DP of several trackers under the benchmark's 11 attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crt_plugin.benchmark.results.scores import Score, average_over
from crt_plugin.formats.otb import otb_lists
from crt_plugin.paper.printed import Pair
from crt_plugin.report.result_table import Cell, ResultTable, ranks

ByAttribute = dict[str, Pair | None]


def by_attribute(score: Score | None) -> ByAttribute:
    """AUC and DP over a tracker's targets with each attribute, in percent.

    None if it has results of no such target.
    """
    lists = otb_lists()
    found: ByAttribute = {}
    for attribute in lists.attributes:
        targets = [name for name, has in lists.of_target.items() if attribute in has]
        some = None if score is None else average_over(score, targets)
        found[attribute] = None if some is None else Pair(100 * some.auc, 100 * some.dp)
    return found


def count_targets(attribute: str, score: Score) -> int:
    """Targets with an attribute that a tracker has results of."""
    return sum(attribute in otb_lists().of_target.get(name, ()) for name in score.each)


def list_without_attributes(score: Score) -> list[str]:
    """Targets that are in no row of the table: the benchmark gives them no attribute."""
    return [name for name in score.each if not otb_lists().of_target.get(name)]


def find_first(
    tracker: str, columns: Mapping[str, ByAttribute], field: str
) -> tuple[list[str], list[str]]:
    """Attributes under which a tracker has the largest value, alone or with others.

    Args:
        columns: by tracker.
        field: auc or dp.

    Returns:
        These attributes, and all under which both the tracker and another one have a value.
    """
    first, compared = [], []
    for attribute, own in columns[tracker].items():
        others = [column[attribute] for name, column in columns.items() if name != tracker]
        values = [getattr(pair, field) for pair in others if pair is not None]
        if own is None or not values:
            continue
        compared.append(attribute)
        if getattr(own, field) >= max(values):
            first.append(attribute)
    return first, compared


def attribute_table(
    name: str,
    title: str,
    heads: Mapping[str, str],
    columns: Mapping[str, ByAttribute],
    notes: Sequence[str],
) -> ResultTable:
    """A row an attribute, a column a tracker, cells ``AUC/DP``; marked by AUC.

    Args:
        heads: names of the rows, by attribute.
        columns: by tracker.
    """
    rows = []
    for attribute, head in heads.items():
        pairs = [column[attribute] for column in columns.values()]
        marks = ranks([None if pair is None else round(pair.auc, 1) for pair in pairs])
        texts = ["" if pair is None else f"{pair.auc:.1f}/{pair.dp:.1f}" for pair in pairs]
        cells = [Cell(text, mark) for text, mark in zip(texts, marks, strict=True)]
        rows.append([Cell(head), *cells])
    return ResultTable(name, title, ("attribute", *columns), rows, notes)
