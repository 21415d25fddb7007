import re

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from crt_plugin.cli.main import Commands
from crt_plugin.cli.report import report
from crt_plugin.report.page import build as building
from tests.conftest import ROOT
from tests.helpers.datasets import boxes, write, write_otb

app = typer.Typer(cls=Commands)
app.command()(report)
app.command("nothing")(lambda: None)  # with one command alone, typer takes no name of it


@pytest.fixture
def crt(tmp_path, monkeypatch):
    """Run the command in a folder with data and results; plotly's script is left out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(building, "plotly_script", lambda: "")
    write_otb(tmp_path / "otb")
    write(tmp_path / "r/OTB2015/KCF/Deer.txt", boxes(5, 6), fmt="%.3f")
    write(tmp_path / "r/OTB2015/ECO/Deer.txt", boxes(3, 6), fmt="%.3f")
    write(tmp_path / "r/OTB2015/ECO/Couple.txt", boxes(4, 5), fmt="%.3f")

    def run(text):
        return CliRunner().invoke(app, ["report", *text.split()], catch_exceptions=False)

    return run


def test_says_where_the_page_is_and_what_could_not_be_used(crt, tmp_path):
    done = crt("r --output site/page --data otb")
    assert done.exit_code == 0
    assert done.stdout == "2 trackers, 2 sequences\npage     site/page/index.html\n"
    assert "ECO, Deer: Deer.txt has 3 lines, and the annotation 5" in done.stderr
    assert (tmp_path / "site/page/frames/001-Deer/0004.jpg").is_file()


def test_options_reach_the_page(crt, tmp_path):
    done = crt("r --output p --groundtruth otb --trackers KCF --sequences Deer")
    assert done.exit_code == 0 and done.stdout.startswith("1 tracker, 1 sequence\n")
    assert not (tmp_path / "p/frames").exists()
    done = crt("r --output p --data otb --frames-of Couple --max-side 32")
    assert done.exit_code == 0
    with Image.open(tmp_path / "p/frames/000-Couple/0003.jpg") as picture:
        assert picture.size == (32, 24)
    assert [folder.name for folder in (tmp_path / "p/frames").iterdir()] == ["000-Couple"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "error: a page needs annotations; expected --groundtruth FILE_OR_DIR, --data DIR"),
        ("--data none", "error: no folder none; expected one with"),
        ("--data otb --dataset votlt", "error: no dataset 'votlt'; expected otb"),
        ("--data otb --sequences Bolt", "error: no annotation of Bolt; expected Couple, Deer"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(arguments, said, crt, tmp_path):
    done = crt(f"r --output p {arguments}")
    assert done.exit_code == 2
    assert done.stderr.startswith(said) and done.stderr.count("\n") == 1
    assert not (tmp_path / "p").exists()


def test_the_document_names_command_keys_and_options():
    text = (ROOT / "docs" / "report.md").read_text()
    options = CliRunner().invoke(app, ["report", "--help"], env={"COLUMNS": "200"}).output
    for option in set(re.findall(r"--[a-z-]+", options)) - {"--help"}:
        assert option in text
    for word in ("crt report", "--record-responses", "space", "`w`", "`r`", "plotly"):
        assert word in text
