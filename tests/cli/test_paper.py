"""``crt paper`` on results that are there, and on a few made-up frames."""

import csv
import subprocess
import sys

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from crt_plugin.cli.main import Commands
from crt_plugin.cli.paper import ORDER, find_scripts, paper
from crt_plugin.paper.printed import FIGURE5_TRACKERS, TRACKERS
from crt_plugin.paper.reproduction import Reproduction, settings_of
from crt_plugin.runtime.python_files import bundled_folder, load_python_file
from tests.helpers.datasets import boxes, write, write_otb
from tests.helpers.paper import quick_parameters, score

app = typer.Typer(cls=Commands)
app.command()(paper)
app.command()(lambda: None)  # so that paper is not the only command, whose name is left out

TARGETS = {"Couple": 4, "Deer": 5, "Jogging.1": 5}
FILES = ("default", "vgg_conv2", "no_mining", "hog")


@pytest.fixture
def crt(tmp_path, monkeypatch, no_curves):
    """Run ``crt paper`` in a folder with annotations, and results of ours and of rivals."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for name, count in TARGETS.items():
        write(tmp_path / "truth" / f"{name}.txt", boxes(count))
        for shift, file in enumerate(FILES):
            folder = tmp_path / "results/OTB2015" / f"CRT-{file}"
            write(folder / f"{name}.txt", boxes(count, 5.0 + shift), fmt="%.3f")
            (folder / "settings.txt").write_text(settings_of(file))
        for rival in TRACKERS[1:-1]:
            write(tmp_path / "rivals" / rival / f"{name}.txt", boxes(count, 15.0))

    def run(text):
        return CliRunner().invoke(app, f"paper {text}".split(), catch_exceptions=False)

    return run


def load_script(name):
    return load_python_file(find_scripts()[name])


def rows(file):
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def test_one_script_for_each_table_and_figure():
    assert [file.stem.partition("_")[0] for file in find_scripts().values()] == list(ORDER)
    assert list(find_scripts(["figure2", "table3_patch_size"])) == ["table3", "figure2"]
    assert all(callable(load_python_file(file).make) for file in find_scripts().values())


def test_everything_without_frames(crt, tmp_path):
    """IoU 1, 9/11, 8/12, 7/13 of default, conv-2, no_mining and hog; rivals never overlap."""
    done = crt("--groundtruth truth --rivals rivals")
    assert done.exit_code == 0, done.output
    table = {row["CRT"]: row for row in rows(tmp_path / "paper/table1_features.csv")}
    assert float(table["conv-10"]["AUC"]) == pytest.approx(100 * 20 / 21, abs=0.05)
    assert (table["conv-10"]["n"], table["conv-10"]["n-50"]) == ("3", "2")
    assert (table["conv-10"]["paper OS"], table["conv-7"]["OS"]) == ("75.7", "")
    mining = (tmp_path / "paper/table2_mining.md").read_text()
    assert "Mining helps" in mining and "paper: +10.3 and +8.3" in mining
    attributes = rows(tmp_path / "paper/table4_attributes.csv")
    assert attributes[1]["attribute"] == "SV (1)" and attributes[0]["CRT"] == ""
    whole = rows(tmp_path / "paper/table4_attributes_otb100.csv")
    assert whole[0]["TGPR (paper)"] == "45.0/61.8"
    assert Image.open(tmp_path / "paper/figure4_benchmark.png").size[0] > 1000
    assert "OTB-50: of 9 trackers CRT is number 1 in DP and number 1 in AUC" in done.stdout
    assert "CRT is first in AUC under 9 of 9 attributes" in done.stdout
    assert "conv-2 is better than HOG" in done.stdout
    assert not (tmp_path / "paper/figure4_at_hand.csv").exists()  # all targets are available
    summary = (tmp_path / "paper/summary.md").read_text()
    assert all(f"## Table {k}" in summary for k in range(1, 5))
    assert "Figure 2: not made, as there are no frames" in summary
    for file in (tmp_path / "paper").glob("*.md"):
        if file.name == "figure3_occlusions.md":
            assert "OTB-100: 0 of 100 sequences: none" in file.read_text()  # no occlusions here
        elif file.name != "summary.md":
            assert "OTB-100: 3 of 100 sequences: Couple, Deer, Jogging.1" in file.read_text()


def test_how_hard_the_available_targets_are(crt, tmp_path):
    """Rivals have one more target, all right; OS 1/4 and 1/5, the given frame, on the others."""
    write(tmp_path / "truth/Girl.txt", boxes(4))
    for rival in TRACKERS[1:-1]:
        write(tmp_path / "rivals" / rival / "Girl.txt", boxes(4))
    done = crt("--groundtruth truth --rivals rivals --only figure4")
    assert done.exit_code == 0, done.output
    beside = rows(tmp_path / "paper/figure4_at_hand.csv")[-1]
    assert beside["tracker"] == "KCF"
    assert float(beside["OTB-50 OS here"]) == 22.5
    assert float(beside["OTB-50 OS"]) == pytest.approx(100 * 1.45 / 3, abs=0.05)
    assert "2 of OTB-50's 50 targets are available" in (tmp_path / "paper/summary.md").read_text()
    assert "4 of 100 sequences" in (tmp_path / "paper/figure4_at_hand.md").read_text()


def test_places_in_figure_4():
    """AUC 0.5, 0.7, 0.6 and 0.3, DP 0.1 below: CRT is the third, 20 points before DeepSRDCF."""
    find = load_script("figure4")._compare
    some = {
        name: score(name, {"Couple": auc, "Deer": auc})
        for name, auc in (("CRT", 0.5), ("HCF", 0.7), ("HDT", 0.6), ("DeepSRDCF", 0.3))
    }
    said = find({"OTB-100": some, "OTB-50": some})
    assert "OTB-100: of 4 trackers CRT is number 3 in DP and number 3 in AUC" in said[0]
    assert "minus DeepSRDCF +20.0 [+20.0, +20.0], AUC +20.0 [+20.0, +20.0]" in said[2]
    assert "as the paper finds (paper: +8 and +6)" in said[2]
    part = some | {"MEEM": score("MEEM", {"Couple": 0.9})}  # of one of the targets: not compared
    assert "of 4 trackers CRT is number 3 in DP" in find({"OTB-100": part, "OTB-50": part})[0]
    alone = {"CRT": some["CRT"]}
    assert find({"OTB-100": alone, "OTB-50": {}}) == []
    others = {"HCF": some["HCF"], "KCF": some["HCF"]}  # none of OTB-50 is available
    assert len(find({"OTB-100": some, "OTB-50": others})) == 1


def test_overall_numbers_beside_the_paper_s():
    """CRT has two of the rival's three targets, where the rival is 20 points above its mean."""
    find = load_script("figure4")._compare_overall
    crt = score("CRT", {"Couple": 0.5, "Deer": 0.7})
    rival = score("HCF", {"Couple": 0.8, "Deer": 0.6, "Crossing": 0.1})
    fifty, hundred = find(crt, {"HCF": rival, "KCF": score("KCF", {"Couple": 0.9})})
    assert fifty.startswith(
        "OTB-50: AUC and DP of CRT 60.0 and 50.0 on 2 targets; the paper's 59.4 and 83.5 on all 50."
    )
    assert fifty.endswith("of 1 trackers have +0.0 and +0.0 there against all, in the mean.")
    assert "the paper's 64.2 and 87.5 on all 100." in hundred
    assert hundred.endswith("of 1 trackers have +20.0 and +20.0 there against all, in the mean.")
    (alone,) = find(score("CRT", {"Crossing": 0.5}), {})  # not of OTB-50
    assert alone.endswith("on 1 targets; the paper's 64.2 and 87.5 on all 100.")


