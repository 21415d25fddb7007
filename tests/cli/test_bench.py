"""``crt bench``, as a user types it."""

import json
import sys

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from crt_plugin.cli.bench import bench
from crt_plugin.cli.evaluate import trackers
from crt_plugin.cli.main import Commands
from tests.conftest import scene
from tests.helpers.bench import BOX, QUICK, RGB
from tests.helpers.datasets import write_otb

app = typer.Typer(cls=Commands)
app.command()(bench)
app.command()(trackers)  # typer would drop the name of a lone command
PLACE = ",".join(f"{value:g}" for value in BOX)


@pytest.fixture
def crt(tmp_path, monkeypatch, no_curves):
    """Run the command in a folder with a clip, a parameter file and two sequences of OTB."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("COLUMNS", "200")
    for k in range(6):
        file = tmp_path / "clip" / f"{k}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(scene(60 + k, 40)).save(file)
    (tmp_path / "quick.py").write_text(QUICK.format(changes=RGB))
    write_otb(tmp_path / "otb")

    def run(text):
        return CliRunner().invoke(app, ["bench", *text.split()], catch_exceptions=False)

    return run


def test_figures_and_their_file(crt, tmp_path):
    text = f"quick.py --source clip --box {PLACE} --frames 2 --threads 1 --json figures.json"
    done = crt(text + " --peers opencv:mil")
    assert done.exit_code == 0, done.output
    for word in ("quick.py", "opencv:mil", "crop, ms", "peak memory, MiB", "1 thread"):
        assert word in done.output
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert [result["tracker"] for result in figures["results"]] == ["crt:quick.py", "opencv:mil"]
    assert figures["machine"]["packages"]["numpy"]


def test_further_objects(crt, tmp_path):
    text = f"quick.py --source clip --box {PLACE} --frames 2 --threads 1 --objects 3"
    done = crt(text + " --json figures.json")
    assert done.exit_code == 0, done.output
    assert "frame / that of one object" in done.output
    _, measured = json.loads((tmp_path / "figures.json").read_text())["results"]
    assert list(measured["objects_ms"]) == ["1", "2", "3"]
    assert measured["objects_ms"]["1"] > 0.1  # no frame takes as few seconds
    ratios = measured["objects_ratio"]
    assert ratios["1"] == 1 and all(ratio > 0 for ratio in ratios.values())


def test_a_picture_of_speed_against_accuracy(crt, tmp_path):
    from crt_plugin.benchmark.run.evaluate import evaluate

    evaluate("otb", "otb", ["crt:quick.py"], "results", progress=False)
    done = crt(
        f"quick.py --source clip --box {PLACE} --frames 2 --peers opencv:mil "
        "--data otb --results results --picture speed.png"
    )
    assert done.exit_code == 0, done.output
    assert "OpenCV-MIL has no results in results: not drawn" in done.output
    assert Image.open(tmp_path / "speed.png").size[0] > 500


def test_growth(crt, tmp_path):
    done = crt(
        f"quick.py --growth --source clip --box {PLACE} --length 5 --threads 1 --data otb "
        "--sequences Deer --picture growth.png --json growth.json"
    )
    assert done.exit_code == 0, done.output
    for word in (
        "side of the object, px",
        "4K",
        "frame of the sequence",
        "workers",
        "sequences a minute",
    ):
        assert word in done.output
    assert Image.open(tmp_path / "growth.png").size[0] > 1000
    results = json.loads((tmp_path / "growth.json").read_text())["results"]
    found = {key for result in results for key in result}
    assert {"object_ms", "frame_ms", "length", "workers_per_minute"} <= found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "no parameter file 'nothing'"),
        ("quick.py --threads two", "--threads 'two'; expected comma-separated integers"),
        ("quick.py --picture x.png", "--picture of fps against AUC needs --data and --results"),
        (f"quick.py --source clip --box {PLACE} --box {PLACE}", "--box given 2 times"),
        ("quick.py --source clip --box 1,2", "--box '1,2' is not a box"),
        ("quick.py --source clip", "no annotation of its first frame; expected --box"),
        ("quick.py --source nowhere", "no such source: 'nowhere'"),
    ],
)
def test_what_is_refused(crt, tmp_path, text, said):
    done = crt(text + " --json figures.json")
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "figures.json").exists()
