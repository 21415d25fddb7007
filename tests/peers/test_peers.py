import sys
from importlib import metadata
from types import SimpleNamespace

import numpy as np
import pytest
from got10k.trackers import IdentityTracker
from PIL import Image

from crt_plugin.errors import BoxError, MissingExtraError, ParameterError, SourceError
from crt_plugin.features import vgg_weights
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.hosts.got10k.toolkit import rect_iou
from crt_plugin.peers import dlib as dlib_peers
from crt_plugin.peers import opencv as opencv_peers
from crt_plugin.peers import registry as peers
from crt_plugin.peers.dlib import DlibTracker
from crt_plugin.peers.opencv import OpenCVTracker
from crt_plugin.peers.published import Published
from crt_plugin.peers.registry import make
from tests.conftest import scene

WHEELS = {"opencv-python": "5.0.0", "opencv-contrib-python": "5.0.1"}


@pytest.fixture
def wheels(monkeypatch):
    """Pretend that some wheels of OpenCV are installed, and others not."""

    def pretend(*names):
        def version(name):
            if name not in names:
                raise metadata.PackageNotFoundError(name)
            return WHEELS.get(name, "5.0.2")

        monkeypatch.setattr(metadata, "version", version)

    return pretend


@pytest.fixture
def plain_opencv(monkeypatch, wheels):
    """Only what plain OpenCV has."""
    monkeypatch.setattr(
        opencv_peers, "cv2", SimpleNamespace(TrackerMIL_create=list, __version__="5.0.0")
    )
    wheels("opencv-python")


# --------------------------------------------------------------------------------------- registry


def test_the_list_has_every_family(plain_opencv):
    listed = {peer.text: peer.missing for peer in peers.peers()}
    assert {"crt:default", "crt:hog", "opencv:mil", "opencv:kcf", "dlib:correlation"} <= set(listed)
    assert listed["crt:hog"] == listed["opencv:mil"] == ""
    assert listed["opencv:kcf"] == ("opencv-contrib-python brings it; here is opencv-python 5.0.0")


def test_parameter_files_without_their_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("CRT_VGG16_WEIGHTS", raising=False)
    listed = {peer.text: peer.missing for peer in peers.peers()}
    assert listed["crt:vgg_conv13"].startswith("conv-13 needs ") and not listed["crt:vgg_conv7"]


def test_an_ensemble_without_the_weights_of_a_member(monkeypatch, tmp_path):
    assert missing_crt("plus") == ""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("CRT_VGG16_WEIGHTS", raising=False)
    monkeypatch.setattr(vgg_weights, "PACKAGED_LAYERS", 7)
    assert missing_crt("light") == "" and missing_crt("plus").startswith("conv-10 needs ")


def missing_crt(name):
    return {peer.text: peer.missing for peer in peers.peers()}[f"crt:{name}"]


def test_crt_and_its_seeds():
    assert make("crt:hog").name == "CRT-hog"
    assert make(" crt:hog ", seed=0).name == "CRT-hog"
    seeded = make("crt:hog", seed=3)
    assert isinstance(seeded, GOT10kTracker) and seeded.name == "CRT-hog-seed3"
    assert seeded.tracker.params.seed == seeded.parameters.seed == 3


def test_crt_with_a_file_of_ones_own(tmp_path):
    text = "from crt_plugin.parameters import load_parameters\n"
    text += "def parameters():\n    return load_parameters('hog').copy(train_steps=7)\n"
    (tmp_path / "mine.py").write_text(text)
    tracker = make(f"crt:{tmp_path / 'mine.py'}")
    assert (tracker.name, tracker.tracker.params.train_steps) == ("CRT-mine", 7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("crt:nothing", "nothing"),
        ("crt:", "tracker 'crt:' has no name; expected crt:PARAMETERS"),
        ("hog", "no tracker 'hog'; did you mean crt:hog[?] expected crt:PARAMETERS"),
        ("", "no tracker ''; expected crt:PARAMETERS"),
        ("opencv:goturn", "no tracker opencv:goturn; expected opencv:mil, kcf"),
        ("dlib:mosse", "no tracker dlib:mosse; expected dlib:correlation"),
        ("no_such_module:Class", "'no_such_module:Class' cannot be imported .*no_such_module"),
        ("got10k.trackers:Nothing", "cannot be imported .*Nothing"),
        (":Class", "cannot be imported"),
    ],
)
def test_what_names_no_tracker(text, said):
    with pytest.raises(ParameterError, match=said):
        make(text)


