"""Tables and findings in docs/paper.md are what the raw results give, without a frame."""

from __future__ import annotations

import re

import pytest

from crt_plugin.benchmark.results.importing.published import import_results
from crt_plugin.cli.paper import find_scripts
from crt_plugin.paper.reproduction import Reproduction
from crt_plugin.paper.script import write_summary
from crt_plugin.runtime.python_files import load_python_file
from tests.conftest import ROOT

TABLES = {  # by the name of their files: rows
    "table1_features": 9,
    "table2_mining": 6,
    "table3_patch_size": 4,
    "table4_attributes": 11,
    "figure3_occlusions": 12,
    "figure4_benchmark": 9,
    "figure4_at_hand": 8,
}


def read_plain(file):
    """Lines without the backslashes of Markdown."""
    return re.sub(r"\\([][_])", r"\1", file.read_text(encoding="utf-8")).splitlines()


@pytest.fixture(scope="module")
def page():
    return read_plain(ROOT / "docs" / "paper.md")


@pytest.fixture(scope="module")
def output(shared, tmp_path_factory):
    """What ``crt paper`` writes from the archives in ``results/``."""
    folder, truth = tmp_path_factory.mktemp("paper"), shared / "data" / "otb100-groundtruth.zip"
    import_results(ROOT / "results", folder / "raw", truth)
    reproduction = Reproduction(
        folder / "raw",
        folder / "paper",
        published=shared / "data" / "otb100-results.zip",
        groundtruth=truth,
        progress=False,
    )
    scripts = find_scripts().items()
    outcomes = {name: load_python_file(file).make(reproduction) for name, file in scripts}
    write_summary(outcomes, folder / "paper")
    return folder / "paper"


@pytest.mark.parametrize("name", TABLES)
def test_the_page_has_the_table(page, output, name):
    lines = [line for line in read_plain(output / f"{name}.md") if line.startswith("|")]
    assert len(lines) == 2 + TABLES[name]
    text = "\n".join(page)
    assert "\n".join(lines) in text


def test_the_page_has_every_finding(page, output):
    lines = [line for line in read_plain(output / "summary.md") if line.startswith("- ")]
    findings = [line for line in lines if not line.startswith("- [") and "no frames" not in line]
    assert len(findings) > 25
    assert [line for line in findings if line not in page] == []


def test_nothing_is_left_empty(output):
    for name in TABLES:
        assert not [line for line in read_plain(output / f"{name}.md") if "Left empty" in line]
