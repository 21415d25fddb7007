"""Metrics that got10k lacks, worked out by hand."""

import json

import numpy as np
import pytest

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.results.scores import score_results
from crt_plugin.hosts.got10k.experiments import normalised_error
from tests.helpers.datasets import frames, write, write_got10k

TRUTH = np.array([[10.0, 10, 10, 20]] * 5)
# The first box is given and not scored. IoU 2 / 3, 0 and 1 in the second, third and fifth frame;
# centres off by 2, 20 and 0 px, and by 0.2, 2 and 0 widths. There is no object in the fourth.
BOXES = np.array([[50.0, 50, 1, 1], [12, 10, 10, 20], [30, 10, 10, 20], [1, 1, 1, 1], TRUTH[0]])


@pytest.fixture
def score(tmp_path, no_curves):
    """Score BOXES on a sequence of LaSOT, or of one's own."""

    def run(dataset):
        folder = tmp_path / "data" / "airplane" / "airplane-1"
        frames(folder / "img", 5)
        truth = TRUTH.copy()
        truth[3] = 0
        write(folder / "groundtruth.txt", truth)
        part = open_part(dataset, tmp_path / "data", results=tmp_path / "r")
        write(tmp_path / "r" / part.benchmark.folder / "T" / "airplane-1.txt", BOXES)
        report = score_results(part, ["T"])
        assert not report.problems
        return report

    return run


def test_lasot_counts_absent_frames_as_missed(score):
    """Success above 0, 0.05, ..., 1: 20, 14, 0 and 20 of 21 thresholds, over five frames."""
    (found,) = score("lasot").scores
    assert found.auc == pytest.approx((20 + 14 + 0 + 20) / (21 * 5))
    assert (found.os, found.dp) == (pytest.approx(3 / 5), pytest.approx(4 / 5))
    assert found.os75 == pytest.approx(2 / 5)
    # normalised precision within 0, 0.01, ..., 0.5: 51, 31, 0 and 51 of 51 thresholds
    assert found.normalised == pytest.approx((51 + 31 + 0 + 51) / (51 * 5))
    assert found.each["airplane-1"].normalised == pytest.approx(found.normalised)


def test_of_ones_own_they_are_left_out(score):
    (found,) = score("own").scores
    assert found.auc == pytest.approx((20 + 14 + 0 + 20) / (21 * 4))
    assert (found.os, found.dp) == (pytest.approx(3 / 4), 1.0)
    assert found.normalised == pytest.approx((51 + 31 + 0 + 51) / (51 * 4))


def test_the_hosts_report_holds_the_curve(score):
    report = score("lasot")
    (folder,) = report.folders
    values = json.loads((folder / "performance.json").read_text())["T"]["overall"]
    curve = values["normalised_precision_curve"]
    assert len(curve) == 51 and curve[20] == pytest.approx(3 / 5)  # what LaSOT's plots print
    assert curve[19] == pytest.approx(2 / 5)


def test_normalised_error_against_the_toolkits_formula(rng):
    """LaSOT's: centres (x + (w - 1) / 2) / W of both boxes, W of the annotation; y alike."""
    boxes, truth = (np.abs(rng.normal(50, 20, (40, 4))) + 1 for _ in range(2))
    for box, true, error in zip(boxes, truth, normalised_error(boxes, truth), strict=True):
        dx = (box[0] + (box[2] - 1) / 2) / true[2] - (true[0] + (true[2] - 1) / 2) / true[2]
        dy = (box[1] + (box[3] - 1) / 2) / true[3] - (true[1] + (true[3] - 1) / 2) / true[3]
        assert error == pytest.approx((dx**2 + dy**2) ** 0.5)


def test_got10k_by_hand(tmp_path, no_curves):
    """AO, SR0.5 and SR0.75 over all visible frames after the first, of both sequences together."""
    part = open_part("got10k", write_got10k(tmp_path / "data"), results=tmp_path / "r")
    for i, name in enumerate(part.names):
        _, truth = part.experiment.dataset[i][:2]
        found = truth + [0, 2, 0, 0]  # 8 px high: IoU 6 / 10
        found[-1] = truth[-1]
        for tracker, rows in (("T", found), ("Exact", truth)):
            folder = tmp_path / "r" / "GOT-10k" / tracker / name
            write(folder / f"{name}_001.txt", rows)
            write(folder / f"{name}_time.txt", np.ones(len(rows)))
    # The third frame of each is hidden, and the first does not count: 0.6, 1 and 0.6, 0.6, 1.
    score, exact = score_results(part, ["T", "Exact"]).scores
    assert score.auc == pytest.approx(3.8 / 5)
    assert (score.os, score.os75) == (1.0, pytest.approx(2 / 5))
    first, second = score.each.values()
    assert len(second.success) == 101 and first.success[75] == pytest.approx(1 / 2)
    assert second.success[75] == pytest.approx(1 / 3) and second.success[59] == 1.0
    assert [one.success[75] for one in exact.each.values()] == [1.0, 1.0]
