import re
import shutil
import sys
import zipfile

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from crt_plugin.cli import results
from crt_plugin.cli.evaluate import evaluate, trackers
from crt_plugin.cli.main import Commands
from crt_plugin.peers import opencv as peers
from tests.conftest import ROOT
from tests.helpers.datasets import (
    boxes,
    frames,
    write,
    write_got10k_test,
    write_otb,
    write_trackingnet,
)

app = typer.Typer(cls=Commands)
app.command()(evaluate)
app.command()(trackers)
app.add_typer(results.app, name="results")

STILL = """
from tests.helpers import trackers
from tests.helpers.trackers import Still

class Faulty(trackers.Faulty):
    def __init__(self):
        super().__init__(RuntimeError, frame=3)
"""


@pytest.fixture
def crt(tmp_path, monkeypatch, no_curves):
    """Run a command in a folder with a module ``mine`` and two sequences; curves are left out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    monkeypatch.setattr(peers, "opencv_wheels", lambda: {"opencv-python": "5.0.0"})
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "mine.py").write_text(STILL)
    write_otb(tmp_path / "otb")

    def run(text):
        return CliRunner().invoke(app, text.split(), catch_exceptions=False)

    return run


def columns(output, first):
    """Cells of the table's row that begins with ``first``."""
    rows = [re.split(r" {2,}", line.strip()) for line in output.splitlines()]
    (row,) = [row for row in rows if row[0] == first]
    return row


def test_evaluate_prints_the_table_and_where_the_report_is(crt, tmp_path):
    done = crt("evaluate --dataset otb --data otb --trackers mine:Still --results r")
    assert done.exit_code == 0
    assert done.stdout.startswith("2 of 100 sequences of OTB2015\n")
    assert columns(done.stdout, "tracker") == ["tracker", "AUC", "OS", "DP", "fps", "sequences"]
    row = columns(done.stdout, "Still")
    assert row[1:4] == ["0.529", "0.450", "1.000"] and row[5] == "2 of 2" and float(row[4]) > 0
    assert done.stdout.endswith("got10k's report: r/reports/OTB2015/Still\n")
    assert (tmp_path / "r" / "OTB2015" / "Still" / "Deer.txt").is_file()


def test_the_dataset_is_recognised(crt, tmp_path):
    """OTB's metrics without normalised precision, which is of LaSOT and one's own sequences."""
    done = crt("evaluate --data otb --trackers mine:Still --results r")
    assert done.stdout.startswith("2 of 100 sequences of OTB2015\n")
    write_otb(tmp_path / "clips", {"my clip": 4})
    done = crt("evaluate --data clips --trackers mine:Still --results r")
    assert done.stdout.startswith("1 sequence of your own\n")
    assert columns(done.stdout, "tracker")[1:6] == ["AUC", "OS", "DP", "NP", "fps"]
    assert (tmp_path / "r/Own/Still/my clip.txt").is_file()


def test_got10k_test_has_no_score_but_a_zip_for_the_server(crt, tmp_path):
    """As got10k's own report packs it: a folder for each sequence, with its times."""
    write_got10k_test(tmp_path / "got")
    done = crt("evaluate --data got --dataset got10k --subset test --trackers mine:Still")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "2 of 180 sequences of GOT-10k",
        "for the server: results/GOT-10k/Still.zip",
    ]
    said = "Still.zip holds 2 sequences; the server scores results of all 180"
    assert said in done.stderr
    with zipfile.ZipFile(tmp_path / "results/GOT-10k/Still.zip") as archive:
        name = "GOT-10k_Test_000002"
        assert sorted(archive.namelist())[2:] == [
            f"{name}/{name}_001.txt",
            f"{name}/{name}_time.txt",
        ]
        rows = archive.read(f"{name}/{name}_001.txt").decode().splitlines()
    assert rows == ["5.000,6.000,10.000,8.000"] * 5
    host = tmp_path / "host"
    shutil.make_archive(str(host), "zip", tmp_path / "results/GOT-10k/Still")  # as compress() does
    with (
        zipfile.ZipFile(f"{host}.zip") as theirs,
        zipfile.ZipFile(tmp_path / "results/GOT-10k/Still.zip") as archive,
    ):
        files = {name for name in theirs.namelist() if name.endswith(".txt")}
        assert files == set(archive.namelist())
    assert crt("evaluate --data got --dataset got10k --trackers mine:Still").exit_code == 2


def test_trackingnet_has_a_file_for_the_server(crt, tmp_path):
    write_trackingnet(tmp_path / "net")
    done = crt("evaluate --data net --trackers mine:Still,mine:Faulty --results r")
    assert done.exit_code == 1 and "Faulty, 0-6LB4FqxoE_0, frame 3" in done.stderr
    assert "for the server: r/TrackingNet/Still.zip" in done.stdout
    assert "for the server: r/TrackingNet/Faulty.zip" not in done.stdout
    with zipfile.ZipFile(tmp_path / "r/TrackingNet/Still.zip") as archive:
        assert archive.namelist() == ["0-6LB4FqxoE_0.txt", "zz_3.txt"]
        assert len(archive.read("zz_3.txt").decode().splitlines()) == 12
    assert "of all 511" in done.stderr


