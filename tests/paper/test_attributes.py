import pytest
from paper_data import score

from crt_plugin.evaluation.otb_lists import otb_lists
from crt_plugin.paper.attributes import (
    attribute_table,
    by_attribute,
    targets_with,
    without_attributes,
)
from crt_plugin.paper.printed import Pair

MINE = score("T", {"Deer": 0.6, "Couple": 0.2, "CarDark": 0.9, "mine": 0.5})


def test_means_over_targets_with_the_attribute():
    """Deer: MB FM IPR BC LR. Couple: OPR SV DEF FM BC. DP is 0.1 below AUC here."""
    found = by_attribute(MINE)
    assert found["FM"] == pytest.approx(Pair(40.0, 30.0))
    assert found["MB"] == pytest.approx(Pair(60.0, 50.0))
    assert found["OCC"] is None and list(found) == list(otb_lists().attributes)
    assert set(by_attribute(None).values()) == {None}


def test_targets_without_attributes_are_named():
    assert without_attributes(MINE) == ["CarDark", "mine"]
    assert [targets_with(name, MINE) for name in ("FM", "MB", "OCC")] == [2, 1, 0]


def test_table():
    heads = {"IV": "IV (2)", "OV": "OV"}
    columns = {
        "A": {"IV": Pair(50.04, 60.0), "OV": None},
        "B": {"IV": Pair(50.01, 70.0), "OV": Pair(1, 2)},
        "C": {"IV": Pair(40.0, 80.0), "OV": None},
    }
    table = attribute_table("t", "T", heads, columns, ["note"])
    assert table.columns == ("attribute", "A", "B", "C") and table.notes == ["note"]
    shown = [[(cell.text, cell.rank) for cell in row] for row in table.rows]
    # equal as they are shown: both are the best
    assert shown[0] == [("IV (2)", 0), ("50.0/60.0", 1), ("50.0/70.0", 1), ("40.0/80.0", 2)]
    assert shown[1] == [("OV", 0), ("", 0), ("1.0/2.0", 1), ("", 0)]
