import errno
import json
import os
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from crt_plugin.benchmark.results.responses import ResponseMaps
from crt_plugin.errors import MissingExtraError, ParameterError, SourceError, StorageError
from crt_plugin.formats.otb import otb_lists
from crt_plugin.report.page import build as building
from crt_plugin.report.page import javascript
from crt_plugin.report.page.content import NO_FILE
from crt_plugin.report.page.javascript import as_json, file_name, write_script
from crt_plugin.report.statistics.bootstrap import paired_difference
from crt_plugin.runtime.environment import advise_extra
from tests.helpers.datasets import boxes, write, write_otb, write_uav123
from tests.helpers.page import TRUTH, pages, read_script, shift, write_results

__all__ = ["pages"]  # a fixture

HALF = {name: shift(rows, x=5) for name, rows in TRUTH.items()}  # overlap 5 / 15
HOSTILE = "</script><img src=x onerror=alert(1)> & \u2028 \u2029 \"'\\"


# --------------------------------------------------------------------------- what is collected


def test_scores_of_the_truth_and_of_boxes_half_beside_it(pages):
    """Deer: one frame of overlap 1 and four of 1/3, which 7 of 21 thresholds are below."""
    page = pages.summary({"truth": TRUTH, "half": HALF})
    truth, half = page["trackers"]
    assert [truth["name"], half["name"]] == ["truth", "half"]
    assert truth["auc"] == pytest.approx([20 / 21, 20 / 21], abs=1e-6)
    assert half["auc"][1] == pytest.approx((20 + 4 * 7) / 21 / 5, abs=1e-6)
    assert (half["os"][1], half["dp"][1], half["fps"][1]) == (0.2, 1, None)
    assert truth["success"][0] == [10000] * 20 + [0]
    assert half["success"][1] == [10000] * 7 + [2000] * 13 + [0]
    assert half["precision"][1] == [2000] * 5 + [10000] * 46  # 5 px off


def test_boxes_and_overlap_of_each_frame(pages):
    """Files count pixels from 1, the page from 0, in tenths: x = 6 + 2 k becomes 50 + 20 k."""
    pages.build({"truth": TRUTH, "half": HALF})
    deer = pages.sequence("Deer")
    assert deer["frames"] == 5
    assert deer["iou"] == {"0": [1000] * 5, "1": [1000] + [333] * 4}
    assert deer["truth"] == [v for k in range(5) for v in (50 + 20 * k, 50, 100, 80)]
    assert deer["boxes"]["0"] == deer["truth"]
    assert deer["boxes"]["1"][:8] == [50, 50, 100, 80, 120, 50, 100, 80]
    assert deer["picture"] == {"width": 64, "height": 48, "scale": 1.0, "unread": []}


def test_the_first_frame_counts_as_the_host_counts_it(pages):
    """got10k puts the annotation in the place of the first box."""
    rows = {"Deer": shift(TRUTH["Deer"]) + [30, 0, 0, 0]}
    page = pages.summary({"far": rows})
    assert pages.sequence("Deer")["iou"]["0"] == [1000, 0, 0, 0, 0]
    assert page["trackers"][0]["os"] == [0.2]


def test_ours_come_first_and_then_the_best(pages):
    far = {name: shift(rows, x=30) for name, rows in TRUTH.items()}
    page = pages.summary({"a": HALF, "b": TRUTH, "CRT-hog": far})
    assert [tracker["name"] for tracker in page["trackers"]] == ["CRT-hog", "b", "a"]
    assert [tracker["ours"] for tracker in page["trackers"]] == [True, False, False]


def test_parts_are_the_benchmark_s_lists(pages):
    page = pages.summary({"truth": TRUTH})
    parts = {part["key"]: part for part in page["parts"]}
    lists = otb_lists()
    for number, name in enumerate(("Couple", "Deer")):
        assert page["sequences"][number]["attributes"] == list(lists.of_target[name])
        assert (number in parts["TB-50"]["sequences"]) == (name in lists.tb50)
        for key in lists.attributes:
            inside = key in parts and number in parts[key]["sequences"]
            assert inside == (key in lists.of_target[name])
    assert parts["all"]["sequences"] == [0, 1] and parts["IPR"]["is_attribute"]


def test_differences_are_those_of_the_paired_bootstrap(pages):
    page = pages.summary({"truth": TRUTH, "half": HALF})
    scores = [
        {s["name"]: tracker["auc"][i] for i, s in enumerate(page["sequences"])}
        for tracker in page["trackers"]
    ]
    expected = paired_difference(*scores)
    ((first, second, mean, low, high, count),) = page["pairs"]["all"]
    assert (first, second, count) == (0, 1, 2)
    assert (mean, low, high) == pytest.approx(
        (expected.mean, expected.low, expected.high), abs=2e-6
    )