def test_sre_prints_targets_and_starts(crt):
    """Deer, by hand: 44 of 105 from the left, 59 from the right, 51 from the annotation."""
    command = "evaluate --data otb --trackers mine:Still --results r --sequences Deer"
    done = crt(f"{command} --protocol sre")
    assert done.exit_code == 0
    assert done.stdout.startswith("12 starts of 1 of 100 targets of OTB2015-SRE\n")
    titles = ["tracker", "AUC", "OS", "DP", "fps", "targets", "starts"]
    assert columns(done.stdout, "tracker") == titles
    assert columns(done.stdout, "Still")[5:] == ["1 of 1", "12 of 12"]
    assert columns(done.stdout, "left") == ["left", "0.419"] and "\nope" not in done.stdout
    assert done.stdout.endswith("got10k's report: r/reports/OTB2015-SRE/Still\n")
    said = "Still is not compared with ope: r/OTB2015 holds no results of it"
    assert said in done.stderr
    crt(command)
    again = crt(f"{command} --protocol sre")
    assert again.stdout.startswith("existing results kept: 12\n")
    assert columns(again.stdout, "ope") == ["ope", "0.486"] and said not in again.stderr
    # it keeps the box that it is given, so moving the boxes alone costs as much
    assert columns(again.stdout, "ope, moved")[1] == columns(again.stdout, "Still")[1]
    assert columns(again.stdout, "left") == ["left", "0.419 (-0.067; -0.067)"]
    assert columns(again.stdout, "right") == ["right", "0.562 (+0.076; +0.076)"]


def test_failed_starts_are_seen_in_the_table(crt):
    """Those that begin at 5 fail: of Couple up, down and two corners, of Deer three left, x1.2."""
    done = crt("evaluate --data otb --trackers mine:Faulty,mine:Still --results r --protocol sre")
    assert done.exit_code == 1 and "Faulty, Couple@up, frame 3: RuntimeError" in done.stderr
    assert columns(done.stdout, "Faulty")[5:] == ["2 of 2", "16 of 24"]
    assert columns(done.stdout, "Still")[5:] == ["2 of 2", "24 of 24"]


def test_tre_of_a_short_sequence(crt):
    done = crt("evaluate --data otb --trackers mine:Still --results r --protocol tre")
    assert done.stdout.startswith("2 starts of 2 of 100 targets of OTB2015-TRE\n")
    assert columns(done.stdout, "1 of 20")[0] == "1 of 20"


def test_the_table_is_written_as_latex_csv_and_markdown(crt, tmp_path):
    command = "evaluate --data otb --trackers mine:Still,mine:Faulty --results r"
    done = crt(f"{command} --table t/scores.tex")
    assert done.stdout.endswith("table: t/scores.tex\n")
    text = (tmp_path / "t/scores.tex").read_text()
    assert "\\caption{2 of 100 sequences of OTB2015}" in text
    assert "tracker & AUC & OS & DP & fps & sequences" in text
    (row,) = [line for line in text.splitlines() if line.startswith("Still &")]
    assert row.startswith("Still & 0.529 & 0.450 & 1.000 & ") and row.endswith(" & 2 \\\\")
    assert "textbf" not in text  # Faulty lacks a sequence: no better, no worse
    assert "% OTB2015: 2 of 100 sequences: Couple, Deer" in text
    assert crt(f"{command} --table t/scores.csv --sequences Deer").exit_code == 0
    assert "Still,0.486" in (tmp_path / "t/scores.csv").read_text()
    write(tmp_path / "r/OTB2015/Exact/Deer.txt", boxes(5, 6))
    crt(
        "evaluate --data otb --trackers mine:Still,results:Exact --results r --sequences Deer "
        "--table both.tex"
    )
    both = (tmp_path / "both.tex").read_text()
    assert "Still & \\textit{0.486}" in both and "Exact & \\textbf{0.952}" in both
    crt(f"{command} --table scores.md --protocol sre --sequences Deer")
    assert "| tracker | AUC | OS | DP | fps | targets |" in (tmp_path / "scores.md").read_text()
    refused = crt("evaluate --data otb --trackers mine:Still --results new --table scores.txt")
    assert refused.exit_code == 2 and "expected a name that ends in .md, .csv" in refused.stderr
    assert not (tmp_path / "new").exists()


