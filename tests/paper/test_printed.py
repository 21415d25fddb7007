"""The paper's numbers, and the published boxes that they are of."""

import pytest

from crt_plugin.benchmark.results.importing.published import import_results, published_part
from crt_plugin.benchmark.results.scores import score_results
from crt_plugin.formats.otb import otb_lists
from crt_plugin.hosts.got10k.toolkit import experiments
from crt_plugin.paper.attributes import by_attribute
from crt_plugin.paper.benchmark_rule import apply_benchmark_rule
from crt_plugin.paper.printed import TABLE1, TABLE2, TABLE3, TABLE4, TRACKERS

# The benchmark revised the lists of these after the paper.
REVISED = ("IV", "SV", "OCC", "LR")
RIVALS = [name for name in TRACKERS[1:] if name not in ("TGPR", "MEEM")]
# Published KCF boxes are of another run on a few targets (KiteSurf's alone would explain most).
OTHER_RUN = {("KCF", name): 0.9 for name in ("OPR", "IPR", "OV", "BC")} | {("KCF", "IV"): 2.2}


def test_tables_are_as_printed():
    """Some cells of each, read off the paper again."""
    assert TABLE1["default"] == (75.7, 83.5, 1.3) and TABLE1["hog"].fps == 9.1
    assert TABLE2["th = 0.0, a = 0"][:2] == (58.6, 68.1)
    assert TABLE3["7 x 5"][:2] == (66.2, 73.2)
    assert TABLE4["IV"]["CRT"] == (61.1, 82.0) and TABLE4["LR"]["TGPR"] == (37.8, 62.9)
    assert TABLE4["OV"]["SRDCF"] == (46.0, 59.7) and TABLE4["BC"]["KCF"] == (48.8, 69.7)
    assert list(TABLE4) == list(otb_lists().attributes)
    assert all(tuple(row) == TRACKERS for row in TABLE4.values())


@pytest.fixture(scope="module")
def published(shared, tmp_path_factory):
    """AUC and DP under each attribute, of the rivals' published boxes on all 100 targets."""
    folder = tmp_path_factory.mktemp("published")
    truth = shared / "data" / "otb100-groundtruth.zip"
    import_results(shared / "data" / "otb100-results.zip", folder, truth)
    part = apply_benchmark_rule(published_part(folder, truth))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiments.ExperimentOTB, "plot_curves", lambda *_: None)
        scores = score_results(part, RIVALS).scores
    return {score.tracker: by_attribute(score) for score in scores}


@pytest.mark.parametrize("tracker", RIVALS)
@pytest.mark.parametrize("attribute", TABLE4)
def test_published_boxes_give_the_papers_table_4(published, tracker, attribute):
    printed, ours = TABLE4[attribute][tracker], published[tracker][attribute]
    allowed = OTHER_RUN.get((tracker, attribute), 2.0 if attribute in REVISED else 0.15)
    assert ours.auc == pytest.approx(printed.auc, abs=allowed)
    assert ours.dp == pytest.approx(printed.dp, abs=allowed)