def test_the_page_says_what_it_rests_on(pages):
    about = pages.summary({"truth": TRUTH})["about"]
    assert (about["benchmark"], about["sequences"], about["listed"]) == ("OTB2015", 2, 100)
    assert about["version"] and about["machine"] and about["made"].endswith("UTC")


# --------------------------------------------------------------------------------- bad input


def test_no_frames(pages):
    page = pages.summary({"truth": TRUTH}, groundtruth=pages.data)
    assert [sequence["pictures"] for sequence in page["sequences"]] == [False, False]
    deer = pages.sequence("Deer")
    assert deer["iou"] == {"0": [1000] * 5} and "picture" not in deer and "boxes" not in deer
    assert not (pages.output / "frames").exists()


def test_some_frames(pages):
    """A sequence that lacks a frame has scores of annotations alone, and no pictures."""
    (pages.data / "Couple/img/0002.jpg").unlink()
    page = pages.summary({"truth": TRUTH}, groundtruth=pages.data, data=pages.data)
    assert [sequence["pictures"] for sequence in page["sequences"]] == [False, True]
    assert page["trackers"][0]["auc"][0] is not None
    assert page["notes"] == [
        "Couple: its frames are not used: 3 frames, and 4 lines of annotation in "
        "groundtruth_rect.txt"
    ]
    alone = pages.summary(data=pages.data)
    assert [sequence["name"] for sequence in alone["sequences"]] == ["Deer"]
    assert alone["notes"][0] == page["notes"][0]
    assert "1 of 2 result files are of no sequence that has an annotation" in alone["notes"][1]


@pytest.mark.parametrize("kept", [0, 20, -10])
def test_a_frame_that_cannot_be_read(kept, pages):
    """Nothing of it is there, or a part of its head, or all but the end."""
    frame = pages.data / "Deer/img/0003.jpg"
    frame.write_bytes(frame.read_bytes()[:kept])
    page = pages.summary({"truth": TRUTH})
    assert pages.sequence("Deer")["picture"]["unread"] == [2]
    assert page["notes"] == ["Deer: 1 of 5 frames cannot be read and have no picture"]
    names = sorted(file.name for file in (pages.output / "frames/001-Deer").iterdir())
    assert names == ["0000.jpg", "0001.jpg", "0003.jpg", "0004.jpg"]


def test_frames_are_wanted_that_are_not_there(pages):
    page = pages.summary({"truth": TRUTH}, data=pages.data, frames_of=["Deer", "Bolt"])
    assert [sequence["pictures"] for sequence in page["sequences"]] == [False, True]
    assert page["notes"] == ["Bolt: no pictures, its frames are not there"]


def test_missing_rivals(pages):
    asked = ["truth", "ECO", "KCF"]
    page = pages.summary({"truth": TRUTH, "KCF": {"Deer": TRUTH["Deer"]}}, trackers=asked)
    assert [tracker["name"] for tracker in page["trackers"]] == ["KCF", "truth", "ECO"]
    kcf, truth, eco = page["trackers"]
    assert eco["auc"] == [None, None] == eco["success"]
    assert kcf["auc"] == [None, pytest.approx(20 / 21, abs=1e-6)]
    assert page["reasons"] == [NO_FILE]
    assert (truth["missing"], kcf["missing"], eco["missing"]) == ({}, {"0": 0}, {"0": 0, "1": 0})
    assert page["pairs"]["all"] == []  # truth and KCF have one sequence in common


def test_results_of_different_lengths(pages):
    page = pages.summary({"a": TRUTH, "b": {"Couple": TRUTH["Couple"], "Deer": boxes(3, 6)}})
    b = page["trackers"][1]
    assert b["auc"][1] is None and b["success"][1] is None
    assert page["reasons"][b["missing"]["1"]] == "Deer.txt has 3 lines, and the annotation 5"
    assert pages.sequence("Deer")["iou"].keys() == {"0"}


@pytest.mark.parametrize("sequences", [None, ["Couple", "Deer"]])
def test_sequences_that_nobody_has_are_named_unless_asked_for(pages, sequences):
    page = pages.summary({"a": {"Deer": TRUTH["Deer"]}}, sequences=sequences)
    there = [sequence["name"] for sequence in page["sequences"]]
    note = "1 of 2 annotated sequences have no result of any tracker and are in no table"
    assert (there, page["notes"]) == ((["Deer"], [note]) if sequences is None else (sequences, []))


