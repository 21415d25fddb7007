import copy
import importlib
import importlib.util
import json
import os
import pickle
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import crt_plugin.hosts.pytracking.tracker as adapter
from crt_plugin.errors import (
    BoxError,
    MissingExtraError,
    NotInitialisedError,
    ParameterError,
    SourceError,
)
from crt_plugin.hosts.pytracking.attach import attach, remove
from crt_plugin.hosts.pytracking.tracker import CRT
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import QUICK, ROOT, scene
from tests.helpers.pytracking_real import REAL, real, require_packages

STUB = Path(__file__).parents[2] / "helpers" / "pytracking_stub"
BOX = [60.0, 40.0, 24.0, 16.0]
LOCAL = """
class Settings:
    results_path = {results!r}
    otb_path = {otb!r}

def local_env_settings():
    return Settings()
"""


def forget_toolkit():
    for name in [n for n in sys.modules if n.partition(".")[0] == "pytracking"]:
        del sys.modules[name]
    vars(adapter).pop("HostedTracker", None)


@pytest.fixture
def path_only(monkeypatch):
    """Nothing of a toolkit is loaded, before and after."""
    forget_toolkit()
    yield monkeypatch
    forget_toolkit()


@pytest.fixture
def host(tmp_path, path_only):
    """The stub of the toolkit, set up, on the path, not attached to."""
    folder = tmp_path / "checkout"
    shutil.copytree(STUB, folder, ignore=shutil.ignore_patterns("__pycache__"))
    local = LOCAL.format(results=str(tmp_path / "results"), otb=str(tmp_path / "otb"))
    (folder / "pytracking" / "evaluation" / "local.py").write_text(local)
    path_only.syspath_prepend(folder)
    return folder


@pytest.fixture
def quick(tmp_path):
    """A parameter file that is fast enough."""
    path = tmp_path / "quick.py"
    settings = {**QUICK, "train_steps": 100}
    lines = "".join(f"    params.{name} = {value!r}\n" for name, value in settings.items())
    path.write_text(
        "from crt_plugin.parameters import Parameters\n\n\n"
        f"def parameters():\n    params = Parameters()\n{lines}    return params\n"
    )
    return path


@pytest.fixture
def hosted(host, quick):
    """The stub's Tracker with quick parameters, and its class for sequences."""
    evaluation = importlib.import_module("pytracking.evaluation")
    return adapter.HostedTracker(quick), evaluation.Sequence


class Spy:
    """In place of CRTTracker: notes what it is given."""

    made: list = []  # noqa: RUF012

    def __init__(self, params):
        self.params, self.images, self.box = params, [], None
        self.last = load_last()
        Spy.made.append(self)

    def init(self, image, box):
        self.images.append(image)
        self.box = list(box)

    def update(self, image):
        self.images.append(image)


def load_last():
    maps = np.zeros((3, 5), np.float32)
    return type(
        "Last",
        (),
        {"box": np.array(BOX), "score": 0.5, "scale": 1.0, "response": maps, "motion_map": maps},
    )


@pytest.fixture
def spies(monkeypatch):
    monkeypatch.setattr(Spy, "made", [])
    monkeypatch.setattr(adapter, "CRTTracker", Spy)
    return Spy.made


class Window:
    """In place of the toolkit's Visdom: notes what is shown."""

    def __init__(self):
        self.shown = []

    def register(self, data, mode, level, title):
        self.shown.append((title, mode, level, data))

    def titles(self):
        return [title for title, *_ in self.shown]


# ---------------------------------------------------------------------------------- the contract


def test_what_the_toolkit_asks_of_a_class(small):
    tracker = CRT(small)
    assert CRT.multiobj_mode == "parallel"
    assert tracker.visdom is None
    assert tracker.initialize_features() is None
    assert tracker.predicts_segmentation_mask() is False
    assert tracker.params.get("patch_width") == 5 and tracker.params.has("patch_width")


