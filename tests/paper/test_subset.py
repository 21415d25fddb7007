import pytest

from crt_plugin.paper.subset import compare_subset
from tests.helpers.paper import score

# OTB-50: Couple, Deer, Girl. OTB-100 only: Crossing. "mine" is in neither.
EASY = score("A", {"Couple": 0.6, "Deer": 0.4, "Girl": 0.2, "Crossing": 0.8, "mine": 0.0})
HARD = score("B", {"Couple": 0.1, "Deer": 0.3, "Girl": 0.5, "Crossing": 0.7})


def read_row(table, tracker):
    row = next(row for row in table.rows if row[0].text == tracker)
    return {head: cell.text for head, cell in zip(table.columns, row, strict=True)}


def test_here_beside_all_by_hand():
    """OS is 0.1 above AUC, DP 0.1 below. OTB-50: here 0.5 of A, all 0.4; B 0.2 and 0.3."""
    table, findings = compare_subset({"B": HARD, "A": EASY}, ["Couple", "Deer", "Crossing", "mine"])
    easy = read_row(table, "A")
    assert (easy["OTB-50 OS here"], easy["OTB-50 OS"]) == ("60.0", "50.0")
    assert (easy["OTB-50 DP here"], easy["OTB-50 AUC"]) == ("40.0", "40.0")
    assert (easy["OTB-100 AUC here"], easy["OTB-100 AUC"]) == ("60.0", "50.0")
    assert "2 of OTB-50's 50 targets" in findings[0] and "A +10.0, B -10.0." in findings[0]
    assert "3 of OTB-100's 100 targets" in findings[1] and "A +10.0, B -3.3." in findings[1]
    assert "A has results of 4 of the 100 targets of OTB-100." in table.notes


def test_nothing_is_said_if_all_are_available():
    table, findings = compare_subset({"A": EASY}, list(EASY.each))
    assert findings == [] and read_row(table, "A")["OTB-50 OS here"] == "50.0"


@pytest.mark.parametrize("targets", [[], ["mine"]])
def test_no_available_target_leaves_cells_empty(targets):
    table, findings = compare_subset({"A": EASY}, targets)
    assert findings == [] and read_row(table, "A")["OTB-50 OS here"] == ""
    assert read_row(table, "A")["OTB-50 OS"] == "50.0"


def test_no_rivals():
    table, findings = compare_subset({}, ["Deer"])
    assert not table.rows and findings == []
