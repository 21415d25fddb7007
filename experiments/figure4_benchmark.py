"""Figure 4: precision and success plots (OPE) of CRT and its rivals, OTB-50 and OTB-100.

    python experiments/figure4_benchmark.py --data OTB_FOLDER \\
        --rivals otb100-results.zip --groundtruth otb100-groundtruth.zip

On the targets that CRT has results of; without any, the rivals on all that they have results of.
The legends give DP at 20 px and the area under the success plot, best first. A second table has
the rivals on those targets beside the whole benchmark: how hard the targets are.
"""

from __future__ import annotations

import numpy as np

from crt_plugin.benchmark.results.scores import Score, average_over, mean_score
from crt_plugin.formats.otb import otb_lists
from crt_plugin.paper.printed import FIGURE4, LEAD, LEAD_OVER, TRACKERS
from crt_plugin.paper.quality import differences, in_percent, verdict
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput, TrackerScores
from crt_plugin.paper.script import main
from crt_plugin.paper.subset import compare_subset
from crt_plugin.report.plots import Curves, Line, draw_curves
from crt_plugin.report.result_table import Cell, ResultTable, number, ranks

OURS = "default"
RIVALS = [name for name in TRACKERS[1:] if name != "TGPR"]  # which published no boxes
FIELDS = ("dp", "auc")


def make(reproduction: Reproduction) -> ScriptOutput:
    """Run CRT where frames are there, score the rivals, draw, and write the legends' table."""
    scored = reproduction.crt([OURS])
    crt = scored.scores.get(OURS)
    rivals = reproduction.rivals(RIVALS)
    everyone = TrackerScores(
        ({"CRT": crt} if crt else {}) | rivals.scores, [*scored.notes, *rivals.notes]
    )
    targets = list(crt.each) if crt else sorted({t for s in rivals.scores.values() for t in s.each})
    lists = otb_lists()
    parts = {
        "OTB-100": everyone.over(targets),
        "OTB-50": everyone.over([target for target in targets if target in lists.tb50]),
    }
    provenance = reproduction.provenance(targets, [OURS] if crt else [])
    panels = [panel for name, scores in parts.items() for panel in _plot(name, scores)]
    figures = draw_curves(panels, 2, reproduction.output / "figure4_benchmark", provenance)
    tables = [reproduction.save(_tabulate(parts, everyone.notes), provenance)]
    findings = [*_compare(parts), *_compare_overall(crt, rivals.scores)] if crt else []
    beside, hardness = compare_subset(rivals.scores, targets)
    if hardness:  # there are published boxes of other targets
        published = {target for score in rivals.scores.values() for target in score.each}
        tables.append(reproduction.save(beside, reproduction.provenance(published)))
    return ScriptOutput(tables, figures, findings + hardness)


def _compare(parts: dict[str, dict[str, Score]]) -> list[str]:
    """CRT's places in the four plots, and its lead on OTB-50, ours and the paper's."""
    found = [
        _rank(name, scores) for name, scores in parts.items() if "CRT" in scores and len(scores) > 1
    ]
    fifty = parts["OTB-50"]
    if {"CRT", LEAD_OVER} <= fifty.keys():
        lead = differences(fifty["CRT"], fifty[LEAD_OVER], *FIELDS)
        if lead:
            dp, auc = lead
            found.append(
                f"OTB-50: DP of CRT minus {LEAD_OVER} {in_percent(dp)}, AUC {in_percent(auc)}, on "
                f"{dp.sequences} targets, {verdict(*lead)} (paper: {LEAD.dp:+.0f} and "
                f"{LEAD.auc:+.0f})."
            )
    return found


def _compare_overall(crt: Score, rivals: dict[str, Score]) -> list[str]:
    """CRT on the available targets and the paper's on all, with how hard those targets are."""
    lists, found = otb_lists(), []
    for name, members in (("OTB-50", lists.tb50), ("OTB-100", tuple(lists.of_target))):
        ours = average_over(crt, members)
        if ours is None:
            continue
        pairs = [(average_over(r, ours.each), average_over(r, members)) for r in rivals.values()]
        changes = [
            (100 * (here.auc - whole.auc), 100 * (here.dp - whole.dp))
            for here, whole in pairs
            if here and whole and here.sequences == ours.sequences
        ]
        text = (
            f"{name}: AUC and DP of CRT {100 * ours.auc:.1f} and {100 * ours.dp:.1f} on "
            f"{ours.sequences} targets; the paper's {FIGURE4[name].auc} and {FIGURE4[name].dp} on "
            f"all {len(members)}."
        )
        if changes:
            auc, dp = np.mean(changes, axis=0)
            text += (
                f" Published boxes of {len(changes)} trackers have {auc:+.1f} and {dp:+.1f} there "
                "against all, in the mean."
            )
        found.append(text)
    return found


def _rank(benchmark: str, scores: dict[str, Score]) -> str:
    """Among those that have results of all of CRT's targets."""
    crt = scores["CRT"]
    complete = [score for score in scores.values() if score.sequences == crt.sequences]
    dp, auc = (
        1 + sum(getattr(score, field) > getattr(crt, field) for score in complete)
        for field in FIELDS
    )
    return (
        f"{benchmark}: of {len(complete)} trackers CRT is number {dp} in DP and number {auc} in "
        "AUC (paper: number 1 in both)."
    )


def _plot(benchmark: str, scores: dict[str, Score]) -> list[Curves]:
    """Precision and success plot, lines by falling score."""
    count = max((score.sequences for score in scores.values()), default=0)
    found = []
    for kind, field, x, axis in (
        ("Precision", "dp", np.arange(51.0), "centre error (px)"),
        ("Success", "auc", np.linspace(0, 1, 21), "IoU"),
    ):
        order = sorted(scores, key=lambda name: -getattr(scores[name], field))
        lines = [
            Line(
                name,
                f"{name} [{100 * getattr(scores[name], field):.1f}]",
                getattr(mean_score(list(scores[name].each.values())), kind.lower()),
                is_ours=name == "CRT",
            )
            for name in order
        ]
        title = f"{kind} plot of OPE, {benchmark} ({count} targets)"
        found.append(Curves(title, f"threshold: {axis}", f"{kind.lower()} rate", x, lines))
    return found


def _tabulate(parts: dict[str, dict[str, Score]], notes: list[str]) -> ResultTable:
    columns = [f"{name} {field.upper()}" for name in parts for field in FIELDS]
    rows = []
    names = list(parts["OTB-100"])
    marked = {
        (part, field): dict(
            zip(scores, ranks([getattr(s, field) for s in scores.values()]), strict=True)
        )
        for part, scores in parts.items()
        for field in FIELDS
    }
    for name in names:
        cells = [Cell(name)]
        for part, scores in parts.items():
            for field in FIELDS:
                value = 100 * getattr(scores[name], field) if name in scores else None
                cells.append(Cell(number(value, 1), marked[part, field].get(name, 0)))
        rows.append([*cells, Cell(str(parts["OTB-100"][name].sequences))])
    title = "Figure 4: DP (20 px) and AUC (%) on the available targets"
    left = [f"Left empty: {note}" for note in notes]
    return ResultTable("figure4_benchmark", title, ("tracker", *columns, "targets"), rows, left)


if __name__ == "__main__":
    main(make, __doc__ or "")
