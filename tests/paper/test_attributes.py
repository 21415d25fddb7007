import pytest

from crt_plugin.formats.otb import otb_lists
from crt_plugin.paper.attributes import (
    attribute_table,
    by_attribute,
    count_targets,
    find_first,
    list_without_attributes,
)
from crt_plugin.paper.printed import TABLE4, TRACKERS, Pair
from tests.helpers.paper import score

MINE = score("T", {"Deer": 0.6, "Couple": 0.2, "CarDark": 0.9, "mine": 0.5})


def test_means_over_targets_with_the_attribute():
    """Deer: MB FM IPR BC LR. Couple: OPR SV DEF FM BC. DP is 0.1 below AUC here."""
    found = by_attribute(MINE)
    assert found["FM"] == pytest.approx(Pair(40.0, 30.0))
    assert found["MB"] == pytest.approx(Pair(60.0, 50.0))
    assert found["OCC"] is None and list(found) == list(otb_lists().attributes)
    assert set(by_attribute(None).values()) == {None}


def test_targets_without_attributes_are_named():
    assert list_without_attributes(MINE) == ["CarDark", "mine"]
    assert [count_targets(name, MINE) for name in ("FM", "MB", "OCC")] == [2, 1, 0]


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


def test_where_a_tracker_is_first():
    """IV: alone. SV: beaten. OCC: equal. DEF: nobody to compare with. MB: no value of its own."""
    columns = {
        "A": {"IV": Pair(5, 1), "SV": Pair(3, 2), "OCC": Pair(4, 3), "DEF": Pair(9, 9), "MB": None},
        "B": {"IV": Pair(4, 2), "SV": Pair(4, 1), "OCC": Pair(4, 3), "DEF": None, "MB": Pair(1, 1)},
    }
    assert find_first("A", columns, "auc") == (["IV", "OCC"], ["IV", "SV", "OCC"])
    assert find_first("A", columns, "dp") == (["SV", "OCC"], ["IV", "SV", "OCC"])
    assert find_first("B", columns, "auc") == (["SV", "OCC"], ["IV", "SV", "OCC"])


def test_the_papers_own_table():
    """Section 5.5 says first in DP under all 11; its table has HCF and HDT before CRT under IPR."""
    columns = {name: {key: row[name] for key, row in TABLE4.items()} for name in TRACKERS}
    assert find_first("CRT", columns, "dp") == ([k for k in TABLE4 if k != "IPR"], list(TABLE4))
    ahead = [name for name in TRACKERS if TABLE4["IPR"][name].dp > TABLE4["IPR"]["CRT"].dp]
    assert ahead == ["HDT", "HCF"]