def test_first_under_attributes():
    """Deer's FM and BC are Couple's too. MEEM, ahead on Couple, lacks Deer and is not compared."""
    firsts = load_script("table4")._count_firsts
    both = {"HCF": score("HCF", {"Couple": 0.4, "Deer": 0.8})}
    part = {"MEEM": score("MEEM", {"Couple": 0.9})}
    crt = score("CRT", {"Couple": 0.6, "Deer": 0.5})
    said = firsts(crt, both | part)  # FM, BC: 0.55 and 0.6; OPR, SV, DEF of Couple: 0.6 and 0.4
    assert "first in DP under 3 of 8 attributes: SV, DEF, OPR (paper: 10 of 11" in said[0]
    assert "first in AUC under 3 of 8 attributes: SV, DEF, OPR (paper: 7 of 11" in said[1]
    assert firsts(crt, part) == [] and firsts(crt, {}) == []


def test_some_of_them(crt, tmp_path):
    assert crt("--groundtruth truth --only table2,table3").exit_code == 0
    names = sorted(file.name for file in (tmp_path / "paper").glob("*.csv"))
    assert names == ["table2_mining.csv", "table3_patch_size.csv"]


def test_rivals_that_are_missing_leave_cells_empty(crt, tmp_path):
    done = crt("--groundtruth truth --only table4")
    assert done.exit_code == 0 and "no published results given" in done.output
    table = rows(tmp_path / "paper/table4_attributes.csv")
    assert {row["KCF"] for row in table} == {""} and table[1]["CRT"]
    assert "Left empty: KCF" in (tmp_path / "paper/table4_attributes.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--only table2", "neither data nor groundtruth"),
        ("--groundtruth truth --only table9", "no table or figure table9; expected table1"),
        ("--data nowhere", "no folder nowhere"),
        ("--groundtruth nowhere --only table2", "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said(crt, arguments, said):
    done = crt(arguments)
    assert done.exit_code == 2 and said in done.stderr


def test_results_of_another_dataset(crt, tmp_path):
    """A folder of GOT-10k results: nothing of OTB is in it, and all cells say so."""
    write(tmp_path / "other/GOT-10k/CRT-hog/a/a_001.txt", boxes(3))
    done = crt("--groundtruth truth --results other --only table1")
    assert done.exit_code == 0 and "CRT-hog: no results" in done.output
    assert {row["OS"] for row in rows(tmp_path / "paper/table1_features.csv")} == {""}


def test_figures_of_frames(tmp_path, monkeypatch, no_curves):
    """Convergence, tracking and boxes on a few frames; few steps, quick features."""
    data = write_otb(tmp_path / "otb", {"Deer": 3, "Woman": 22})
    ours = quick_parameters(tmp_path)
    gone = boxes(22) + np.where(np.arange(22) < 11, 0, 200)[:, None] * (1, 0, 0, 0)
    for rival in FIGURE5_TRACKERS:
        write(tmp_path / "rivals/OTB2015" / rival / "Woman.txt", gone)
    folder = tmp_path / "paper"
    reproduction = Reproduction(tmp_path / "r", folder, data, tmp_path / "rivals", progress=False)
    for name, quick in (
        ("figure2", {"STEPS": 4, "SHOWN": (1, 2, 3, 4)}),
        ("figure3", {"ALONE": ours, "LABELS": {ours: "past"}}),
        ("figure5", {}),
    ):
        script = load_script(name)
        for constant, value in (quick | {"OURS": ours}).items():
            monkeypatch.setattr(script, constant, value)
        outcome = script.make(reproduction)
        assert outcome.figures and all(file.is_file() for file in outcome.figures)
    assert sorted(file.stem for file in folder.glob("*.png")) == [
        "figure2_convergence",
        "figure2_maps",
        "figure3_detecting",
        "figure3_past_frames",
        "figure5_qualitative",
    ]


def test_figure_2_compares_targets():
    """SNR 3, 2, 1 on one and 5, 2, 3 on the other: differences of 1 and 3, and of 1 and -1."""
    script = load_script("figure2")
    last = {"Deer": (3.0, 2.0, 1.0), "Woman": (5.0, 2.0, 3.0)}
    ratios = {
        label: {name: np.append(np.zeros(script.STEPS - 1), snr[i]) for name, snr in last.items()}
        for i, label in enumerate(script.SETTINGS)
    }
    first, second = script._compare(ratios)
    assert "higher with th = 0.05, a = 1 than with th = 0.05, a = 0: +2.000" in first
    assert first.endswith("[+1.000, +3.000], 2 sequences, as the paper finds.")
    assert second.endswith("a = 0: +0.000 [-1.000, +1.000], 2 sequences, undecided.")
    table = script._tabulate(ratios)
    assert [[cell.text for cell in row[::4]] for row in table.rows] == [
        ["Deer", "3.000", "2.000", "1.000"],
        ["Woman", "5.000", "2.000", "3.000"],
        ["mean", "4.000", "2.000", "2.000"],
    ]


def test_figure_3_compares_at_all_occlusions(crt, tmp_path, monkeypatch):
    """Rivals leave Jogging.1 in frame 21 and Woman in 26, and Deer, which nothing hides.

    With past frames IoU stays 1; the last alone is half beside on Jogging.1 (1/3) and on Woman as
    well as with them. Coke was lost before.
    """
    hidden = {"Jogging.1": 20, "Woman": 25, "Coke": 20, "Deer": 20}
    for name, frame in hidden.items():
        truth = boxes(60)
        write(tmp_path / "truth" / f"{name}.txt", truth)
        gone = truth + np.where(np.arange(60) < frame, 0, 200)[:, None] * (1, 0, 0, 0)
        for rival in ("MEEM", "KCF", "DSST"):
            write(tmp_path / "rivals" / rival / f"{name}.txt", gone)
        write(tmp_path / "rivals" / "SRDCF" / f"{name}.txt", truth)
        beside = truth + (truth[0, 2] / 2 * (name == "Jogging.1"), 0, 0, 0)
        ours = truth + (200.0 * (name == "Coke"), 0, 0, 0)
        alone = np.where(np.arange(60)[:, None] < frame, truth, beside)
        for file, found in (("default", ours), ("last_frame", alone)):
            folder = tmp_path / "results/OTB2015" / f"CRT-{file}"
            write(folder / f"{name}.txt", found, fmt="%.3f")
            (folder / "settings.txt").write_text(settings_of(file))
    done = crt("--groundtruth truth --rivals rivals --only figure3")
    assert done.exit_code == 0, done.output
    assert [list(row.values()) for row in rows(tmp_path / "paper/figure3_occlusions.csv")] == [
        ["Jogging.1", "21", "3", "100.0", "33.3"],
        ["Woman", "26", "3", "100.0", "100.0"],
    ]
    said = " ".join(done.output.split())
    assert "five past frames minus the last alone, +33.3 [+0.0, +66.7] over 2 occlusions" in said


def test_figure_3_without_an_occlusion(crt, tmp_path):
    done = crt("--groundtruth truth --rivals rivals --only figure3")
    assert done.exit_code == 0 and "fewer than two occlusions" in " ".join(done.output.split())
    assert rows(tmp_path / "paper/figure3_occlusions.csv") == []


def test_a_script_by_itself(crt, tmp_path):
    file = bundled_folder("experiments") / "table2_mining.py"
    command = [sys.executable, file, "--groundtruth", "truth"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Table 2" in done.stdout and (tmp_path / "paper/table2_mining.csv").is_file()
    refused = subprocess.run(command[:2], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and "neither data nor groundtruth" in refused.stderr