def test_evaluate_resumes_and_overwrites(crt):
    command = "evaluate --data otb --trackers mine:Still --results r --sequences Deer"
    assert "kept" not in crt(command).stdout
    again = crt(command)
    assert again.stdout.startswith("existing results kept: 1\n1 of 100 sequences")
    assert "kept" not in crt(command + " --overwrite").stdout


def test_evaluate_says_what_failed_and_leaves_with_1(crt):
    done = crt("evaluate --data otb --trackers mine:Faulty,mine:Still,results:KCF --results r")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-3:] == [
        "Faulty, Couple, frame 3: RuntimeError: it broke",
        "KCF, Couple, frame 0: there is no result file of KCF, which is known by its result files "
        "only; crt results import brings them",
        "KCF, Deer, frame 0: there is no result file of KCF, which is known by its result files "
        "only; crt results import brings them",
    ]
    assert columns(done.stdout, "Faulty")[-1] == "1 of 2"
    assert columns(done.stdout, "Still")[-1] == "2 of 2"


def test_evaluate_leaves_an_unusable_sequence_out_and_leaves_with_1(crt, tmp_path):
    whole = crt("evaluate --data otb --trackers mine:Still --results whole --sequences Couple")
    write(tmp_path / "otb/Deer/groundtruth_rect.txt", boxes(3))
    done = crt("evaluate --data otb --trackers mine:Still --results r")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == (
        "Deer is left out: 5 frames, and 3 lines of annotation in groundtruth_rect.txt"
    )
    assert columns(done.stdout, "Still")[:4] == columns(whole.stdout, "Still")[:4]
    assert columns(done.stdout, "Still")[-1] == "1 of 2"
    started = crt("evaluate --data otb --trackers mine:Still --results r --protocol sre")
    assert started.exit_code == 1 and "Deer is left out: 5 frames" in started.stderr
    assert columns(started.stdout, "Still")[-2:] == ["1 of 2", "12 of 12"]


def test_evaluate_does_not_say_the_same_twice(crt, tmp_path):
    write(tmp_path / "r/OTB2015/KCF/Deer.txt", boxes(3))
    done = crt("evaluate --data otb --trackers results:KCF --results r --sequences Deer")
    assert done.exit_code == 1 and done.stderr.count("Deer.txt has 3 lines") == 1


