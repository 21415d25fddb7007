import pytest

from crt_plugin.paper.printed import Quality
from crt_plugin.paper.quality import Claim, Row, finding, quality_table, verdict
from crt_plugin.paper.reproduction import TrackerScores
from crt_plugin.report.statistics.bootstrap import Difference
from tests.helpers.paper import score

# Deer and Girl are of OTB-50; Dog and Crossing are not.
ROWS = [Row("9 x 5", "good", Quality(70.0, 80.0, 1.5)), Row("3 x 3", "bad", Quality(60.0, 75.0))]
CLAIM = Claim("Larger is better", "good", "bad")


GOOD = score("CRT-good", {"Deer": 0.8, "Girl": 0.6, "Dog": 0.4, "Crossing": 0.6})
BAD = score("CRT-bad", {"Deer": 0.5, "Girl": 0.4, "Dog": 0.3, "Crossing": 0.2})


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_ours_beside_the_papers():
    """OTB-50: Deer and Girl, AUC 0.7 and 0.45; OS is 0.1 above and DP 0.1 below here."""
    table = quality_table(
        "t", "T", ROWS, TrackerScores({"good": GOOD, "bad": BAD}, []), ["a finding"]
    )
    paper = ["70.0", "80.0", "1.5"]
    assert texts(table)[0] == [
        "9 x 5", *paper, "80.0", "60.0", "2", "70.0", "50.0", "60.0", "4", "2.0"
    ]  # fmt: skip
    assert texts(table)[1][4:7] == ["55.0", "35.0", "2"] and texts(table)[1][3] == ""
    assert [cell.rank for cell in table.rows[0]][4:6] == [1, 1]
    assert [cell.rank for cell in table.rows[1]][4:6] == [2, 2]
    assert "a finding" in table.notes and not any("different" in note for note in table.notes)


def test_what_is_missing_is_left_empty_and_named():
    table = quality_table(
        "t", "T", ROWS, TrackerScores({"good": GOOD}, ["CRT-bad: no weights"]), []
    )
    assert texts(table)[1] == ["3 x 3", "60.0", "75.0", *[""] * 9]
    assert "Left empty: CRT-bad: no weights" in table.notes


def test_uneven_rows_are_said():
    short = score("CRT-bad", {"Deer": 0.5})
    table = quality_table("t", "T", ROWS, TrackerScores({"good": GOOD, "bad": short}, []), [])
    assert any("different sequences" in note for note in table.notes)


def test_a_finding_by_hand():
    """Differences: Deer 0.3, Girl 0.2, Dog 0.1, Crossing 0.4; on OTB-50 mean 0.25."""
    printed = {row.parameters: row.printed for row in ROWS}
    text = finding(CLAIM, TrackerScores({"good": GOOD, "bad": BAD}, []), printed)
    assert "(paper: +10.0 and +5.0)" in text
    assert "OTB-50: +25.0 [+20.0, +30.0] and +25.0 [+20.0, +30.0] on 2 targets" in text
    assert "OTB-100: +25.0" in text and text.count("as the paper finds") == 2


def test_a_finding_without_results():
    text = finding(CLAIM, TrackerScores({"good": GOOD}, []), {})
    assert "OTB-50: not measured; OTB-100: not measured" in text and "(paper" not in text
    alone = TrackerScores({"good": GOOD, "bad": score("CRT-bad", {"Deer": 0.5})}, [])
    assert "OTB-50: fewer than two sequences in common" in finding(CLAIM, alone, {})


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ((0.1, 0.05, 0.2), (0.2, 0.1, 0.3), "as the paper finds"),
        ((-0.1, -0.2, -0.05), (-0.2, -0.3, -0.1), "the opposite of what the paper finds"),
        ((0.1, -0.05, 0.2), (0.2, 0.1, 0.3), "in the paper's direction, within chance"),
        ((-0.1, -0.2, 0.05), (-0.2, -0.3, -0.1), "against the paper's direction, within chance"),
        ((0.1, 0.05, 0.2), (-0.2, -0.3, -0.1), "undecided"),
    ],
)
def test_verdicts(first, second, said):
    assert verdict(Difference(*first, 4), Difference(*second, 4)) == said