def test_boxes_are_0_based_lists_and_scores_are_floats(small):
    """The object goes from (60, 40) by two cells to the right and one up, 4 px each."""
    tracker = CRT(small)
    first = tracker.initialize(scene(60, 40), {"init_bbox": BOX})
    assert first == {"target_bbox": BOX, "object_presence_score": 1.0}
    found = tracker.track(scene(68, 36))
    assert found["target_bbox"] == [68, 36, 24, 16]
    assert type(found["target_bbox"]) is list
    assert {type(value) for value in found["target_bbox"]} == {float}
    assert type(found["object_presence_score"]) is float
    assert 0.3 < found["object_presence_score"] == tracker.tracker.last.score <= 1


def test_box_of_the_annotation_is_not_kept(small):
    box = np.array(BOX)
    tracker = CRT(small)
    tracker.initialize(scene(60, 40), {"init_bbox": box})
    tracker.track(scene(68, 36), {"previous_output": {}})
    assert box.tolist() == BOX


def test_parameters_of_the_caller_are_not_changed(small):
    before = dict(vars(small))
    CRT(small).params.seed = 5
    assert vars(small) == before


def test_track_before_initialize(small):
    with pytest.raises(NotInitialisedError):
        CRT(small).track(scene(60, 40))


def test_masks_alone_are_not_enough(small):
    with pytest.raises(BoxError, match=r"no init_bbox, only \['init_mask'\]; expected .*box"):
        CRT(small).initialize(scene(60, 40), {"init_mask": np.zeros((120, 160))})


def test_copies_track_alike(small):
    """For several objects the toolkit copies one tracker rather than load its features again."""
    tracker = CRT(small)
    other = copy.deepcopy(tracker)
    boxes = []
    for each in (tracker, other):
        each.initialize(scene(60, 40), {"init_bbox": BOX})
        boxes.append(each.track(scene(66, 42))["target_bbox"])
    assert boxes[0] == boxes[1] and tracker.tracker is not other.tracker


# ------------------------------------------------------------------------------- its entry points

RED, BLUE = np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6, 3), np.uint8)
RED[..., 0] = 200
BLUE[..., 2] = 200


def test_datasets_are_rgb(hosted, spies):
    tracker, sequence = hosted
    tracker.run_sequence(sequence("one", [RED, RED], BOX))
    (spy,) = spies
    assert [image[0, 0].tolist() for image in spy.images] == [[200, 0, 0]] * 2
    assert spy.box == BOX


def test_datasets_with_several_objects_are_rgb(hosted, spies):
    tracker, sequence = hosted
    tracker.run_sequence(sequence("two", [RED, RED], {"a": BOX, "b": [1, 2, 3, 4]}))
    assert [spy.box for spy in spies] == [BOX, [1, 2, 3, 4]]
    assert {tuple(image[0, 0]) for spy in spies for image in spy.images} == {(200, 0, 0)}


def test_videos_and_cameras_are_bgr(hosted, spies):
    """What they give is blue first: (0, 0, 200) is red."""
    tracker, _ = hosted
    tracker.run_video_generic([BLUE, BLUE], BOX)
    (spy,) = spies
    assert [image[0, 0].tolist() for image in spy.images] == [[200, 0, 0]] * 2
    assert all(image.flags.c_contiguous for image in spy.images)


def test_vot_is_rgb_and_its_polygon_becomes_the_bounding_box(hosted, spies):
    tracker, _ = hosted
    tracker.run_vot([RED, RED], [10, 20, 35, 22, 33, 50, 8, 47])
    (spy,) = spies
    assert [image[0, 0].tolist() for image in spy.images] == [[200, 0, 0]] * 2
    assert spy.box == [8, 20, 27, 30]


def test_several_objects_are_tracked_on_their_own(hosted):
    """One goes right, one stays; each as if it were alone."""
    tracker, sequence = hosted
    frames = [scene(60, 40), scene(64, 40), scene(68, 40)]
    still = [20.0, 80.0, 24.0, 16.0]
    tracker.visdom = Window()
    outputs = tracker.run_sequence(sequence("two", frames, {"1": BOX, "2": still}))
    assert outputs[0]["target_bbox"] == {"1": BOX, "2": still}
    assert outputs[-1]["target_bbox"] == {"1": [68, 40, 24, 16], "2": still}
    assert set(outputs[-1]["object_presence_score"]) == {"1", "2"}
    titles = {"Response 1", "Motion map 1", "Response 2", "Motion map 2", "Status", "Tracking"}
    assert set(tracker.visdom.titles()) == titles
    alone = tracker.run_sequence(sequence("one", frames, BOX))
    assert alone[-1]["target_bbox"] == outputs[-1]["target_bbox"]["1"]