def test_a_sequence_without_attributes(pages):
    write_otb(pages.data, {"Car4": 4})
    page = pages.summary({"a": {**TRUTH, "Car4": boxes(4)}})
    assert [s["attributes"] for s in page["sequences"] if s["name"] == "Car4"] == [[]]
    number = [s["name"] for s in page["sequences"]].index("Car4")
    inside = {part["key"] for part in page["parts"] if number in part["sequences"]}
    assert inside <= {"all", "TB-50"}


def test_results_of_another_dataset(pages):
    write_results(pages.results, {"a": {"ball_2": boxes(4)}}, "NfS")
    with pytest.raises(SourceError, match=r"no results in .*OTB2015; expected .* holds NfS"):
        pages.build()
    write_results(pages.results, {"a": {"ball_2": boxes(4)}})
    with pytest.raises(SourceError, match=r"1 of 1 result files are of no sequence .*: ball_2"):
        pages.build()
    page = pages.summary({"a": {"Deer": TRUTH["Deer"]}})
    assert "a: 1 of 2 result files are of no sequence" in page["notes"][0]


def test_annotations_with_gaps(pages):
    """UAV123 has NaN where the object is out of view: no overlap there, and none counted."""
    data = write_uav123(pages.folder / "uav")
    rows = {}
    for file in sorted((data / "anno/UAV123").glob("*.txt")):
        if file.stem != "bike1":
            rows[file.stem] = boxes(len(np.loadtxt(file, delimiter=",")))
    write_results(pages.results, {"a": rows}, "UAV123")
    page = pages.summary(data=data, dataset="uav123", frames_of=[])
    assert page["trackers"][0]["auc"] == pytest.approx([20 / 21] * 2, abs=1e-6)
    assert pages.sequence(next(iter(rows)))["iou"]["0"][2:5] == [1000, None, 1000]
    assert [part["key"] for part in page["parts"]] == ["all"]


def test_a_page_without_frames_of_a_dataset_with_frames(pages):
    page = pages.summary({"a": TRUTH}, data=pages.data, frames_of=[])
    assert not any(sequence["pictures"] for sequence in page["sequences"])


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"groundtruth": None}, ParameterError, "expected --groundtruth FILE_OR_DIR, --data"),
        (
            {"dataset": "trackingnet"},
            ParameterError,
            "dataset 'trackingnet' is scored by its server",
        ),
        ({"dataset": "none"}, ParameterError, "no dataset 'none'"),
        ({"sequences": ["Bolt"]}, ParameterError, "no annotation of Bolt; expected Couple, Deer"),
        ({"sequences": []}, ParameterError, "no annotation of none at all"),
        ({"max_side": 0}, ParameterError, "max_side = 0; expected"),
        ({"trackers": ["ECO"]}, SourceError, "can be scored: no result file has the name"),
    ],
)
def test_wrong_settings(pages, settings, error, said):
    with pytest.raises(error, match=said):
        pages.build({"a": TRUTH}, **settings)
    assert not pages.output.exists()
    assert not list(pages.folder.glob(".*"))


def test_groundtruth_is_of_otb(pages):
    with pytest.raises(ParameterError, match="groundtruth is read of OTB2015 only, not of 'nfs'"):
        pages.build({"a": TRUTH}, groundtruth=pages.data, dataset="nfs")


# ------------------------------------------------------------------------- means and selection


@pytest.mark.parametrize(
    ("trackers", "mode"),
    [
        ({"CRT-a": TRUTH, "b": {"Deer": TRUTH["Deer"]}}, "all"),
        ({"CRT-a": {"Deer": TRUTH["Deer"]}, "b": TRUTH}, "common"),
        ({"a": {"Deer": TRUTH["Deer"]}, "b": {"Couple": TRUTH["Couple"]}}, "common"),
        ({"a": TRUTH, "b": {"Deer": TRUTH["Deer"]}}, "all"),
    ],
)
def test_means_begin_with_what_ours_are_in(pages, trackers, mode):
    assert pages.summary(trackers)["mode"] == mode


# --------------------------------------------------------------------------------------- files


def test_large_frames_shrink_and_small_ones_keep_their_bytes(pages):
    pages.build({"a": TRUTH}, data=pages.data, max_side=32)
    assert pages.sequence("Deer")["picture"] == {
        "width": 32,
        "height": 24,
        "scale": 0.5,
        "unread": [],
    }
    with Image.open(pages.output / "frames/001-Deer/0000.jpg") as picture:
        assert picture.size == (32, 24)
    pages.build(data=pages.data, max_side=64)
    copied = (pages.output / "frames/001-Deer/0004.jpg").read_bytes()
    assert copied == (pages.data / "Deer/img/0005.jpg").read_bytes()


