"""Several objects give the boxes of single trackers, whoever comes and goes."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image

from crt_plugin import CRTTracker, MultiTracker, load_parameters
from crt_plugin.errors import BoxError, ImageError, NotInitialisedError, ParameterError
from crt_plugin.plus import multi_tracker
from tests.conftest import ROOT, scene

FRAMES = [scene(60 + 2 * i, 40 + i) for i in range(8)]
BOXES = {"object": (60, 40, 24, 16), 2: (20, 70, 30, 20), ("a", 3): (100, 10, 18, 30)}


def track_alone(params, box, frames=FRAMES):
    """Boxes and scores of a single tracker, to the last bit."""
    tracker = CRTTracker(params)
    tracker.init(frames[0], box)
    return [(tracker.update(frame).tolist(), tracker.last.score) for frame in frames[1:]]


def track_together(tracker, frames=FRAMES[1:]):
    """The same of each object of a ``MultiTracker``."""
    found = {id: [] for id in tracker.last}
    for frame in frames:
        for id, box in tracker.update(frame).items():
            found[id].append((box.tolist(), tracker.last[id].score))
    return found


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_boxes_are_those_of_single_trackers_bit_for_bit(small, monkeypatch, cores):
    monkeypatch.setattr(multi_tracker.os, "cpu_count", lambda: cores)
    params = small.copy(search="two_step", rotation_step=5.0)
    tracker = MultiTracker(params)
    tracker.init(FRAMES[0], BOXES)
    found = track_together(tracker)
    assert list(found) == list(BOXES)
    assert found == {id: track_alone(params, box) for id, box in BOXES.items()}


@pytest.mark.parametrize(
    ("cores", "threads", "together"), [(2, 1, 3), (1, 1, 2), (4, 2, 2), (4, 4, 1)]
)
def test_how_many_are_tracked_at_the_same_time(monkeypatch, cores, threads, together):
    """Of one thread each two for a core, of several as many as there are cores for."""
    monkeypatch.setattr(multi_tracker.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(multi_tracker.torch, "get_num_threads", lambda: threads)
    lock, running, most = threading.Lock(), 0, 0
    all_met = threading.Barrier(together)

    def call():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if together in (1, 3):  # each is waited for; of two, the third would wait for ever
            all_met.wait(10)
        time.sleep(0.05)
        with lock:
            running -= 1

    multi_tracker._map(dict.fromkeys(range(3), call))
    assert most == together


def test_real_objects_of_a_network(shared):
    """Both targets of Jogging; their network is in memory once."""
    folder = shared / "data" / "otb" / "Jogging" / "img"
    frames = [np.asarray(Image.open(file)) for file in sorted(folder.glob("*.jpg"))[:5]]
    boxes = {1: (110, 97, 25, 101), 2: (179, 78, 37, 114)}
    params = load_parameters("light")
    tracker = MultiTracker(params)
    tracker.init(frames[0], boxes)
    assert track_together(tracker, frames[1:]) == {
        id: track_alone(params, box, frames) for id, box in boxes.items()
    }
    networks = {id(t.features.extractors[0]) for t in tracker._trackers.values()}
    assert len(networks) == 1


def test_objects_come_and_go(small):
    tracker = MultiTracker(small)
    assert len(tracker) == 0
    tracker.add(FRAMES[0], "first", BOXES["object"])
    found = [tracker.update(FRAMES[1])]
    tracker.add(FRAMES[1], "late", BOXES[2])
    found += [tracker.update(frame) for frame in FRAMES[2:5]]
    tracker.remove("first")
    found += [tracker.update(frame) for frame in FRAMES[5:]]
    assert [list(boxes) for boxes in found] == (
        [["first"]] + [["first", "late"]] * 3 + [["late"]] * 3
    )
    first = [boxes["first"].tolist() for boxes in found if "first" in boxes]
    late = [boxes["late"].tolist() for boxes in found if "late" in boxes]
    assert first == [box for box, _ in track_alone(small, BOXES["object"])][:4]
    assert late == [box for box, _ in track_alone(small, BOXES[2], FRAMES[1:])]
    tracker.remove("late")
    assert tracker.update(FRAMES[0]) == {} == tracker.last
    tracker.add(FRAMES[0], "first", BOXES["object"])  # an id may be used again
    assert list(tracker.last) == ["first"]


def test_objects_are_learned_anew_in_their_place(small):
    tracker = MultiTracker(small)
    tracker.init(FRAMES[0], BOXES)
    tracker.update(FRAMES[1])
    tracker.start(FRAMES[1], {2: BOXES[2], "new": BOXES["object"]})
    assert list(tracker.last) == [*BOXES, "new"]
    found = track_together(tracker, FRAMES[2:])
    first = BOXES["object"]
    assert found["object"] == track_alone(small, first)[1:]  # is not disturbed
    assert found[2] == track_alone(small, BOXES[2], FRAMES[1:])
    assert found["new"] == track_alone(small, first, FRAMES[1:])


def test_init_replaces_all_objects(small):
    tracker = MultiTracker(small)
    tracker.init(FRAMES[0], BOXES)
    tracker.init(FRAMES[1], {2: BOXES[2]})
    assert list(tracker.update(FRAMES[2])) == [2] and len(tracker) == 1
    assert repr(tracker) == "<MultiTracker of 1 objects: 2>"


def test_what_is_refused_changes_nothing(small):
    tracker = MultiTracker(small)
    for call in (lambda: tracker.update(FRAMES[0]), tracker.state_dict, lambda: tracker.last):
        with pytest.raises(NotInitialisedError, match="init"):
            call()
    tracker.init(FRAMES[0], BOXES)
    for error, call, message in (
        (BoxError, lambda: tracker.init(FRAMES[0], {1: BOXES[2], 2: (1, 2, 0, 4)}), "w > 0"),
        (BoxError, lambda: tracker.init(FRAMES[0], [(1, 2, 3, 4)]), "expected a dict of an id"),
        (BoxError, lambda: tracker.init(FRAMES[0], (1, 2, 3, 4)), "expected a dict of an id"),
        (BoxError, lambda: tracker.start(FRAMES[0], {2: (900, 2, 3, 4)}), "outside the frame"),
        (BoxError, lambda: tracker.add(FRAMES[0], 4, (900, 2, 3, 4)), "outside the frame"),
        (ParameterError, lambda: tracker.add(FRAMES[0], 2, BOXES[2]), "object 2 is tracked"),
        (ParameterError, lambda: tracker.remove(4), r"no object 4; expected one of \['object', 2"),
        (ImageError, lambda: tracker.update(FRAMES[0].astype(float)), "float64"),
    ):
        with pytest.raises(error, match=message):
            call()
    assert track_together(tracker) == {id: track_alone(small, box) for id, box in BOXES.items()}


def test_wrong_settings_are_refused_at_once():
    with pytest.raises(ParameterError, match="device"):
        MultiTracker(load_parameters("light").copy(device="cuda:99"))


@pytest.mark.parametrize("kind", [CRTTracker, MultiTracker])
@pytest.mark.parametrize(("given", "named"), [("hog", "hog"), ({"features": "hog"}, "light")])
def test_settings_that_are_none_are_named(kind, given, named):
    with pytest.raises(ParameterError, match=rf"params is .*load_parameters\('{named}'\)"):
        kind(given)


def test_a_state_is_gone_on_with(small):
    stopped, resumed = MultiTracker(small), MultiTracker(small)
    for tracker in (stopped, resumed):
        tracker.init(FRAMES[0], BOXES)
    track_together(stopped, FRAMES[1:4])
    resumed.load_state_dict(stopped.state_dict())
    assert track_together(resumed, FRAMES[4:]) == track_together(stopped, FRAMES[4:])


def test_a_state_of_other_objects_or_sizes_is_refused(small):
    tracker = MultiTracker(small)
    tracker.init(FRAMES[0], BOXES)
    tracker.update(FRAMES[1])
    before = tracker.state_dict()
    other = MultiTracker(small)
    other.init(FRAMES[0], {2: BOXES[2]})
    with pytest.raises(ParameterError, match=r"a state of objects \[2\]; expected \['object'"):
        tracker.load_state_dict(other.state_dict())
    wrong = {id: {name: value + 1 for name, value in s.items()} for id, s in before.items()}
    wrong[2] = before["object"] | {"weight": torch.zeros(3)}
    with pytest.raises(ParameterError, match="weight of the state are missing"):
        tracker.load_state_dict(wrong)
    for id, state in tracker.state_dict().items():
        assert all(torch.equal(state[name], before[id][name]) for name in state)


# --------------------------------------------------------------------------- pickle and copy


@pytest.mark.parametrize("again", [lambda t: pickle.loads(pickle.dumps(t)), copy.deepcopy])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": "sgd", "train_steps": 20},
        {"search": "two_step", "rotation_step": 3.0, "subcell": "gaussian"},
        {"history_ages": "0+2", "filter_window": 0.6, "initial_filter": "zero"},
        {"features": "hog+color_names", "train_learning_rate": 1e-5},
    ],
)
def test_a_pickle_and_a_copy_go_on_with_the_same_boxes(small, changes, again):
    tracker = MultiTracker(small.copy(**changes))
    tracker.init(FRAMES[0], BOXES)
    track_together(tracker, FRAMES[1:4])
    other = again(tracker)
    assert track_together(tracker, FRAMES[4:]) == track_together(other, FRAMES[4:])


RESUME = """
import pickle, sys
import numpy as np
tracker = pickle.loads(open(sys.argv[1], "rb").read())
for frame in np.load(sys.argv[2]):
    print(*(float(value).hex() for value in (*tracker.update(frame), tracker.last.score)))
"""


def test_a_pickle_of_light_is_small_and_goes_on_in_another_process(shared, tmp_path):
    """Its network has 2 MB; a tracker with the state of ten frames has less than 10 MB."""
    folder = shared / "data" / "otb" / "Deer" / "img"
    frames = [np.asarray(Image.open(file)) for file in sorted(folder.glob("*.jpg"))[:15]]
    params = load_parameters("light").copy(precision="float32", device="cpu")
    tracker = CRTTracker(params)
    assert len(pickle.dumps(tracker)) < 10_000
    tracker.init(frames[0], (305, 4, 95, 65))
    for frame in frames[1:11]:
        tracker.update(frame)
    content = pickle.dumps(tracker)
    assert len(content) < 10e6
    (tmp_path / "tracker.pickle").write_bytes(content)
    np.save(tmp_path / "frames.npy", frames[11:])
    done = subprocess.run(
        [sys.executable, "-c", RESUME, tmp_path / "tracker.pickle", tmp_path / "frames.npy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = [
        [float(value).hex() for value in (*tracker.update(frame), tracker.last.score)]
        for frame in frames[11:]
    ]
    assert [line.split() for line in done.stdout.splitlines()] == expected