def test_any_got10k_tracker():
    tracker = make("got10k.trackers:IdentityTracker")
    assert isinstance(tracker, IdentityTracker)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("Mine = 3", "mine:Mine cannot be called without arguments"),
        ("def Mine(net): pass", "mine:Mine cannot be called without arguments"),
        (
            "class Mine:\n  def init(self, i, b): pass",
            "gives a Mine without name, is_deter",
        ),
        ("def Mine(): return None", "gives a NoneType without name"),
    ],
)
def test_what_is_no_got10k_tracker(code, said, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    with pytest.raises(ParameterError, match=said):
        make("mine:Mine")


def test_errors_inside_a_tracker_of_others_are_not_hidden(tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text("def Mine(): raise RuntimeError('no net')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RuntimeError, match="no net"):
        make("broken:Mine")


def test_trackers_that_packages_register(tmp_path, monkeypatch):
    """A real distribution's metadata, on the path."""
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[crt_plugin.trackers]\nidentity = got10k.trackers:IdentityTracker\n"
        "gone = no_such_module:Tracker\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert isinstance(make("identity"), IdentityTracker)
    listed = {peer.text: peer.origin for peer in peers.peers()}
    assert listed["identity"] == "got10k.trackers:IdentityTracker"
    with pytest.raises(ParameterError, match=r"'gone' cannot be imported .*no_such_module"):
        make("gone")
    with pytest.raises(ParameterError, match=r"no tracker 'other'; .*; registered: gone, identity"):
        make("other")


def test_results_only():
    tracker = make("results:KCF")
    assert isinstance(tracker, Published) and tracker.name == "KCF"
    with pytest.raises(SourceError, match="no result file of KCF"):
        tracker.init(None, np.ones(4))


# ----------------------------------------------------------------------------------------- OpenCV


class Recorder:
    """Stands for a tracker of OpenCV or dlib: keeps what it is given, returns what it is told."""

    def __init__(self, answers, accepts=None):
        self.answers, self.accepts, self.given = list(answers), accepts, []

    def init(self, image, box):
        self.given.append((image, box))
        return self.accepts

    def update(self, image):
        self.given.append((image, None))
        return self.answers.pop(0)


def record_calls(monkeypatch, *answers, accepts=None):
    recorder = Recorder(answers, accepts)
    monkeypatch.setattr(opencv_peers, "_find_factory", lambda name: lambda: recorder)
    return OpenCVTracker("mil"), recorder


def test_opencv_conventions_by_hand(monkeypatch):
    """1-based (31.4, 21.6, 10.5, 7.6) is 0-based (30.4, 20.6), in whole pixels (30, 21, 10, 8)."""
    host, recorder = record_calls(monkeypatch, (True, (33, 22, 10, 8)))
    image = Image.new("RGB", (64, 48), (10, 20, 30))
    host.init(image, np.array([31.4, 21.6, 10.5, 7.6]))
    frame, box = recorder.given[0]
    assert box == (30, 21, 10, 8) and {type(v) for v in box} == {int}
    assert frame.shape == (48, 64, 3) and frame[0, 0].tolist() == [30, 20, 10]
    assert frame.flags.c_contiguous
    assert host.update(image).tolist() == [34, 23, 10, 8]
    assert recorder.given[1][0][0, 0].tolist() == [30, 20, 10]


def test_opencv_lost_objects_keep_their_last_box(monkeypatch):
    lost = (False, (0, 0, 0, 0))
    host, _ = record_calls(monkeypatch, lost, (True, (33, 22, 10, 8)), lost)
    image = Image.new("RGB", (64, 48))
    host.init(image, np.array([31.4, 21.6, 10.5, 7.6]))
    assert [host.update(image).tolist() for _ in range(3)] == [
        [31.4, 21.6, 10.5, 7.6],
        [34, 23, 10, 8],
        [34, 23, 10, 8],
    ]


def test_opencv_that_refuses_the_box(monkeypatch):
    host, _ = record_calls(monkeypatch, accepts=False)
    with pytest.raises(BoxError, match=r"OpenCV-MIL refuses \(-9, 0, 3, 1\); expected a box ins"):
        host.init(Image.new("RGB", (64, 48)), np.array([-8, 1, 3, 0.2]))
    host, _ = record_calls(monkeypatch, accepts=True)
    host.init(Image.new("RGB", (64, 48)), np.array([1.0, 1, 3, 3]))


def test_main_classes_come_before_legacy_ones(monkeypatch):
    legacy = SimpleNamespace(TrackerKCF_create="old", TrackerMOSSE_create="mosse")
    monkeypatch.setattr(
        opencv_peers, "cv2", SimpleNamespace(TrackerKCF_create="new", legacy=legacy)
    )
    assert [opencv_peers._find_factory(name) for name in ("kcf", "mosse", "tld")] == [
        "new",
        "mosse",
        None,
    ]


def test_missing_opencv_trackers_say_which_wheel(plain_opencv):
    with pytest.raises(MissingExtraError) as caught:
        make("opencv:csrt")
    assert str(caught.value) == (
        "opencv:csrt cannot run here: opencv-contrib-python brings it; here is opencv-python "
        "5.0.0. Keep one OpenCV wheel in an environment. For the one with all trackers: "
        "pip uninstall -y opencv-python, then pip install --no-deps opencv-contrib-python"
    )


def test_two_wheels_are_noticed(wheels):
    wheels("opencv-python", "opencv-contrib-python")
    assert opencv_peers.opencv_wheels() == WHEELS
    assert opencv_peers.opencv_advice() == (
        "opencv-python and opencv-contrib-python are installed together and overwrite each other's "
        "cv2; keep one. For the one with all trackers: pip uninstall -y opencv-python "
        "opencv-contrib-python, then pip install --no-deps opencv-contrib-python"
    )


def test_headless_wheels_stay_headless(plain_opencv, wheels):
    wheels("opencv-python-headless")
    assert opencv_peers.opencv_advice().endswith("--no-deps opencv-contrib-python-headless")


def test_one_contrib_wheel_needs_no_advice(monkeypatch, wheels):
    monkeypatch.setattr(opencv_peers, "_find_factory", lambda name: list)
    wheels("opencv-contrib-python")
    assert opencv_peers.opencv_advice() == ""


OPENCV_HERE = [name for name in opencv_peers.OPENCV if not opencv_peers.missing_opencv(name)]


def follow(tracker):
    """Mean IoU on an object of 48 x 32 px that goes 4 px to the right and 2 down a frame."""
    corners = [(60 + 2 * k, 40 + k) for k in range(6)]
    truth = np.array([[2 * x + 1.0, 2 * y + 1.0, 48, 32] for x, y in corners])
    twice = np.ones((2, 2, 1), dtype=np.uint8)
    images = [Image.fromarray(np.kron(scene(x, y), twice)) for x, y in corners]
    tracker.init(images[0], truth[0])
    found = np.array([tracker.update(image) for image in images[1:]])
    return rect_iou(found, truth[1:]).mean()


@pytest.mark.parametrize("name", OPENCV_HERE)
def test_opencv_trackers_that_are_here_follow(name):
    """MIL is random, and stays near at least."""
    assert follow(make(f"opencv:{name}")) > (0.02 if name == "mil" else 0.6)


def test_networks_of_opencv_follow(shared, monkeypatch):
    monkeypatch.setenv("CRT_OPENCV_MODELS", str(shared / "weights" / "nanotrack"))
    assert follow(make("opencv:nano")) > 0.6


@pytest.mark.parametrize("name", opencv_peers.MODELS)
def test_networks_of_opencv_say_which_file_is_missing(name, tmp_path, monkeypatch):
    if opencv_peers._find_factory(name) is None:
        pytest.skip("this OpenCV lacks the tracker")
    files, origin = opencv_peers.MODELS[name]
    first, *others = files.values()
    monkeypatch.delenv("CRT_OPENCV_MODELS", raising=False)
    with pytest.raises(MissingExtraError, match=f"{first} is needed, and CRT_OPENCV_MODELS is not"):
        make(f"opencv:{name}")
    monkeypatch.setenv("CRT_OPENCV_MODELS", str(tmp_path))
    (tmp_path / first).write_bytes(b"")
    listed = {peer.text: peer.missing for peer in peers.peers()}[f"opencv:{name}"]
    missing = f"{others[0]} is not in {tmp_path}; put it into" if others else ""
    assert listed.startswith(missing) and (origin in listed) == bool(others)


# ------------------------------------------------------------------------------------------- dlib


def test_dlib_conventions_by_hand(monkeypatch):
    """w = 10 px from the 0-based 30.4 are the pixels 30.4 to 39.4: right = x + w - 1."""
    given = {}
    position = SimpleNamespace(
        left=lambda: 32.5, top=lambda: 22.0, width=lambda: 10.0, height=lambda: 8.0
    )
    fake = SimpleNamespace(
        __spec__="dlib",
        correlation_tracker=lambda: SimpleNamespace(
            start_track=lambda image, box: given.update(image=image, box=box),
            update=lambda image: given.update(next=image),
            get_position=lambda: position,
        ),
        drectangle=lambda *sides: sides,
    )
    monkeypatch.setitem(sys.modules, "dlib", fake)
    host = DlibTracker()
    image = Image.new("RGB", (64, 48), (10, 20, 30))
    host.init(image, np.array([31.4, 21.6, 10, 8]))
    assert given["box"] == pytest.approx((30.4, 20.6, 39.4, 27.6))
    assert given["image"][0, 0].tolist() == [10, 20, 30]  # RGB, as dlib takes it
    assert host.update(image).tolist() == [33.5, 23, 10, 8]
    assert given["next"].shape == (48, 64, 3)


def test_missing_dlib(monkeypatch):
    monkeypatch.setattr(dlib_peers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="the package dlib-bin brings it: pip install dlib"):
        make("dlib:correlation")


def test_dlib_follows():
    dlib = pytest.importorskip("dlib", reason="needs dlib-bin")
    assert dlib.drectangle(30.4, 20.6, 39.4, 27.6).width() == pytest.approx(10)
    assert follow(make("dlib:correlation")) > 0.6