# ---------------------------------------------------------------------------------------- visdom


def test_maps_are_shown(small):
    tracker = CRT(small)
    tracker.visdom = Window()
    tracker.initialize(scene(60, 40), {"init_bbox": BOX})
    del tracker.visdom.shown[:]
    score = tracker.track(scene(64, 40))["object_presence_score"]
    last = tracker.tracker.last
    (title, mode, level, response), motion, status = tracker.visdom.shown
    assert (title, mode, level) == ("Response", "heatmap", 1)
    assert isinstance(response, torch.Tensor)
    assert np.array_equal(response.numpy(), last.response) and response.ndim == 2
    assert motion[:2] == ("Motion map", "heatmap")
    assert np.array_equal(motion[3].numpy(), last.motion_map)
    assert status[:2] == ("Status", "info_dict")
    assert status[3] == {"score": score, "scale": last.scale}


def test_without_a_window_nothing_is_shown(small):
    tracker = CRT(small)
    tracker.initialize(scene(60, 40), {"init_bbox": BOX})
    assert tracker.visdom is None


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([1, 2, 3, 4], [[1, 2, 3, 4]]),  # run_vot
        ([[1, 2, 3, 4], [5, 6, 7, 8]], [[1, 2, 3, 4], [5, 6, 7, 8]]),  # run_sequence
        ({"a": [1, 2, 3, 4]}, [[1, 2, 3, 4]]),
        (None, []),
    ],
)
def test_boxes_are_shown_as_lists(small, given, shown):
    """The window takes a list for a box, and anything else for a mask."""
    tracker = CRT(small)
    tracker.visdom = Window()
    tracker.visdom_draw_tracking(RED, given, None)
    ((title, mode, _, (image, *boxes)),) = tracker.visdom.shown
    assert (title, mode) == ("Tracking", "Tracking") and image is RED
    assert boxes == shown and all(type(box) is list for box in boxes)


# ---------------------------------------------------------------------------------- HostedTracker


def files_of(folder):
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def test_hosted_tracker_writes_nothing(host, hosted):
    before = files_of(host)
    tracker, sequence = hosted
    outputs = tracker.run_sequence(sequence("one", [scene(60, 40), scene(68, 36)], BOX))
    assert outputs[-1]["target_bbox"] == [68, 36, 24, 16]
    assert files_of(host) == before
    assert isinstance(tracker, importlib.import_module("pytracking.evaluation").Tracker)


def test_hosted_tracker_beside_an_attached_one(host, tmp_path, quick):
    attach(host)
    tracker = adapter.HostedTracker("hog", run_id=3, display_name="CRT hog")
    assert (tracker.name, tracker.parameter_name) == ("crt", "hog")
    assert (tracker.run_id, tracker.display_name) == (3, "CRT hog")
    assert tracker.results_dir == f"{tmp_path / 'results'}/crt/hog"
    assert dict(tracker.get_parameters()) == dict(load_parameters("hog"))
    assert adapter.HostedTracker(quick).parameter_name == "quick"


def test_hosted_tracker_can_be_sent_to_workers(hosted):
    tracker = pickle.loads(pickle.dumps(hosted[0]))
    assert type(tracker) is adapter.HostedTracker
    assert tracker.tracker_class is CRT and tracker.get_parameters().patch_width == 5


def test_hosted_tracker_without_settings_of_the_toolkit(host):
    local = host / "pytracking" / "evaluation" / "local.py"
    local.unlink()
    with pytest.raises(SourceError, match=r"no .*local\.py.*create_default_local_file"):
        adapter.HostedTracker("hog")
    assert not local.exists()


def test_hosted_tracker_of_unknown_parameters(host):
    with pytest.raises(ParameterError, match="no parameter file 'hogg'"):
        adapter.HostedTracker("hogg")