def test_evaluate_names_what_was_set_aside(crt, tmp_path):
    write(tmp_path / "r/OTB2015/Still/Deer.txt", boxes(3))
    done = crt("evaluate --data otb --trackers mine:Still --results r")
    assert done.exit_code == 0
    assert "Still, Deer: Deer.txt has 3 lines, and the annotation 5; set aside" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--data none --trackers mine:Still", "error: no folder none; expected one with"),
        ("--data otb --trackers opencv:none", "error: no tracker opencv:none; expected opencv:"),
        ("--data otb --trackers ,", "error: no trackers; expected one or more"),
        ("--data otb --dataset votlt", "error: no dataset 'votlt'; expected otb"),
        ("--data otb --dataset lasot", "error: otb does not hold any sequence of LaSOT; expected"),
        (
            "--data otb/Deer",
            "error: otb/Deer is laid out as no dataset that is known; expected one with",
        ),
        ("--data otb --subset test", "error: no subset 'test' of dataset 'otb'; expected val or"),
        (
            "--data otb --dataset got10k --subset train",
            "error: no subset 'train' of dataset 'got10k'; expected val or test, of got10k",
        ),
        ("--data otb --protocol SRE", "error: no protocol 'SRE'; expected ope, sre, tre"),
        (
            "--data otb --dataset uav123 --protocol tre",
            "error: tre is a protocol of OTB, and the dataset is 'uav123'; expected otb, otb2013",
        ),
        ("--data otb --sequences Bolt", "error: otb does not hold Bolt; it holds Couple, Deer"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(arguments, said, crt):
    if "--trackers" not in arguments:
        arguments += " --trackers mine:Still"
    done = crt(f"evaluate {arguments} --results r")
    assert done.exit_code == 2
    assert done.stderr.startswith(said) and done.stderr.count("\n") == 1


def test_two_opencv_wheels_are_warned_of(crt, monkeypatch):
    both = {"opencv-python": "5.0.0", "opencv-contrib-python": "5.0.0"}
    monkeypatch.setattr(peers, "opencv_wheels", lambda: both)
    done = crt("evaluate --data otb --trackers mine:Still --results r")
    assert done.exit_code == 0 and "overwrite each other's cv2" in done.stderr


def test_trackers_lists_all(crt):
    done = crt("trackers")
    assert done.exit_code == 0
    assert columns(done.stdout, "crt:hog") == ["crt:hog", "this package", "yes"]
    for text in ("opencv:mil", "opencv:boosting", "dlib:correlation", "module:Class"):
        assert columns(done.stdout, text)
    missing = "no: opencv-contrib-python brings it" in done.stdout
    assert missing == ("pip install --no-deps opencv-contrib-python" in done.stdout)


def test_import_then_score_without_frames(crt, tmp_path):
    rows = boxes(5, 6)
    write(tmp_path / "theirs" / "KCF" / "deer.txt", rows, delimiter="\t")
    write(tmp_path / "theirs" / "ECO" / "Deer.txt", np.roll(rows, 1, axis=0))
    write(tmp_path / "theirs" / "ECO" / "Couple.txt", boxes(3))
    done = crt("results import theirs --to r --groundtruth otb")
    assert done.exit_code == 0
    assert columns(done.stdout, "KCF") == ["KCF", "OTB2015", "1"] and done.stdout.endswith(
        "in r/OTB2015\n"
    )
    assert done.stderr.splitlines()[-1] == (
        "not used: ECO/Couple.txt: 3 lines, and the annotation of Couple has 4"
    )
    scored = crt("results score r --groundtruth otb")
    assert scored.exit_code == 0
    assert columns(scored.stdout, "KCF")[1:] == ["0.952", "1.000", "1.000", "-", "1 of 2"]
    assert columns(scored.stdout, "ECO")[1] != "0.952"


def test_import_says_that_lengths_were_not_checked(crt, tmp_path):
    write(tmp_path / "Deer.txt", boxes(3))
    done = crt("results import Deer.txt --to r --tracker KCF")
    assert done.exit_code == 0
    assert done.stderr.splitlines()[-1] == "lengths are not checked: no --groundtruth"
    scored = crt("results score r --groundtruth otb")
    assert scored.exit_code == 1
    assert "KCF, Deer: Deer.txt has 3 lines, and the annotation 5" in scored.stderr
    absent = crt("results score r --groundtruth otb --trackers ECO")
    assert absent.exit_code == 1 and "ECO: no results in r" in absent.stderr


def test_an_exported_archive_comes_back_whole(crt, tmp_path):
    """Boxes, times, scores and manifest, so that an evaluation keeps them."""
    (tmp_path / "quick.py").write_text(
        "from crt_plugin.parameters import load_parameters\n\n\ndef parameters():\n"
        "    return load_parameters('rgb').copy(train_steps=2, filter_cells=25.0)\n"
    )
    crt("evaluate --data otb --trackers crt:quick.py --results r")
    done = crt("results export r --to archives")
    assert done.exit_code == 0 and done.stdout == "archives/CRT-quick.zip  2 sequences\n"
    imported = crt("results import archives/CRT-quick.zip --to back --groundtruth otb")
    assert imported.exit_code == 0 and "not used" not in imported.stderr
    before, after = tmp_path / "r/OTB2015/CRT-quick", tmp_path / "back/OTB2015/CRT-quick"
    files = sorted(path.relative_to(before) for path in before.rglob("*") if path.is_file())
    assert len(files) == 3 * 2 + 1
    for file in files:
        assert (after / file).read_bytes() == (before / file).read_bytes(), file
    again = crt("evaluate --data otb --trackers crt:quick.py --results back")
    assert "existing results kept: 2" in again.stdout


def test_results_of_another_sequence_of_that_name_are_refused(crt, tmp_path):
    """Same layout, name and length; the object starts elsewhere."""
    for folder, x in (("one", 5.0), ("two", 9.0)):
        frames(tmp_path / folder / "alpha" / "img", 4)
        write(tmp_path / folder / "alpha" / "groundtruth_rect.txt", boxes(4, x))
    assert crt("evaluate --data one --trackers mine:Still --results r").exit_code == 0
    kept = crt("evaluate --data one --trackers mine:Still --results r")
    assert kept.exit_code == 0 and "existing results kept: 1" in kept.stdout
    done = crt("evaluate --data two --trackers mine:Still --results r")
    assert done.exit_code == 2
    assert "begins with the box 5.000,6.000,10.000,8.000, and alpha with 9.000,6.000" in done.stderr
    again = crt("evaluate --data two --trackers mine:Still --results r --overwrite")
    assert again.exit_code == 0 and "existing results kept" not in again.stdout


def test_export_of_nothing_is_an_error(crt, tmp_path):
    write(tmp_path / "r/OTB2015/ECO/Deer.txt", boxes(5))
    done = crt("results export r --to archives --trackers KCF")
    assert done.exit_code == 2 and "error: no results in r/OTB2015/KCF; expected" in done.stderr
    assert not (tmp_path / "archives").exists()


def test_import_of_nothing_is_an_error(crt):
    done = crt("results import none --to r")
    assert done.exit_code == 2 and "error: no file or folder none" in done.stderr


def test_document_of_peers_names_the_commands():
    text = (ROOT / "docs" / "peers.md").read_text()
    for command in ("crt trackers", "crt results import", "crt results score", "crt evaluate"):
        assert command in text
