"""A tracker of pytracking through ``crt evaluate``: a made-up one in a made-up checkout.

The same is put into a copy of the checkout that ``PYTRACKING_ROOT`` names.

``CRT_PYTRACKING`` and ``CRT_PYTRACKING_TRACKER`` (such as dimp/dimp50) name a real checkout and one
of its trackers whose weights are there; the last test then runs it.
"""

import importlib
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.run.evaluate import evaluate
from crt_plugin.errors import MissingExtraError, ParameterError, SourceError
from crt_plugin.hosts.got10k.toolkit import rect_iou
from crt_plugin.peers.pytracking import PytrackingTracker, missing_pytracking
from crt_plugin.peers.registry import make
from tests.conftest import scene
from tests.helpers.pytracking_real import REAL, real, require_packages

STUB = Path(__file__).parents[1] / "helpers" / "pytracking_stub"
TRACKER = os.environ.get("CRT_PYTRACKING_TRACKER")
# Normalised cross-correlation with the first frame's object, in the toolkit's interface
MATCHER = """
import cv2


def get_tracker_class():
    return Matcher


class Matcher:
    made = []

    def __init__(self, params):
        self.params = params
        Matcher.made.append(self)

    def initialize(self, image, info):
        assert self.visdom is None and not self.params.visualization and self.params.debug == 0
        self.x, self.y, self.w, self.h = map(round, info["init_bbox"])
        self.first = info["init_bbox"], image.copy()
        self.template = image[self.y : self.y + self.h, self.x : self.x + self.w]
        return {"frame": 0}

    def track(self, image, info=None):
        found = cv2.matchTemplate(image, self.template, cv2.TM_CCOEFF_NORMED)
        _, _, _, (x, y) = cv2.minMaxLoc(found)
        frame = info["previous_output"]["frame"] + 1
        return {"target_bbox": [x, y, self.w, self.h], "frame": frame}
"""
PARAMETERS = """
class TrackerParams:
    pass


def parameters():
    return TrackerParams()
"""