def test_no_toolkit_at_all(path_only):
    without = [p for p in sys.path if not Path(p, "pytracking").exists()]
    path_only.setattr(sys, "path", without)
    with pytest.raises(MissingExtraError, match="finds nothing"):
        adapter.HostedTracker  # noqa: B018


def test_pypi_s_pytracking_instead_of_the_toolkit(path_only, tmp_path):
    (tmp_path / "pytracking").mkdir()
    (tmp_path / "pytracking" / "__init__.py").touch()
    path_only.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match="tracking e-mail: pip uninstall") as error:
        adapter.HostedTracker  # noqa: B018
    assert str(tmp_path / "pytracking" / "__init__.py") in str(error.value)


def test_a_toolkit_that_lacks_a_package(host):
    tracker = host / "pytracking" / "evaluation" / "tracker.py"
    tracker.write_text("import no_such_visdom\n" + tracker.read_text())
    with pytest.raises(MissingExtraError, match="No module named 'no_such_visdom'") as error:
        adapter.HostedTracker  # noqa: B018
    assert "pip uninstall" not in str(error.value)


def test_other_names_are_errors():
    with pytest.raises(AttributeError, match="no attribute 'HostTracker'"):
        adapter.HostTracker  # noqa: B018


# -------------------------------------------------------------------------------------- attached


def test_attached_tracker_runs(host, spies):
    """Through the toolkit's own look-up of tracker and parameters."""
    evaluation = importlib.import_module("pytracking.evaluation")
    assert evaluation.Tracker("crt", "rgb").tracker_class is None
    attach(host)
    importlib.invalidate_caches()
    tracker = evaluation.Tracker("crt", "rgb")
    assert tracker.tracker_class is CRT
    outputs = tracker.run_sequence(evaluation.Sequence("one", [RED, RED], BOX))
    assert outputs[1] == {"target_bbox": BOX, "object_presence_score": 0.5}
    assert spies[0].box == BOX and spies[0].params.features == "rgb"


def test_parameters_keep_what_the_toolkit_writes_onto_them():
    params = Parameters()
    params.visualization, params.debug, params.run_id = True, 2, None
    assert (params.visualization, params.debug, params.run_id) == (True, 2, None)
    assert dict(params) == dict(Parameters()) and params == Parameters()
    with pytest.raises(ParameterError):
        params.visualisation = True


def otb_folder(root, *annotations):
    for annotation in annotations:
        path = root / annotation
        (path.parent / "img").mkdir(parents=True, exist_ok=True)
        path.write_text("61,41,24,16\n")


def test_experiment_takes_the_sequences_that_are_there(host, tmp_path, capsys):
    attach(host)
    otb_folder(tmp_path / "otb", "Deer/groundtruth_rect.txt", "Jogging/groundtruth_rect.2.txt")
    experiments = importlib.import_module("pytracking.experiments.crt")
    trackers, dataset = experiments.otb_hog()
    assert [(t.name, t.parameter_name, t.tracker_class) for t in trackers] == [("crt", "hog", CRT)]
    assert [sequence.name for sequence in dataset] == ["Deer", "Jogging_2"]
    assert f"2 of 3 sequences of OTB-100 are in {tmp_path / 'otb'}" in capsys.readouterr().out
    assert [t.parameter_name for t in experiments.otb()[0]] == ["default"]


def test_experiment_without_sequences(host, tmp_path):
    with pytest.raises(SourceError, match=r"no sequence of OTB in .*otb_path"):
        adapter.experiments().otb()
    otb_folder(tmp_path / "otb", "Deer/groundtruth_rect.txt")
    (tmp_path / "otb" / "Deer" / "img").rmdir()
    with pytest.raises(SourceError, match="no sequence of OTB"):
        adapter.experiments().otb()


def test_experiments_do_not_hide_the_toolkit(host):
    assert "otb" in vars(adapter.experiments())
    assert Path(importlib.import_module("pytracking").__file__).is_relative_to(host)


