"""Tables 1 to 3: OS and DP of several settings of CRT, ours beside the paper's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crt_plugin.benchmark.results.scores import Score
from crt_plugin.formats.otb import otb_lists
from crt_plugin.paper.printed import Quality
from crt_plugin.paper.study import ScriptOutput, Study, TrackerScores
from crt_plugin.report.result_table import Cell, ResultTable, number, ranks
from crt_plugin.report.statistics.bootstrap import Difference, paired_difference

COLUMNS = (
    "CRT",
    "paper OS",
    "paper DP",
    "paper fps",
    "OS-50",
    "DP-50",
    "n-50",
    "OS",
    "DP",
    "AUC",
    "n",
    "fps",
)
LEGEND = (
    "OS: IoU above 0.5; DP: centre within 20 px; AUC: of the success plot; all in percent, means "
    "over n sequences. -50: on those of OTB-50, as the paper's; the others on all of OTB-100 that "
    "are there. fps are those of the evaluation."
)


@dataclass(frozen=True)
class Row:
    """A setting of CRT.

    Attributes:
        label: as the paper calls it.
        parameters: parameter file.
        printed: what the paper says, None where it does not.
    """

    label: str
    parameters: str
    printed: Quality | None = None


@dataclass(frozen=True)
class Claim:
    """That one setting is better than another, as the paper finds.

    Attributes:
        text: in a few words.
        better, worse: parameter files.
    """

    text: str
    better: str
    worse: str


def make_quality_table(
    study: Study, name: str, title: str, rows: Sequence[Row], claims: Sequence[Claim]
) -> ScriptOutput:
    """Run the settings, and save and return their table with what it says of the claims."""
    files = [row.parameters for row in rows]
    scored = study.crt(files)
    printed = {row.parameters: row.printed for row in rows if row.printed}
    findings = [finding(claim, scored, printed) for claim in claims]
    sequences = {sequence for score in scored.scores.values() for sequence in score.each}
    table = quality_table(name, title, rows, scored, findings)
    return ScriptOutput([study.save(table, study.provenance(sequences, files))], findings=findings)


def quality_table(
    name: str, title: str, rows: Sequence[Row], scored: TrackerScores, findings: Sequence[str]
) -> ResultTable:
    """Rows with the best and second best of each column of ours marked."""
    hundred = scored.scores
    fifty = scored.over(otb_lists().tb50)
    columns = [
        [Cell(number(row.printed.os if row.printed else None, 1)) for row in rows],
        [Cell(number(row.printed.dp if row.printed else None, 1)) for row in rows],
        [Cell(number(row.printed.fps if row.printed else None, 1)) for row in rows],
        _ours(rows, fifty, "os"),
        _ours(rows, fifty, "dp"),
        [Cell(_count(fifty.get(row.parameters))) for row in rows],
        _ours(rows, hundred, "os"),
        _ours(rows, hundred, "dp"),
        _ours(rows, hundred, "auc"),
        [Cell(_count(hundred.get(row.parameters))) for row in rows],
        [Cell(_fps(hundred.get(row.parameters))) for row in rows],
    ]
    lines = [[Cell(row.label), *cells] for row, *cells in zip(rows, *columns, strict=True)]
    notes = [
        LEGEND,
        *findings,
        *_uneven(hundred),
        *(f"Left empty: {note}" for note in scored.notes),
    ]
    return ResultTable(name, title, COLUMNS, lines, notes)


def finding(claim: Claim, scored: TrackerScores, printed: Mapping[str, Quality]) -> str:
    """What our results say of a claim, with the intervals of OS and DP."""
    paper = ""
    if claim.better in printed and claim.worse in printed:
        better, worse = printed[claim.better], printed[claim.worse]
        paper = f" (paper: {better.os - worse.os:+.1f} and {better.dp - worse.dp:+.1f})"
    where = {"OTB-50": scored.over(otb_lists().tb50), "OTB-100": scored.scores}
    parts = [f"{name}: {_differences(claim, scores)}" for name, scores in where.items()]
    return (
        f"{claim.text}: OS and DP of {claim.better} minus {claim.worse}{paper}. {'; '.join(parts)}."
    )


def _differences(claim: Claim, scores: Mapping[str, Score]) -> str:
    if claim.better not in scores or claim.worse not in scores:
        return "not measured"
    found = differences(scores[claim.better], scores[claim.worse], "os", "dp")
    if found is None:
        return "fewer than two sequences in common"
    os, dp = found
    return f"{in_percent(os)} and {in_percent(dp)} on {os.sequences} sequences, {verdict(os, dp)}"


def differences(first: Score, second: Score, *fields: str) -> list[Difference] | None:
    """``first`` minus ``second`` in each of auc, os or dp, over the sequences that both have.

    Returns:
        One for each field; None where they have fewer than two sequences in common.
    """
    pairs = [(by_sequence(first, field), by_sequence(second, field)) for field in fields]
    found = [difference for pair in pairs if (difference := paired_difference(*pair))]
    return found or None


def by_sequence(score: Score, field: str) -> dict[str, float]:
    """One number of each sequence: auc, os or dp."""
    return {name: getattr(one, field) for name, one in score.each.items()}


def in_percent(difference: Difference) -> str:
    """For example "+3.1 [-0.2, +6.4]"."""
    mean, low, high = (100 * x for x in (difference.mean, difference.low, difference.high))
    return f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]"


def verdict(*differences: Difference) -> str:
    """Whether our results go the way of a claim: all of its differences, beyond chance or not."""
    if all(difference.low > 0 for difference in differences):
        return "as the paper finds"
    if all(difference.high < 0 for difference in differences):
        return "the opposite of what the paper finds"
    if all(difference.mean > 0 for difference in differences):
        return "in the paper's direction, within chance"
    if all(difference.mean < 0 for difference in differences):
        return "against the paper's direction, within chance"
    return "undecided"


def _ours(rows: Sequence[Row], scores: Mapping[str, Score], field: str) -> list[Cell]:
    found = [getattr(scores.get(row.parameters), field, None) for row in rows]
    pairs = zip(found, ranks(found), strict=True)
    return [Cell(number(None if v is None else 100 * v, 1), rank) for v, rank in pairs]


def _count(score: Score | None) -> str:
    return "" if score is None else str(score.sequences)


def _fps(score: Score | None) -> str:
    return number(None if score is None else score.fps, 1)


def _uneven(scores: Mapping[str, Score]) -> list[str]:
    """A warning where means are of different sequences."""
    if len({frozenset(score.each) for score in scores.values()}) < 2:
        return []
    return ["The rows rest on different sequences: their means must not be compared."]
