import json

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.results.scores import score_results
from tests.helpers.datasets import boxes, write, write_got10k, write_otb
from tests.helpers.trackers import Still, run_quietly


@pytest.fixture
def part(tmp_path):
    return open_part("otb", write_otb(tmp_path / "data"), results=tmp_path / "results")


def write_results(part, tracker, rows, folder):
    for name, boxes_of_it in rows.items():
        write(folder / "OTB2015" / tracker / f"{name}.txt", boxes_of_it, fmt="%.3f")


def test_truth_itself_scores_20_of_21(part, tmp_path, no_curves):
    """got10k counts IoU > threshold for 0, 0.05, ..., 1: the last is never passed."""
    truth = {"Couple": boxes(4, 5), "Deer": boxes(5, 6)}
    write_results(part, "truth", truth, tmp_path / "results")
    (score,) = score_results(part, ["truth"]).scores
    assert score.auc == pytest.approx(20 / 21)
    assert (score.os, score.dp, score.fps) == (1, 1, None)


def test_precision_at_20_pixels(part, tmp_path, no_curves):
    """Centres off by 0, 20, 20.1, 12 + 16i = 20, 21 px: three of five are within."""
    rows = boxes(5, 6)
    rows[:, :2] += [[0, 0], [20, 0], [20.1, 0], [12, 16], [0, 21]]
    write_results(part, "off", {"Deer": rows}, tmp_path / "results")
    (score,) = score_results(part, ["off"]).scores
    assert score.dp == pytest.approx(3 / 5) and score.sequences == 1


def test_overlap_of_exactly_one_half_is_no_success(part, tmp_path, no_curves):
    """10 x 8 in 10 x 16 is 0.5; in 10 x 15.9 it is more."""
    rows = boxes(5, 6)
    rows[1, 3], rows[2, 3] = 16, 15.9
    write_results(part, "half", {"Deer": rows}, tmp_path / "results")
    assert score_results(part, ["half"]).scores[0].os == pytest.approx(4 / 5)


def test_speed_is_the_mean_over_frames_of_one_over_the_time(part, tmp_path, no_curves):
    write_results(part, "fast", {"Deer": boxes(5, 6)}, tmp_path / "results")
    times = tmp_path / "results" / "OTB2015" / "fast" / "times" / "Deer_time.txt"
    write(times, np.array([0.5, 0.25, 0.1, 0.1, 0.1]))
    assert score_results(part, ["fast"]).scores[0].fps == pytest.approx((2 + 4 + 10 + 10 + 10) / 5)


def test_trackers_are_compared_on_equal_sequences(part, tmp_path, no_curves):
    """b lacks Couple: it has a report of its own, and the order asked for is kept."""
    truth = {"Couple": boxes(4, 5), "Deer": boxes(5, 6)}
    for name, rows in (("a", truth), ("b", {"Deer": truth["Deer"]}), ("c", truth)):
        write_results(part, name, rows, tmp_path / "results")
    done = score_results(part, ["a", "b", "c", "d", "a"])
    assert [(s.tracker, s.sequences) for s in done.scores] == [("a", 2), ("b", 1), ("c", 2)]
    names = [sorted(json.loads((f / "performance.json").read_text())) for f in done.folders]
    assert names == [["a", "c"], ["b"]] and not done.problems


def test_damaged_results_are_left_out_and_named(part, tmp_path, no_curves):
    write_results(part, "a", {"Couple": boxes(4, 5), "Deer": boxes(3, 6)}, tmp_path / "results")
    done = score_results(part, ["a"])
    assert done.problems == ["a, Deer: Deer.txt has 3 lines, and the annotation 5"]
    assert done.scores[0].by_sequence.keys() == {"Couple"}


def test_got10k_by_hand(tmp_path, no_curves):
    """Frames after the first, without the hidden third: of 4 and 5 frames, 2 and 3 count.

    The box stays, IoU (10-d) / (10+d) at d = 2, 6 and d = 2, 6, 8, all in one mean.
    """
    part = open_part("got10k", write_got10k(tmp_path / "data"), results=tmp_path / "results")
    (score,) = run_quietly(part, Still()).report.scores
    overlaps = [8 / 12, 4 / 16, 8 / 12, 4 / 16, 2 / 18]
    assert score.auc == pytest.approx(np.mean(overlaps))
    assert score.os == pytest.approx(2 / 5) and score.dp == 1
    assert score.by_sequence["GOT-10k_Val_000001"] == pytest.approx(np.mean(overlaps[:2]))


def test_precision_of_got10k_is_over_visible_frames(tmp_path, no_curves):
    """Frames 1 to 3 off by 30 px, of which 2 is hidden: 2 of the 2 + 3 that count are off."""
    part = open_part("got10k", write_got10k(tmp_path / "data"), results=tmp_path / "results")
    run_quietly(part, Still())
    file = tmp_path / "results/GOT-10k/Still/GOT-10k_Val_000001/GOT-10k_Val_000001_001.txt"
    rows = boxes(4)
    rows[1:, 0] += 30
    write(file, rows, fmt="%.3f")
    assert score_results(part, ["Still"]).scores[0].dp == pytest.approx(3 / 5)


def test_got10k_without_times(tmp_path, no_curves):
    """The host's report would end with an UnboundLocalError."""
    part = open_part("got10k", write_got10k(tmp_path / "data"), results=tmp_path / "results")
    run_quietly(part, Still())
    folder = tmp_path / "results/GOT-10k/Still/GOT-10k_Val_000002"
    (folder / "GOT-10k_Val_000002_time.txt").unlink()
    done = score_results(part, ["Still"])
    assert done.scores[0].sequences == 1
    assert done.problems == [
        "Still, GOT-10k_Val_000002: no GOT-10k_Val_000002_time.txt, which the host's report needs"
    ]


def test_the_hosts_curves(part, tmp_path, monkeypatch):
    monkeypatch.setattr(plt, "get_backend", lambda: "agg")
    plt.switch_backend("agg")
    own, size = plt.figure(), matplotlib.rcParams["font.size"]
    (folder,) = run_quietly(part, Still()).report.folders
    assert sorted(p.name for p in folder.iterdir()) == [
        "performance.json",
        "precision_plots.pdf",
        "precision_plots.png",
        "success_plots.pdf",
        "success_plots.png",
    ]
    assert plt.get_fignums() == [own.number] and matplotlib.rcParams["font.size"] == size
    plt.close(own)
