"""Table 4: AUC and DP under 11 attributes, of CRT and the paper's nine rivals.

    python experiments/table4_attributes.py --data OTB_FOLDER \\
        --rivals otb100-results.zip --groundtruth otb100-groundtruth.zip

Two tables: all trackers on the targets with frames; and the rivals' published
results on all of OTB-100, beside what the paper prints. TGPR published no boxes: its column of
the second table is the paper's own.
"""

from __future__ import annotations

from crt_plugin.benchmark.results.scores import Score
from crt_plugin.formats.otb import otb_lists
from crt_plugin.paper.attributes import (
    ByAttribute,
    attribute_table,
    by_attribute,
    count_targets,
    find_first,
    list_without_attributes,
)
from crt_plugin.paper.printed import TABLE4, TRACKERS
from crt_plugin.paper.quality import differences, in_percent, verdict
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput
from crt_plugin.paper.script import main
from crt_plugin.report.result_table import ResultTable

OURS = "default"
PRINTED_ONLY = "TGPR"
RIVALS = [name for name in TRACKERS[1:] if name != PRINTED_ONLY]
MARKS = "Best AUC of a row bold, second best in italics."


def make(reproduction: Reproduction) -> ScriptOutput:
    """Run CRT where frames are there, score the rivals, and write both tables."""
    ours, rivals = reproduction.crt([OURS]), reproduction.rivals(RIVALS)
    crt = ours.scores.get(OURS)
    notes = [f"Left empty: {note}" for note in (*ours.notes, *rivals.notes)]
    tables = [_tabulate_all(reproduction, rivals.scores, notes)]
    findings = []
    if crt is not None:
        here = rivals.over(list(crt.each))
        findings = [*_count_firsts(crt, here), *(_compare(crt, name, here) for name in RIVALS)]
        tables.insert(0, _tabulate_here(reproduction, crt, here, [*findings, *notes]))
    return ScriptOutput(tables, findings=findings)


def _tabulate_here(
    reproduction: Reproduction, crt: Score, rivals: dict[str, Score], notes: list[str]
) -> ResultTable:
    columns = {"CRT": by_attribute(crt)}
    columns |= {name: by_attribute(rivals.get(name)) for name in RIVALS}
    heads = {name: f"{name} ({count_targets(name, crt)})" for name in TABLE4}
    notes = [
        MARKS,
        "In brackets: targets.",
        *_list_left_out(crt),
        *_list_partial(crt, rivals),
        *notes,
    ]
    title = "Table 4: AUC/DP (%) under attributes, on the available targets"
    table = attribute_table("table4_attributes", title, heads, columns, notes)
    return reproduction.save(table, reproduction.provenance(list(crt.each), [OURS]))


def _tabulate_all(
    reproduction: Reproduction, rivals: dict[str, Score], notes: list[str]
) -> ResultTable:
    """Ours of the published boxes, and in brackets the paper's."""
    columns: dict[str, ByAttribute] = {"CRT (paper)": _quote("CRT")}
    for name in RIVALS:
        columns[name] = by_attribute(rivals.get(name))
        columns[f"{name} (paper)"] = _quote(name)
    columns[f"{PRINTED_ONLY} (paper)"] = _quote(PRINTED_ONLY)
    heads = {name: f"{name}, {words}" for name, words in otb_lists().attributes.items()}
    title = "Table 4: AUC/DP (%) under attributes, published boxes on OTB-100 beside the paper"
    scored = {target for score in rivals.values() for target in score.each}
    note = "Columns marked (paper) are what the paper prints; the others are computed."
    table = attribute_table("table4_attributes_otb100", title, heads, columns, [note, *notes])
    return reproduction.save(table, reproduction.provenance(scored))


def _quote(tracker: str) -> ByAttribute:
    return {attribute: TABLE4[attribute][tracker] for attribute in TABLE4}


def _list_left_out(crt: Score) -> list[str]:
    names = list_without_attributes(crt)
    return [f"Without attributes, and so in no row: {', '.join(names)}."] if names else []


def _list_partial(crt: Score, rivals: dict[str, Score]) -> list[str]:
    return [
        f"{name} has results of {score.sequences} of the {crt.sequences} targets."
        for name, score in rivals.items()
        if score.sequences < crt.sequences
    ]


def _count_firsts(crt: Score, rivals: dict[str, Score]) -> list[str]:
    """Under how many attributes CRT is first: among those with all of its targets; the paper's."""
    complete = {name: s for name, s in rivals.items() if s.sequences == crt.sequences}
    if not complete:
        return []
    ours = {name: by_attribute(score) for name, score in (complete | {"CRT": crt}).items()}
    printed = {name: _quote(name) for name in TRACKERS}
    lines = []
    for field in ("dp", "auc"):
        (first, compared), (theirs, all_of_them) = (
            find_first("CRT", columns, field) for columns in (ours, printed)
        )
        named = f": {', '.join(first)}" if first else ""
        lines.append(
            f"CRT is first in {field.upper()} under {len(first)} of {len(compared)} attributes"
            f"{named} (paper: {len(theirs)} of {len(all_of_them)}: {', '.join(theirs)})."
        )
    return lines


def _compare(crt: Score, rival: str, rivals: dict[str, Score]) -> str:
    if rival not in rivals:
        return f"CRT against {rival}: no results of {rival}."
    found = differences(crt, rivals[rival], "auc", "dp")
    if found is None:
        return f"CRT against {rival}: fewer than two targets in common."
    auc, dp = found
    return (
        f"CRT is better than {rival}: AUC {in_percent(auc)}, DP {in_percent(dp)} on "
        f"{auc.sequences} targets, {verdict(auc, dp)}."
    )


if __name__ == "__main__":
    main(make, __doc__ or "")
