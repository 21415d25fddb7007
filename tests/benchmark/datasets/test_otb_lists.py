from collections import Counter

from got10k.datasets import OTB

from crt_plugin.benchmark.datasets.otb_files import TARGETS
from crt_plugin.benchmark.datasets.otb_lists import otb_lists


def test_targets_are_the_hosts():
    """got10k keeps folders; two of them hold two targets of the benchmark."""
    assert sorted(otb_lists().of_target) == TARGETS
    folders = {name.removesuffix(".1").removesuffix(".2") for name in otb_lists().tb50}
    assert folders == set(OTB._OTB__tb50_seqs) and len(otb_lists().tb50) == 50


def test_attributes():
    """All 11 are in use; and some targets, looked up in the published list."""
    lists = otb_lists()
    counts = Counter(name for names in lists.of_target.values() for name in names)
    assert counts.keys() == lists.attributes.keys() and len(lists.attributes) == 11
    assert lists.of_target["DragonBaby"] == ("OPR", "SV", "OCC", "MB", "FM", "IPR", "OV")
    assert lists.of_target["Jogging.2"] == ("OPR", "OCC", "DEF")
    assert lists.of_target["CarDark"] == ()
