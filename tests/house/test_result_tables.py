"""Tables of the documents are those of raw results: of ``results/*.zip`` and published boxes."""

from __future__ import annotations

import re
import zipfile
from pathlib import PurePosixPath

import numpy as np
import pytest

from crt_plugin.benchmark.results.importing.published import import_results, published_part
from crt_plugin.benchmark.results.manifest import Manifest
from crt_plugin.benchmark.results.scores import score_results
from crt_plugin.formats.otb import target_name
from crt_plugin.parameters import load_parameters
from crt_plugin.parameters.ensemble import list_settings
from crt_plugin.report.page.build import build
from crt_plugin.report.page.inputs import PageRequest
from tests.conftest import ROOT
from tests.helpers.page import read_script

ARCHIVES = sorted((ROOT / "results").glob("*.zip"))
RIVALS = ("MCCT", "MDNet", "LADCF", "ECO", "C-COT", "DeepSRDCF", "SRDCF", "KCF")
# Of a document, by the head of its first columns: targets and metric of each column, None: no mean.
TABLES = {
    "light.md": {
        "| | AUC | OS | DP |": [(27, "auc"), (27, "os"), (27, "dp")],
        "| | AUC, 14 | OS | DP | AUC, 41 | OS | DP |": [
            *((14, "auc"), (14, "os"), (14, "dp")),
            *((41, "auc"), (41, "os"), (41, "dp")),
        ],
    },
    "plus.md": {
        "| | AUC, 41 | OS | DP | AUC, 27 | OS | DP | AUC, 14 | OS | DP |": [
            (count, metric) for count in (41, 27, 14) for metric in ("auc", "os", "dp")
        ],
    },
    "README.md": {
        "| OTB-100 | AUC, 41 targets | AUC, 27 of them | OS, 27 | DP, 27 | fps |": [
            *((41, "auc"), (27, "auc"), (27, "os"), (27, "dp"))
        ]
    },
    "results.md": {
        "| | AUC | OS | DP | fps |": [(27, "auc"), (27, "os"), (27, "dp")],
        "| file | features | AUC | OS | DP |": [None, (41, "auc"), (41, "os"), (41, "dp")],
    },
}


def read(name):
    path = ROOT / name if name == "README.md" else ROOT / "docs" / name
    return path.read_text(encoding="utf-8")


def list_targets():
    """The 27, the 14 others and all 41 that docs/light.md names."""
    text = read("light.md")
    first = re.search(r"The targets: (.*?)\.\n\n", text, re.DOTALL)[1]
    others = re.search(r"following 14 targets\*\* .*?: (.*?)\. `light`", text, re.DOTALL)[1]
    lists = {27: re.split(r",\s+", first), 14: re.split(r",\s+", others)}
    lists[41] = lists[27] + lists[14]
    assert {count: len(set(names)) for count, names in lists.items()} == {27: 27, 14: 14, 41: 41}
    return lists


def find_score(scores, name):
    """The score of a row or column by what the document calls the tracker; None if run live."""
    if "TrackerNano" in name or name == "opencv:nano":
        return scores["OpenCV-Nano"]
    return scores.get(name, scores.get(f"CRT-{name}"))


def find_rows(document, head):
    """Cells of the rows of the first table with this head, by the name in the first cell."""
    _, _, after = read(document).partition(f"\n{head}")
    assert after, f"{document} has no table {head}"
    lines = after.split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip(" *`") for cell in line.strip("|").split("|")] for line in lines]
    return {re.split(r"[,`]", row[0])[0]: row[1:] for row in cells}


@pytest.fixture(scope="module")
def each(shared, tmp_path_factory):
    """Score of each tracker on each target, from boxes and annotations alone, without a frame."""
    folder = tmp_path_factory.mktemp("raw")
    targets = list_targets()[41]
    with (
        zipfile.ZipFile(shared / "data" / "otb100-results.zip") as every,
        zipfile.ZipFile(folder / "rivals.zip", "w") as some,
    ):
        for path in map(PurePosixPath, every.namelist()):
            if path.parent.name in RIVALS and target_name(path.stem) in targets:
                some.writestr(str(path), every.read(str(path)))
    truth = shared / "data" / "otb100-groundtruth.zip"
    for archive in (folder / "rivals.zip", *ARCHIVES):
        done = import_results(archive, folder / "results", truth)
        assert not done.unused
        assert all(set(targets) == set(names) for names in done.sequences.values())
    names = [*RIVALS, *(archive.stem for archive in ARCHIVES)]
    report = score_results(published_part(folder / "results", truth), names)
    return folder / "results", {score.tracker: score.each for score in report.scores}


@pytest.mark.parametrize(
    ("document", "head"),
    [(document, head) for document, tables in TABLES.items() for head in tables],
    ids=lambda text: text[:20],
)
def test_tables_are_those_of_the_raw_results(each, document, head):
    lists, (_, scores) = list_targets(), each
    checked = 0
    for name, cells in find_rows(document, head).items():
        of_name = find_score(scores, name)
        if of_name is None:
            continue  # run live, or without published raw results
        for column, cell in zip(TABLES[document][head], cells, strict=False):
            if column is None:
                continue
            count, metric = column
            mean = np.mean([getattr(of_name[target], metric) for target in lists[count]])
            assert cell == f"{mean:.3f}", f"{name}, {metric} of {count} targets"
            checked += 1
    assert checked >= 3


def test_the_table_of_targets_is_that_of_the_raw_results(each):
    lists, (_, scores) = list_targets(), each
    head = "| AUC | chosen on | "
    names = re.findall(r"[\w-]+", read("results.md").partition(head)[2].partition("\n")[0])
    means = {f"mean of {count}": targets for count, targets in lists.items()}
    rows = find_rows("results.md", head)
    assert rows.keys() == {*lists[41], *means}
    checked = 0
    for row, (_, *cells) in rows.items():
        for name, cell in zip(names, cells, strict=True):
            of_name = find_score(scores, name)
            mean = np.mean([of_name[target].auc for target in means.get(row, [row])])
            assert cell.strip("*") == f"{mean:.3f}", f"{name}, {row}"
            checked += 1
    assert checked == 44 * 10


def test_curves_of_a_page_are_those_of_the_table(each, shared, tmp_path):
    """AUC is the mean of a success curve, OS its value at 0.5, DP that of precision at 20 px."""
    pytest.importorskip("plotly", reason="plotly is not installed")
    truth = shared / "data" / "otb100-groundtruth.zip"
    build(PageRequest(each[0], truth, sequences=list_targets()[41]), tmp_path / "page")
    _, page = read_script(tmp_path / "page/data/summary.js")
    curves = {tracker["name"]: tracker for tracker in page["trackers"]}
    for name, (_, auc, os, dp, *_) in find_rows("results.md", "| file | features | AUC |").items():
        tracker = find_score(curves, name)
        success, precision = (
            np.mean(tracker[key], axis=0) / 10_000 for key in ("success", "precision")
        )
        found = (success.mean(), success[10], precision[20])
        assert found == pytest.approx([float(auc), float(os), float(dp)], abs=6e-4), name


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.stem)
def test_raw_results_are_of_the_files_as_they_are(each, archive):
    manifest = Manifest.read(each[0] / "OTB2015" / archive.stem)
    family, name, *seed = re.split("-(?:seed)?", archive.stem)
    changes = {"seed": int(seed[0])} if seed else {}
    expected = list_settings(load_parameters(name).copy(**changes)) if family == "CRT" else None
    assert manifest is not None and manifest.parameters == expected


def test_there_are_raw_results():
    assert ARCHIVES and (ROOT / "results" / "README.md").is_file()
