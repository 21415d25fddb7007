"""How hard the available targets are: rivals' published boxes there and on the whole benchmark.

A mean over a part of OTB differs from one over all of it by the choice of targets as well as by
the tracker. The rivals' boxes are the same in both, so that they differ by the choice alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crt_plugin.benchmark.results.scores import Score, average_over
from crt_plugin.formats.otb import otb_lists
from crt_plugin.report.result_table import ResultTable, cells

FIELDS = ("os", "dp", "auc")
TITLE = "Available targets beside the whole benchmark: published boxes (%)"
NOTE = (
    "Means over the available targets (here) and over all targets of the list, of the same "
    "published boxes: they differ by the choice of targets alone."
)


def compare_subset(
    rivals: Mapping[str, Score], targets: Collection[str]
) -> tuple[ResultTable, list[str]]:
    """Rivals on the available targets beside all of OTB-50 and OTB-100 (ours).

    Args:
        rivals: by name, over all targets that they have published results of.
        targets: the available ones.

    Returns:
        OS, DP and AUC in percent, and a line for each list of which a part is available, with the
        differences of OS by rival, largest first.
    """
    lists = otb_lists()
    columns, findings = ["tracker"], []
    rows = {name: [name] for name in rivals}
    for title, members in (("OTB-50", lists.tb50), ("OTB-100", tuple(lists.of_target))):
        here = [name for name in members if name in targets]
        columns += [f"{title} {field.upper()}{end}" for field in FIELDS for end in (" here", "")]
        differences = {}
        for name, score in rivals.items():
            part, whole = average_over(score, here), average_over(score, members)
            for field in FIELDS:
                rows[name] += [_percent(part, field), _percent(whole, field)]
            if part and whole and part.sequences < whole.sequences:
                differences[name] = 100 * (part.os - whole.os)
        if differences:
            findings.append(_describe_finding(title, len(here), len(members), differences))
    notes = [NOTE, *findings, *_list_incomplete(rivals)]
    return ResultTable(
        "figure4_at_hand", TITLE, columns, [cells(*row) for row in rows.values()], notes
    ), findings


def _percent(score: Score | None, field: str) -> str:
    return "" if score is None else f"{100 * getattr(score, field):.1f}"


def _describe_finding(title: str, here: int, members: int, differences: Mapping[str, float]) -> str:
    order = sorted(differences.items(), key=lambda pair: -pair[1])
    return (
        f"{here} of {title}'s {members} targets are available; OS of published boxes, there minus "
        "all: " + ", ".join(f"{name} {points:+.1f}" for name, points in order) + "."
    )


def _list_incomplete(rivals: Mapping[str, Score]) -> list[str]:
    members = otb_lists().of_target
    found = {name: sum(m in score.each for m in members) for name, score in rivals.items()}
    return [
        f"{name} has results of {count} of the {len(members)} targets of OTB-100."
        for name, count in found.items()
        if count < len(members)
    ]