def test_a_page_is_replaced_and_nothing_else_is(pages):
    pages.output.mkdir()
    pages.build({"a": TRUTH})
    (pages.output / "frames/old.jpg").write_text("of the page before")
    pages.build()
    assert (pages.output / "index.html").is_file()
    assert not (pages.output / "frames/old.jpg").exists()
    shutil.rmtree(pages.output / "data")
    with pytest.raises(ParameterError, match="holds something that is no page"):
        pages.build()


def test_a_page_that_cannot_be_written_leaves_the_one_before(pages, monkeypatch):
    pages.build({"a": TRUTH})
    before = {file: file.read_bytes() for file in pages.output.rglob("*") if file.is_file()}

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(building, "write_script", full)
    with pytest.raises(StorageError, match="cannot be written: No space left on device"):
        pages.build()
    assert before == {file: file.read_bytes() for file in pages.output.rglob("*") if file.is_file()}
    assert sorted(path.name for path in pages.folder.iterdir()) == ["data", "page", "results"]


def test_the_host_writes_no_report_among_the_results(pages):
    pages.build({"a": TRUTH})
    assert [folder.name for folder in pages.results.iterdir()] == ["OTB2015"]
    assert not list(pages.folder.glob(".*"))


def test_missing_plotly_is_an_extra(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(javascript.importlib, "import_module", missing)
    with pytest.raises(MissingExtraError, match="plotly: " + re.escape(advise_extra("report"))):
        javascript.plotly_script()


# ------------------------------------------------------------------------------- response maps


def test_recorded_responses_come_along(pages):
    maps = np.arange(5 * 2 * 3, dtype=np.uint8).reshape(5, 2, 3)
    ones = np.ones(5, dtype=np.float32)
    rects = np.tile(np.float32([10, 20, 50, 40]), (5, 1))
    kept = ResponseMaps(maps, -ones, ones, rects, 0.5 * ones, (4, 5), (3, 3))
    folder = pages.results / "OTB2015/CRT-a/responses"
    kept.save(folder / "Deer.npz")
    (folder / "Couple.npz").write_bytes(b"damaged")
    page = pages.summary({"CRT-a": TRUTH})
    file = pages.sequence("Deer")["responses"]["0"]
    key, data = read_script(pages.output / "data" / f"{file}.js")
    assert key == file and (data["rows"], data["columns"], data["low"]) == (2, 3, [-1] * 5)
    assert data["rects"][:4] == [200, 300, 300, 200]  # steps of 10 px: from 10 + 10, 20 + 10
    assert data["angles"] == [0.5] * 5
    assert pages.sequence("Couple")["responses"] == {}
    (note,) = page["notes"]
    assert note.startswith("CRT-a, Couple: no response maps: ")


def test_responses_of_another_run_are_not_shown(pages):
    one = np.ones(3, dtype=np.float32)
    maps = np.zeros((3, 2, 2), dtype=np.uint8)
    kept = ResponseMaps(maps, one, one, np.ones((3, 4), dtype=np.float32), one, (2, 2), (1, 1))
    kept.save(pages.results / "OTB2015/CRT-a/responses/Deer.npz")
    page = pages.summary({"CRT-a": TRUTH})
    assert page["notes"] == ["CRT-a, Deer: no response maps: 3 maps, and 5 frames"]


# ------------------------------------------------------------------------------ hostile text


def test_text_cannot_end_a_script(tmp_path):
    text = as_json({HOSTILE: [HOSTILE]})
    assert not {c for c in "<>&\u2028\u2029" if c in text}
    assert json.loads(text) == {HOSTILE: [HOSTILE]}
    write_script(tmp_path / "a.js", HOSTILE, HOSTILE)
    assert "<" not in (tmp_path / "a.js").read_text(encoding="utf-8")


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        as_json(float("nan"))


@pytest.mark.parametrize("name", [HOSTILE, "../../etc/passwd", "a?b#c%20", "", "x" * 300])
def test_file_names_are_safe_and_differ(name):
    safe = file_name(7, name)
    assert safe.startswith("007-") and len(safe) < 80
    assert set(safe) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
    assert file_name(8, name) != safe


def test_hostile_names_of_trackers_are_kept_as_text(pages):
    name = "a\"b&c'<i>$x$"
    try:
        write(pages.results / "OTB2015" / name / "Deer.txt", TRUTH["Deer"], fmt="%.3f")
    except OSError:
        pytest.skip("this file system refuses such a name")
    page = pages.summary()
    assert page["trackers"][0]["name"] == name
    assert "<" not in (pages.output / "data/summary.js").read_text()