def forget_toolkit():
    for name in [n for n in sys.modules if n.partition(".")[0] in ("pytracking", "ltr")]:
        del sys.modules[name]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with one tracker, which the environment names."""
    yield from put_matcher_into(STUB, tmp_path, monkeypatch)


@pytest.fixture(params=["made-up", pytest.param("real", marks=real)])
def any_checkout(request, tmp_path, monkeypatch):
    """The same, and a copy of the real one."""
    if request.param == "real":
        require_packages()
    yield from put_matcher_into(REAL if request.param == "real" else STUB, tmp_path, monkeypatch)


def put_matcher_into(template, tmp_path, monkeypatch):
    root = tmp_path / "checkout"
    shutil.copytree(template, root, ignore=shutil.ignore_patterns("__pycache__", ".git"))
    for place, text in (
        ("tracker/matcher/__init__.py", MATCHER),
        ("parameter/matcher/__init__.py", ""),
        ("parameter/matcher/plain.py", PARAMETERS),
        ("parameter/matcher/broken.py", "import no_such_package"),
        ("parameter/matcher/aged.py", "raise RuntimeError('no operator nms')"),
    ):
        file = root / "pytracking" / place
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    monkeypatch.setenv("CRT_PYTRACKING", str(root))
    monkeypatch.setattr(sys, "path", [*sys.path])
    forget_toolkit()
    importlib.invalidate_caches()
    yield root
    forget_toolkit()


def test_it_is_given_what_the_toolkit_gives(any_checkout):
    """Boxes from 0, RGB arrays, settings as in a run over a dataset, its own last output."""
    tracker = make("pytracking:matcher/plain")
    assert (tracker.name, tracker.is_deterministic) == ("matcher-plain", False)
    frames = [Image.fromarray(scene(60 + 3 * k, 40 + k)) for k in range(4)]
    tracker.init(frames[0], np.array([61.0, 41, 24, 16]))
    boxes = [tracker.update(frame).tolist() for frame in frames[1:]]
    assert boxes == [[61.0 + 3 * k, 41.0 + k, 24, 16] for k in (1, 2, 3)]  # counted from 1 again
    (made,) = sys.modules["pytracking.tracker.matcher"].Matcher.made
    box, image = made.first
    assert box == [60, 40, 24, 16] and image.dtype == np.uint8
    assert np.array_equal(image, scene(60, 40)) and tracker._output["frame"] == 3
    tracker.init(frames[0], np.array([61.0, 41, 24, 16]))
    assert len(sys.modules["pytracking.tracker.matcher"].Matcher.made) == 2  # anew, as there


def test_a_real_sequence_through_the_evaluation(any_checkout, shared, tmp_path, no_curves):
    data = tmp_path / "data" / "Deer"
    real = shared / "data" / "otb" / "Deer"
    (data / "img").mkdir(parents=True)
    for file in sorted((real / "img").iterdir())[:6]:
        shutil.copyfile(file, data / "img" / file.name)
    lines = (real / "groundtruth_rect.txt").read_text().splitlines()[:6]
    (data / "groundtruth_rect.txt").write_text("\n".join(lines))
    done = evaluate(None, data.parent, ["pytracking:matcher/plain"], tmp_path / "r", progress=False)
    assert not done.failures and done.report.scores[0].auc > 0.5
    assert (tmp_path / "r" / "OTB2015" / "matcher-plain" / "Deer.txt").is_file()


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("matcher", ParameterError, "expected pytracking:TRACKER/PARAMETERS"),
        ("matcher/", ParameterError, "expected pytracking:TRACKER/PARAMETERS"),
        ("../matcher/plain", ParameterError, "expected pytracking:TRACKER/PARAMETERS"),
        ("dimp/dimp50", ParameterError, "no tracker 'dimp' in .*; expected matcher"),
        (
            "matcher/dimp50",
            ParameterError,
            "no parameter file 'dimp50' in .*; expected aged, broken, pl",
        ),
        ("matcher/broken", MissingExtraError, "no_such_package.*INSTALL.md"),
        ("matcher/aged", MissingExtraError, "RuntimeError: no operator nms; .*INSTALL.md"),
    ],
)
def test_what_is_not_there_is_named(text, error, said, checkout):
    with pytest.raises(error, match=said):
        make(f"pytracking:{text}")


def test_without_a_checkout(tmp_path, monkeypatch):
    monkeypatch.delenv("CRT_PYTRACKING", raising=False)
    forget_toolkit()
    assert "in the folder that CRT_PYTRACKING names" in missing_pytracking()
    with pytest.raises(MissingExtraError, match="a checkout of github.com/visionml/pytracking"):
        PytrackingTracker("dimp/dimp50")
    monkeypatch.setenv("CRT_PYTRACKING", str(tmp_path))
    with pytest.raises(SourceError, match="is not a checkout of visionml's pytracking"):
        PytrackingTracker("dimp/dimp50")


def test_a_checkout_on_the_path_is_found(any_checkout, monkeypatch):
    monkeypatch.delenv("CRT_PYTRACKING")
    monkeypatch.syspath_prepend(any_checkout)
    assert missing_pytracking() == ""
    assert make("pytracking:matcher/plain").name == "matcher-plain"


def test_two_checkouts_at_once_are_refused(checkout, tmp_path, monkeypatch):
    """Python would go on with the modules of the first."""
    make("pytracking:matcher/plain")
    other = shutil.copytree(checkout, tmp_path / "other")
    monkeypatch.setenv("CRT_PYTRACKING", str(other))
    with pytest.raises(MissingExtraError, match="loaded from .*checkout/pytracking already"):
        make("pytracking:matcher/plain")


@pytest.mark.skipif(TRACKER is None, reason="CRT_PYTRACKING_TRACKER names no tracker")
def test_a_real_tracker_follows_the_deer(shared):
    tracker = make(f"pytracking:{TRACKER}")
    part = open_part("otb", shared / "data" / "otb", ["Deer"])
    files, truth = part.experiment.dataset[0]
    boxes, _ = tracker.track(files[:20], truth[0])
    assert rect_iou(boxes, truth[:20]).mean() > 0.5
