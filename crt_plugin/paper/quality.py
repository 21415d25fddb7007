"""Tables 1 to 3: OS and DP of several settings of CRT, ours beside the paper's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crt_plugin.benchmark.results.scores import Score
from crt_plugin.formats.otb import otb_lists
from crt_plugin.paper.printed import Quality
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput, TrackerScores
from crt_plugin.report.result_table import Cell, ResultTable, cells, number, ranks
from crt_plugin.report.statistics.bootstrap import Difference, paired_difference

LEGEND = (
    "OS: IoU above 0.5; DP: centre within 20 px; AUC: of the success plot; all in percent, means "
    "over n sequences. -50: on those of OTB-50, as in the paper; the others on all available ones "
    "of OTB-100. fps are those of the evaluation."
)


@dataclass(frozen=True)
class Row:
    """A setting of CRT.

    Attributes:
        label: the paper's name.
        parameters: parameter file.
        printed: the paper's values, None if it gives none.
    """

    label: str
    parameters: str
    printed: Quality | None = None


@dataclass(frozen=True)
class Claim:
    """The paper's claim that one parameter file is better than another."""

    text: str
    better: str
    worse: str


def make_quality_table(
    reproduction: Reproduction, name: str, title: str, rows: Sequence[Row], claims: Sequence[Claim]
) -> ScriptOutput:
    """Run the settings, and save and return their table with a finding for each claim."""
    files = [row.parameters for row in rows]
    scored = reproduction.crt(files)
    printed = {row.parameters: row.printed for row in rows if row.printed}
    findings = [finding(claim, scored, printed) for claim in claims]
    sequences = {sequence for score in scored.scores.values() for sequence in score.each}
    table = quality_table(name, title, rows, scored, findings)
    return ScriptOutput(
        [reproduction.save(table, reproduction.provenance(sequences, files))], findings=findings
    )


def quality_table(
    name: str, title: str, rows: Sequence[Row], scored: TrackerScores, findings: Sequence[str]
) -> ResultTable:
    """Rows with the best and second best of each column of ours marked."""
    hundred, fifty = scored.scores, scored.over(otb_lists().tb50)
    columns = {
        f"paper {head}": [Cell(number(getattr(row.printed, field, None), 1)) for row in rows]
        for head, field in (("OS", "os"), ("DP", "dp"), ("fps", "fps"))
    }
    columns["OS-50"] = _rank(rows, fifty, "os")
    columns["DP-50"] = _rank(rows, fifty, "dp")
    columns["n-50"] = _count(rows, fifty)
    columns["OS"] = _rank(rows, hundred, "os")
    columns["DP"] = _rank(rows, hundred, "dp")
    columns["AUC"] = _rank(rows, hundred, "auc")
    columns["n"] = _count(rows, hundred)
    fps = [getattr(hundred.get(row.parameters), "fps", None) for row in rows]
    columns["fps"] = cells(*fps, digits=1)
    lines = [[Cell(row.label), *rest] for row, *rest in zip(rows, *columns.values(), strict=True)]
    notes = [
        LEGEND,
        *findings,
        *_list_unequal(hundred),
        *(f"Left empty: {note}" for note in scored.notes),
    ]
    return ResultTable(name, title, ("CRT", *columns), lines, notes)


def finding(claim: Claim, scored: TrackerScores, printed: Mapping[str, Quality]) -> str:
    """Whether our results agree with a claim, with the intervals of OS and DP."""
    paper = ""
    if claim.better in printed and claim.worse in printed:
        better, worse = printed[claim.better], printed[claim.worse]
        paper = f" (paper: {better.os - worse.os:+.1f} and {better.dp - worse.dp:+.1f})"
    where = {"OTB-50": scored.over(otb_lists().tb50), "OTB-100": scored.scores}
    parts = [f"{name}: {_differences(claim, scores)}" for name, scores in where.items()]
    return f"{claim.text}: OS and DP{paper}. {'; '.join(parts)}."


def _differences(claim: Claim, scores: Mapping[str, Score]) -> str:
    if claim.better not in scores or claim.worse not in scores:
        return "not measured"
    found = differences(scores[claim.better], scores[claim.worse], "os", "dp")
    if found is None:
        return "fewer than two sequences in common"
    os, dp = found
    return f"{in_percent(os)} and {in_percent(dp)} on {os.sequences} targets, {verdict(os, dp)}"


def differences(first: Score, second: Score, *fields: str) -> list[Difference] | None:
    """``first`` minus ``second`` in each of auc, os or dp, over the sequences that both have.

    Returns:
        One for each field; None if they have fewer than two sequences in common.
    """
    found = []
    for field in fields:
        ours, theirs = (
            {name: getattr(one, field) for name, one in score.each.items()}
            for score in (first, second)
        )
        if difference := paired_difference(ours, theirs):
            found.append(difference)
    return found or None


def in_percent(difference: Difference) -> str:
    """For example "+3.1 [-0.2, +6.4]"."""
    mean, low, high = (100 * x for x in (difference.mean, difference.low, difference.high))
    return f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]"


def verdict(*differences: Difference) -> str:
    """Whether all differences of a claim have its sign, beyond chance or within."""
    if all(difference.low > 0 for difference in differences):
        return "as the paper finds"
    if all(difference.high < 0 for difference in differences):
        return "the opposite of what the paper finds"
    if all(difference.mean > 0 for difference in differences):
        return "in the paper's direction, within chance"
    if all(difference.mean < 0 for difference in differences):
        return "against the paper's direction, within chance"
    return "undecided"


def _rank(rows: Sequence[Row], scores: Mapping[str, Score], field: str) -> list[Cell]:
    found = [getattr(scores.get(row.parameters), field, None) for row in rows]
    pairs = zip(found, ranks(found), strict=True)
    return [Cell(number(None if v is None else 100 * v, 1), rank) for v, rank in pairs]


def _count(rows: Sequence[Row], scores: Mapping[str, Score]) -> list[Cell]:
    return cells(
        *(getattr(scores.get(row.parameters), "sequences", None) for row in rows), digits=0
    )


def _list_unequal(scores: Mapping[str, Score]) -> list[str]:
    """A warning where means are of different sequences."""
    if len({frozenset(score.each) for score in scores.values()}) < 2:
        return []
    return ["The rows rest on different sequences: their means must not be compared."]
