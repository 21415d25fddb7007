"""Small pages of results with known boxes."""

import json
import re

import pytest

from crt_plugin.report.page import build as building
from crt_plugin.report.page.inputs import PageRequest
from tests.helpers.datasets import boxes, write, write_otb

TRUTH = {"Couple": boxes(4, 5), "Deer": boxes(5, 6)}


def shift(rows, x=0.0, y=0.0):
    """Shift boxes from the second frame on; the first box is given to every tracker."""
    moved = rows.copy()
    moved[1:, 0] += x
    moved[1:, 1] += y
    return moved


def write_results(results, trackers, folder="OTB2015"):
    for tracker, rows in trackers.items():
        (results / folder / tracker).mkdir(parents=True, exist_ok=True)
        for sequence, boxes_of_it in rows.items():
            write(results / folder / tracker / f"{sequence}.txt", boxes_of_it, fmt="%.3f")
    return results


def read_script(file):
    """Read key and data from one of the page's scripts."""
    match = re.fullmatch(r'crtReport\(("[^"]*"),(.*)\);\n', file.read_text(), re.DOTALL)
    return json.loads(match[1]), json.loads(match[2])


class Pages:
    """Makes pages under a folder, of ``data`` (two sequences of OTB) and ``results``."""

    def __init__(self, folder):
        self.folder = folder
        self.data = write_otb(folder / "data")
        self.results = folder / "results"
        self.output = folder / "page"

    def build(self, rows=None, **settings):
        if rows is not None:
            write_results(self.results, rows)
        if not {"groundtruth", "data"} & set(settings):
            settings["data"] = self.data
        return building.build(PageRequest(self.results, **settings), self.output)

    def summary(self, rows=None, **settings):
        self.build(rows, **settings)
        return read_script(self.output / "data" / "summary.js")[1]

    def sequence(self, name):
        (file,) = (self.output / "data").glob(f"*-{name}.js")
        key, data = read_script(file)
        assert key == file.stem
        return data


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """Pages without Plotly's script."""
    monkeypatch.setattr(building, "plotly_script", lambda: "")
    return Pages(tmp_path)
