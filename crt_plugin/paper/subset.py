"""How hard the targets at hand are: the rivals' published boxes there and on the whole benchmark.

A mean over a part of OTB beside one over all of it differs by the choice of targets as well as by
the tracker. The rivals' boxes are the same in both, so their difference is the choice alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crt_plugin.benchmark.results.scores import Score, over
from crt_plugin.formats.otb import otb_lists
from crt_plugin.report.result_table import ResultTable, cells

FIELDS = ("os", "dp", "auc")
TITLE = "Targets at hand beside the whole benchmark: published boxes (%)"
SAID = (
    "Means over the targets at hand, and over all targets of the list; the same published boxes. "
    "Where they differ, it is by the choice of targets."
)


def compare_subset(
    rivals: Mapping[str, Score], targets: Collection[str]
) -> tuple[ResultTable, list[str]]:
    """Rivals on the targets at hand beside all of OTB-50 and OTB-100 (ours).

    Args:
        rivals: by name, over all targets that they have published results of.
        targets: those at hand.

    Returns:
        OS, DP and AUC in percent, and a line for each list that has targets at hand and others,
        with the differences of OS by rival, largest first.
    """
    lists = otb_lists()
    columns, findings = ["tracker"], []
    rows = {name: [name] for name in rivals}
    for title, members in (("OTB-50", lists.tb50), ("OTB-100", tuple(lists.of_target))):
        here = [name for name in members if name in targets]
        columns += [f"{title} {field.upper()}{end}" for field in FIELDS for end in (" here", "")]
        differences = {}
        for name, score in rivals.items():
            part, whole = over(score, here), over(score, members)
            for field in FIELDS:
                rows[name] += [_percent(part, field), _percent(whole, field)]
            if part and whole and part.sequences < whole.sequences:
                differences[name] = 100 * (part.os - whole.os)
        if differences:
            findings.append(_finding(title, len(here), len(members), differences))
    notes = [SAID, *findings, *_incomplete(rivals)]
    return ResultTable(
        "figure4_at_hand", TITLE, columns, [cells(*row) for row in rows.values()], notes
    ), findings


def _percent(score: Score | None, field: str) -> str:
    return "" if score is None else f"{100 * getattr(score, field):.1f}"


def _finding(title: str, here: int, members: int, differences: Mapping[str, float]) -> str:
    order = sorted(differences.items(), key=lambda pair: -pair[1])
    return (
        f"{here} of {title}'s {members} targets are at hand; published boxes' OS there minus all: "
        + ", ".join(f"{name} {points:+.1f}" for name, points in order)
        + "."
    )


def _incomplete(rivals: Mapping[str, Score]) -> list[str]:
    members = otb_lists().of_target
    found = {name: sum(m in score.each for m in members) for name, score in rivals.items()}
    return [
        f"{name} has results of {count} of the {len(members)} targets of OTB-100."
        for name, count in found.items()
        if count < len(members)
    ]