def test_experiments_run_as_a_script_say_what_to_do():
    done = subprocess.run(
        [sys.executable, ROOT / "experiments" / "examples" / "pytracking.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "crt attach --pytracking DIR" in done.stderr


def test_experiments_that_are_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(adapter, "bundled_folder", lambda name: tmp_path / name)
    with pytest.raises(SourceError, match=r"no file .*pytracking\.py"):
        adapter.experiments()


# ------------------------------------------------------------------------------ the real toolkit

SEQUENCES = ("Deer", "Crossing")
FRAMES = 15
# The toolkit lists OTB's sequences in its source; here they end early, and may be chosen from.
REAL_LOCAL = """
import os
from pytracking.evaluation.environment import EnvSettings

def local_env_settings():
    settings = EnvSettings()
    settings.results_path = {results!r}
    settings.result_plot_path = {plots!r}
    settings.otb_path = {otb!r}
    shorten_otb(os.environ.get("CRT_TEST_SEQUENCES", "").split())
    return settings

def shorten_otb(names):
    from pytracking.evaluation.otbdataset import OTBDataset
    whole = getattr(OTBDataset, "whole", OTBDataset._get_sequence_info_list)
    OTBDataset.whole = whole
    OTBDataset._get_sequence_info_list = lambda self: [
        dict(info, endFrame=info["startFrame"] + {frames} - 1)
        for info in whole(self) if not names or info["name"] in names
    ]
"""


class RealHost:
    """A clone of the user's checkout, set up for the first frames of two real sequences."""

    def __init__(self, folder, shared):
        self.folder = folder
        self.root = folder / "checkout"
        self.results = folder / "results"
        self.otb = folder / "otb"
        self.extra = folder / "extra"
        self.git("clone", "--quiet", REAL, self.root, cwd=folder)
        for name in SEQUENCES:
            self._copy_sequence(shared / "data" / "otb" / name)
        self.extra.mkdir()
        if importlib.util.find_spec("tikzplotlib") is None:
            (self.extra / "tikzplotlib.py").touch()  # imported at the top, needed for LaTeX alone
        local = self.root / "pytracking" / "evaluation" / "local.py"
        places = {"results": self.results, "plots": folder / "plots", "otb": self.otb}
        places = {key: str(path) for key, path in places.items()}
        local.write_text(REAL_LOCAL.format(frames=FRAMES, **places))

    def _copy_sequence(self, source):
        target = self.otb / source.name
        (target / "img").mkdir(parents=True)
        for frame in sorted((source / "img").glob("*.jpg"))[:FRAMES]:
            shutil.copy(frame, target / "img")
        lines = (source / "groundtruth_rect.txt").read_text().splitlines()[:FRAMES]
        (target / "groundtruth_rect.txt").write_text("\n".join(lines) + "\n")

    def git(self, *words, cwd=None):
        command = ["git", *(str(word) for word in words)]
        done = subprocess.run(
            command, cwd=cwd or self.root, capture_output=True, text=True, check=True
        )
        return done.stdout

    def python(self, *words, sequences=()):
        """Output of a Python in the checkout; OTB is of ``sequences`` alone, or whole."""
        paths = [
            ROOT,
            self.extra,
            *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)),
        ]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "MPLBACKEND": "Agg",
            "CRT_TEST_SEQUENCES": " ".join(sequences),
            "PYTHONDONTWRITEBYTECODE": "",
        }
        done = subprocess.run(
            [sys.executable, *map(str, words)],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        with (self.folder / "transcript.txt").open("a") as transcript:
            transcript.write(f"$ python {' '.join(map(str, words))}\n{done.stdout}{done.stderr}\n")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def table(self, name):
        return np.loadtxt(self.results / "crt" / "hog" / f"{name}.txt")

    def truth(self, name):
        lines = (self.otb / name / "groundtruth_rect.txt").read_text().splitlines()
        return np.array([line.replace(",", " ").split() for line in lines], float)


def read_rgb(path):
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


@pytest.fixture(scope="module")
def real_host(tmp_path_factory, shared):
    require_packages()
    host = RealHost(tmp_path_factory.mktemp("real"), shared)
    assert len(attach(host.root)) == 3
    return host


@pytest.fixture(scope="module")
def real_run(real_host):
    """The toolkit's own evaluation of both sequences at once."""
    words = ("crt", "hog", "--dataset_name", "otb", "--threads", "2")
    return real_host.python("pytracking/run_tracker.py", *words, sequences=SEQUENCES)


@real
@pytest.mark.slow
@pytest.mark.parametrize("name", SEQUENCES)
def test_real_run_tracker(real_host, real_run, name):
    """It exits with 0 whatever happens: its files are looked at."""
    assert f"Tracker: crt hog None ,  Sequence: {name}" in real_run
    boxes, truth = real_host.table(name), real_host.truth(name)
    assert boxes.shape == (FRAMES, 4) and np.array_equal(boxes[0], truth[0])
    scores = real_host.table(f"{name}_object_presence_scores")
    assert scores[0] == 1 and len(scores) == FRAMES and (scores > 0).all() and (scores <= 1).all()
    assert len(np.unique(scores)) > 5
    assert (real_host.table(f"{name}_time") > 0).all()
    centers = [b[:, :2] + b[:, 2:] / 2 for b in (boxes, truth)]
    assert (np.linalg.norm(centers[0] - centers[1], axis=1) < 20).all()


@real
@pytest.mark.slow
@pytest.mark.parametrize("name", SEQUENCES)
def test_real_run_tracker_gives_the_boxes_of_the_bare_tracker(real_host, real_run, name):
    """Up to the fractions that it cuts off; it hands over the file's numbers as they are."""
    frames = sorted((real_host.otb / name / "img").glob("*.jpg"))
    tracker = CRTTracker(load_parameters("hog"))
    tracker.init(read_rgb(frames[0]), real_host.truth(name)[0])
    boxes = [tracker.last.box, *(tracker.update(read_rgb(frame)) for frame in frames[1:])]
    assert np.abs(np.trunc(boxes) - real_host.table(name)).max() <= 1


@real
@pytest.mark.slow
def test_real_run_experiment_and_print_results(real_host, real_run):
    kept, new = SEQUENCES
    before = real_host.table(new)
    for file in (real_host.results / "crt" / "hog").glob(f"{new}*"):
        file.unlink()
    said = real_host.python("pytracking/run_experiment.py", "crt", "otb_hog", "--threads", "2")
    assert "Running:  crt  otb_hog" in said
    assert f"2 of 100 sequences of OTB-100 are in {real_host.otb}" in said
    assert f"Sequence: {new}" in said and f"Sequence: {kept}" not in said
    assert np.array_equal(real_host.table(new), before)
    said = real_host.python(
        "-c",
        "from pytracking.analysis.plot_results import print_results\n"
        "from pytracking.experiments.crt import otb_hog\n"
        "print_results(*otb_hog(), 'crt', plot_types=('success', 'prec'))",
    )
    (row,) = (line for line in said.splitlines() if line.startswith("crt_hog"))
    area, half, three_quarters, precision = (float(word) for word in row.split("|")[1:5])
    assert 100 >= half >= three_quarters >= 0 and 40 < area < 100 and precision == 100


VIDEO = """
import json, sys
import cv2
import numpy as np
import crt_plugin.hosts.pytracking.tracker as adapter

# No screen: windows are not opened, and the space bar starts the video.
for name in ("namedWindow", "resizeWindow", "setMouseCallback", "imshow", "destroyAllWindows"):
    setattr(cv2, name, lambda *words: None)
keys = iter([32])
cv2.waitKey = lambda delay: next(keys, -1)

seen = []
class Spy(adapter.CRTTracker):
    def init(self, image, box):
        seen.append(image.mean(axis=(0, 1)).tolist())
        super().init(image, box)
    def update(self, image):
        seen.append(image.mean(axis=(0, 1)).tolist())
        return super().update(image)
adapter.CRTTracker = Spy
{body}
print("SEEN", json.dumps(seen))
"""
RUN_VIDEO = """
from pytracking.run_video import run_video
run_video("crt", "hog", {video!r}, optional_box=[60, 40, 24, 16], save_results=True)
"""
RUN_VOT = """
import pytracking.evaluation.vot as vot
from pytracking.run_vot import run_vot
class Handle:  # as run_vot takes regions and file names apart
    frames = iter(["x" * 20 + path + "'}}" for path in {paths!r}])
    def __init__(self, kind): assert kind == "polygon"
    def region(self): return [[(60, 40), (84, 40), (84, 56), (60, 56)]]
    def frame(self): return next(self.frames, None)
    def report(self, box): print("REPORT", json.dumps(list(box)))
vot.VOT = Handle
run_vot("crt", "hog")
"""


def red_frames():
    """The object on a background whose red is strong and whose blue is weak."""
    frames = []
    for x in (60, 64, 68, 72):
        frame = scene(x, 40)
        frame[..., 0] = np.maximum(frame[..., 0], 180)
        frame[..., 2] //= 4
        frames.append(frame)
    return frames


def read_seen(said):
    return np.array(json.loads(said.partition("SEEN ")[2].partition("\n")[0]))


@real
@pytest.mark.slow
def test_real_run_video_hands_over_bgr_which_becomes_rgb(real_host, tmp_path):
    video = str(tmp_path / "red.avi")
    writer = cv2.VideoWriter(video, cv2.VideoWriter_fourcc(*"MJPG"), 10, (160, 120))
    for frame in red_frames():
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    body = textwrap.dedent(RUN_VIDEO).format(video=video)
    said = real_host.python("-c", VIDEO.format(body=body))
    colors = read_seen(said)
    assert len(colors) >= 4 and (colors[:, 0] > 150).all() and (colors[:, 2] < 50).all()
    boxes = np.loadtxt(real_host.results / "crt" / "hog" / "video_red_1.txt")
    assert abs(boxes[-1, 0] - 72) < 4 and abs(boxes[-1, 1] - 40) < 4


@real
@pytest.mark.slow
def test_real_run_vot_hands_over_rgb(real_host, tmp_path):
    paths = [str(tmp_path / f"{k}.png") for k in range(4)]
    for path, frame in zip(paths, red_frames(), strict=True):
        cv2.imwrite(path, np.ascontiguousarray(frame[..., ::-1]))
    said = real_host.python("-c", VIDEO.format(body=RUN_VOT.format(paths=paths)))
    colors = read_seen(said)
    assert len(colors) == 4 and (colors[:, 0] > 150).all() and (colors[:, 2] < 50).all()
    reports = [json.loads(line[7:]) for line in said.splitlines() if line.startswith("REPORT ")]
    assert len(reports) == 3
    assert abs(reports[-1][0] - 72) < 4 and abs(reports[-1][1] - 40) < 4


@real
@pytest.mark.slow
def test_real_checkout_is_clean_again(real_host):
    """Last: with all that has been run and compiled in between."""
    status = ("status", "--porcelain", "--untracked-files=all")
    lines = real_host.git(*status).splitlines()
    assert len(lines) == 3 and all(line.startswith("?? pytracking/") for line in lines)
    assert len(remove(real_host.root)) == 3
    assert real_host.git(*status) == ""
    ignored = real_host.git(*status, "--ignored=matching").splitlines()
    assert ignored and not [line for line in ignored if "crt" in line]
    for folder in ("tracker/crt", "parameter/crt"):
        assert not (real_host.root / "pytracking" / folder).exists()
    assert not list((real_host.root / "pytracking" / "experiments").rglob("crt*"))


HOSTED = """
from crt_plugin.hosts.pytracking.tracker import HostedTracker
from pytracking.evaluation import get_dataset
from pytracking.evaluation.running import run_dataset
run_dataset(get_dataset("otb"), [HostedTracker({parameters!r})], threads=2)
"""


@real
@pytest.mark.slow
def test_real_hosted_tracker_needs_no_files(real_host, quick):
    """In worker processes of the toolkit, on a checkout that is not attached to."""
    remove(real_host.root)
    code = HOSTED.format(parameters=str(quick))
    said = real_host.python("-c", code, sequences=SEQUENCES)
    assert all(f"Tracker: crt quick None ,  Sequence: {name}" in said for name in SEQUENCES)
    for name in SEQUENCES:
        assert np.loadtxt(real_host.results / "crt" / "quick" / f"{name}.txt").shape == (FRAMES, 4)
    assert real_host.git("status", "--porcelain", "--untracked-files=all") == ""
