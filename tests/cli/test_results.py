"""Results in the layouts of other toolkits, from ``crt results import`` to table and page."""

import io
import re
import shutil
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

from crt_plugin.cli.main import app
from crt_plugin.formats.boxes import parse_boxes
from crt_plugin.hosts.got10k.toolkit import rect_iou
from tests.helpers.datasets import (
    boxes,
    shortest_uav,
    write,
    write_got10k,
    write_lasot,
    write_layouts,
    write_nfs_pytracking,
    write_otb,
    write_uav123,
)

pytestmark = pytest.mark.usefixtures("no_curves")
COUNT = 6
TIMES = "0.5\n" * COUNT


@pytest.fixture
def crt(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(text, exit_code=0):
        done = CliRunner().invoke(app, text.split())
        assert done.exit_code == exit_code, done.stderr
        return done

    return run


def row(output, tracker):
    """Numbers of a tracker's line in a table, by the heading of their column."""
    lines = [re.split(r" {2,}", line.strip()) for line in output.splitlines()]
    head = next(line for line in lines if line[0] == "tracker")
    return dict(zip(head, next(line for line in lines if line[0] == tracker), strict=True))


def text_of(rows, delimiter=",", fmt="%.4f"):
    text = io.StringIO()
    np.savetxt(text, rows, delimiter=delimiter, fmt=fmt)
    return text.getvalue()


def put(root, files):
    for place, text in files.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(text)
    return root


@pytest.fixture
def published(shared):
    """KCF's published boxes of Deer, and the annotation, of its first frames."""
    with zipfile.ZipFile(shared / "data" / "otb100-results.zip") as every:
        found = parse_boxes(every.read("KCF/Deer.txt"))[:COUNT]
    truth = np.loadtxt(shared / "data" / "otb" / "Deer" / "groundtruth_rect.txt", delimiter=",")
    return found, truth[:COUNT]


def success(found, truth):
    """AUC: mean over thresholds 0, 0.05, ..., 1 of the fraction of frames above."""
    overlap = rect_iou(found, truth)
    overlap[0] = 1  # the host puts the annotation there
    return np.mean([(overlap > k / 20).mean() for k in range(21)])


@pytest.mark.parametrize("toolkit", ["pysot", "pytracking", "LaSOT", "zip of zips"])
def test_published_boxes_of_a_real_sequence(toolkit, crt, published, shared, tmp_path):
    """KCF's boxes as each toolkit writes them, in each dataset's layout, have the same AUC."""
    found, truth = published
    write_layouts(tmp_path, shared / "data" / "otb" / "Deer", COUNT)
    source = tmp_path / "theirs"
    whole = np.trunc(found)  # pytracking cuts fractions off
    files = {
        "pysot": {
            "results/OTB100/KCF/Deer.txt": text_of(found),
            "results/LaSOT/KCF/deer-8.txt": text_of(found),
            "results/GOT-10k/KCF/Deer/Deer_001.txt": text_of(found),
            "results/GOT-10k/KCF/Deer/Deer_time.txt": TIMES,
        },
        "pytracking": {
            f"tracking_results/kcf/default_000/{name}{kind}.txt": text
            for name in ("Deer", "deer-8")
            for kind, text in (("", text_of(whole, "\t", "%d")), ("_time", TIMES))
        },
        "LaSOT": {
            "tracking_results/KCF_tracking_result/deer-8.txt": text_of(found),
            "annos/deer-8.txt": text_of(truth),
        },
        "zip of zips": {},
    }[toolkit]
    put(source, files)
    if toolkit == "zip of zips":
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as packed:
            packed.writestr("Deer/Deer_001.txt", text_of(found))
            packed.writestr("Deer/Deer_time.txt", TIMES)
        source = tmp_path / "several.zip"
        with zipfile.ZipFile(source, "w") as packed:
            packed.writestr("results/KCF.zip", inner.getvalue())
    name = "kcf-default_000" if toolkit == "pytracking" else "KCF"
    expected = success(whole if toolkit == "pytracking" else found, truth)
    datasets = {
        "pysot": ("otb", "lasot", "got10k"),
        "pytracking": ("otb", "lasot"),
        "LaSOT": ("lasot",),
        "zip of zips": ("got10k",),
    }[toolkit]
    for dataset in datasets:
        imported = crt(f"results import {source} --to r --groundtruth {dataset}")
        assert row(imported.stdout, name)["sequences"] == "1"
        assert "lengths are not checked" not in imported.stderr
        done = crt(f"evaluate --data {dataset} --trackers results:{name} --results r")
        scored = row(done.stdout, name)
        if dataset == "got10k":
            assert scored["AO"] == f"{rect_iou(found[1:], truth[1:]).mean():.3f}"
            assert scored["fps"] == "2.00"
        else:
            assert scored["AUC"] == f"{expected:.3f}"
            assert scored["fps"] == ("2.00" if toolkit == "pytracking" else "-")
        crt(f"report r --data {dataset} --output page-{dataset} --trackers {name}")
        assert f'"{name}"' in (tmp_path / f"page-{dataset}" / "data" / "summary.js").read_text()


def test_a_folder_of_pytracking_with_all_its_datasets(crt, tmp_path):
    """Two trackers with the same parameter file; no dataset has to be named."""
    uav = shortest_uav()[0][0]
    write_otb(tmp_path / "otb")
    write_lasot(tmp_path / "lasot")
    write_uav123(tmp_path / "uav")
    write_nfs_pytracking(tmp_path / "nfs")
    frames = shortest_uav()[0][1]
    lengths = {
        "Deer": 5,
        "airplane-1": 5,
        f"uav_{uav}": frames["end_frame"] - frames["start_frame"] + 1,
        "nfs_zebra_fish": 5,
    }
    for tracker, shift in (("atom", 1), ("eco", 2)):
        folder = tmp_path / "tracking_results" / tracker / "default_000"
        for name, count in lengths.items():
            start = 6.0 if name == "Deer" else 5.0
            write(folder / f"{name}.txt", boxes(count, start + shift), "\t")
            write(folder / f"{name}_time.txt", [0.5] * count)
            write(folder / f"{name}_object_presence_scores.txt", [0.5] * count)
    done = crt("results import tracking_results --to r")
    (presence,) = (line for line in done.stderr.splitlines() if "presence_scores" in line)
    assert " and 7 more: scores of pytracking" in presence
    kept = sorted(str(p.relative_to(tmp_path / "r")) for p in (tmp_path / "r").glob("*/*/*.txt"))
    assert kept == sorted(
        f"{folder}/{tracker}-default_000/{name}.txt"
        for folder, name in (
            ("OTB2015", "Deer"),
            ("LaSOT", "airplane-1"),
            ("UAV123", uav),
            ("NfS-pytracking", "zebra_fish"),
        )
        for tracker in ("atom", "eco")
    )
    both = "results:atom-default_000,results:eco-default_000"
    sequences = {"otb": "Deer", "lasot": "airplane-1", "uav": uav, "nfs": "zebra_fish"}
    for data, sequence in sequences.items():
        done = crt(f"evaluate --data {data} --sequences {sequence} --trackers {both} --results r")
        # shifted by 1 and 2 of 10 px: IoU 9/11 and 8/12, and 1 in the first frame
        count = lengths[{"uav": f"uav_{uav}", "nfs": "nfs_zebra_fish"}.get(data, sequence)]
        absent = data in ("lasot", "uav")
        for tracker, above in (("atom", 17), ("eco", 14)):  # of 21 thresholds
            counted = count - (absent and data == "uav")
            values = [20] + [above] * (count - 1 - absent)
            auc = sum(values) / 21 / counted
            assert row(done.stdout, f"{tracker}-default_000")["AUC"] == f"{auc:.3f}", data
            assert row(done.stdout, f"{tracker}-default_000")["fps"] == "2.00"


def test_raw_results_of_got10k(crt, tmp_path):
    """Three repetitions of a random tracker, and one that has no times."""
    write_got10k(tmp_path / "data")
    first, second = "GOT-10k_Val_000001", "GOT-10k_Val_000002"
    for name, count in ((first, 4), (second, 5)):
        for repetition in (1, 2, 3):
            file = tmp_path / "raw" / "MDNet" / name / f"{name}_{repetition:03d}.txt"
            write(file, boxes(count, 5.0 + repetition))
        times = np.full((count, 3), 0.25)
        write(tmp_path / "raw" / "MDNet" / name / f"{name}_time.txt", times)
        write(tmp_path / "raw" / "KCF" / name / f"{name}_001.txt", boxes(count, 6.0))
    shutil.make_archive(str(tmp_path / "raw"), "zip", tmp_path / "raw")
    for source in ("raw", "raw.zip"):
        done = crt(f"results import {source} --to r --groundtruth data")
        assert row(done.stdout, "MDNet") == {
            "tracker": "MDNet",
            "dataset": "GOT-10k",
            "sequences": "2",
        }
        note = "GOT-10k: no times of 2 sequences, which got10k does not score without (KCF)"
        assert note in done.stdout
    done = crt("evaluate --data data --trackers results:MDNet --results r")
    # frames 1 and 3 of the first, 1, 3 and 4 of the second; the third is occluded
    overlap = np.mean([9 / 11, 8 / 12, 7 / 13])
    assert row(done.stdout, "MDNet")["AO"] == f"{overlap:.3f}"
    assert row(done.stdout, "MDNet")["fps"] == "4.00"


def test_other_lengths_and_damaged_times_are_not_used(crt, tmp_path):
    write_lasot(tmp_path / "data")
    put(
        tmp_path / "KCF",
        {
            "airplane-1.txt": text_of(boxes(4)),
            "deer-8.txt": text_of(boxes(6)),
            "deer-8_time.txt": "0.5\n",
            "bird-2.txt": text_of(boxes(3)),
        },
    )
    done = crt("results import KCF --to r --groundtruth data")
    said = " ".join(done.stderr.split())
    assert "airplane-1.txt: 4 lines, and the annotation of airplane-1 has 5" in said
    assert "bird-2.txt: its name is of no sequence of LaSOT" in said
    assert "deer-8_time.txt: 1 lines, and the annotation of deer-8 has 6" in said
    assert [p.name for p in (tmp_path / "r" / "LaSOT" / "KCF").rglob("*.txt")] == ["deer-8.txt"]
    unchecked = crt("results import KCF --to s --dataset lasot")
    said = " ".join(unchecked.stderr.split())
    assert "deer-8_time.txt: deer-8_time.txt has 1 lines, and the annotation 6" in said


def test_a_dataset_that_is_not_known(crt, tmp_path):
    put(tmp_path / "KCF", {"0-6LB4FqxoE_0.txt": text_of(boxes(4))})
    done = crt("results import KCF --to r", exit_code=2)
    assert "expected the name of its dataset" in " ".join(done.stderr.split())
    done = crt("results import KCF --to r --dataset otb100", exit_code=2)
    assert "no dataset 'otb100'; expected otb" in done.stderr
    crt("results import KCF --to r --dataset trackingnet")
    assert (tmp_path / "r" / "TrackingNet" / "KCF" / "0-6LB4FqxoE_0.txt").is_file()


def test_the_progress_bar_goes(crt, tmp_path, monkeypatch):
    """It is cleared at the end, as on a terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then draws as on a terminal
    put(tmp_path / "KCF", {"Deer.txt": text_of(boxes(5))})
    error = crt("results import KCF --to r").stderr
    assert "reading" in error and "\x1b[2K" in error[error.rindex("reading") :]
