import numpy as np
import pytest

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.results.scores import score_results
from crt_plugin.paper.benchmark_rule import apply_benchmark_rule
from tests.helpers.datasets import boxes, write, write_otb


def test_frames_without_an_object(tmp_path, no_curves):
    """Of 5 frames, one's annotation begins at x = 0 and one's has no width: both count as right
    in DP whatever the box is, and as no overlap in AUC."""
    root = write_otb(tmp_path / "otb", {"Deer": 5})
    truth = boxes(5)
    truth[2, 0], truth[3, 2] = 0, 0
    write(root / "Deer" / "groundtruth_rect.txt", truth)
    result = boxes(5)
    result[2:4, 0] += 1000
    result[4, 0] += 1000
    write(tmp_path / "results/OTB2015/T/Deer.txt", result, fmt="%.3f")
    part = open_part("otb", root, results=tmp_path / "results")
    (host,), (ours,) = (score_results(p, ["T"]).scores for p in (part, apply_benchmark_rule(part)))
    assert host.dp == pytest.approx(2 / 5) and ours.dp == pytest.approx(4 / 5)
    assert ours.auc == pytest.approx(20 / 21 * 2 / 5)
    assert np.isclose(ours.each["Deer"].success[0], 2 / 5)


def test_the_part_itself_is_left_alone(tmp_path, monkeypatch):
    part = open_part("otb", write_otb(tmp_path / "otb"))
    assert "_calc_metrics" in vars(apply_benchmark_rule(part).experiment)
    assert "_calc_metrics" not in vars(part.experiment)
    assert apply_benchmark_rule(part).only(["Deer"]).names == ["Deer"]
