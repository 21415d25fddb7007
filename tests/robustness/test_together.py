"""Several trackers in one process, in threads, after fork and spawn give the boxes of one alone."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from crt_plugin.parameters import Parameters
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import QUICK, ROOT, scene

LIMIT = 120  # s; a child that hangs is a failure
FRAMES = 6
# They differ in everything that could be shared by mistake: seed, features, sizes, search.
KINDS = [
    {"seed": 1},
    {"seed": 2, "scale_count": 1},
    {"features": "hog"},
    {"features": "vgg", "vgg_layer": 4, "train_steps": 10},
    {"search": "two_step", "rotation_step": 6.0, "subcell": "gaussian"},
]


def start(kind):
    tracker = CRTTracker(Parameters().copy(**QUICK | {"train_steps": 60} | KINDS[kind]))
    tracker.init(scene(60, 40), (60, 40, 24 + kind, 16))
    return tracker


def update(tracker, index):
    box = tracker.update(scene(60 + 3 * index, 40 + index))
    return [float(value).hex() for value in (*box, tracker.last.peak)]


def track(kind):
    """Track with one tracker; returns its boxes and peaks to the last bit."""
    tracker = start(kind)
    return [update(tracker, index) for index in range(1, FRAMES)]


@pytest.fixture(scope="module")
def alone():
    return [track(kind) for kind in range(len(KINDS))]


def test_the_kinds_differ(alone):
    assert len({str(boxes) for boxes in alone}) == len(KINDS)


def test_in_turns(alone):
    trackers = [start(kind) for kind in range(len(KINDS))]
    found = [[update(tracker, index) for tracker in trackers] for index in range(1, FRAMES)]
    assert [list(boxes) for boxes in zip(*found, strict=True)] == alone


def test_in_threads(alone):
    """Two of each kind, started at the same moment."""
    kinds = list(range(len(KINDS))) * 2
    gate = threading.Barrier(len(kinds))

    def run(kind):
        gate.wait(LIMIT)
        return track(kind)

    with ThreadPoolExecutor(len(kinds)) as pool:
        assert list(pool.map(run, kinds)) == alone * 2


def test_after_use_of_the_global_generators(alone):
    """Toolkits seed torch's generator and draw from it."""
    torch.manual_seed(99)
    before = torch.get_rng_state()
    assert track(0) == alone[0]
    assert torch.equal(torch.get_rng_state(), before)


def _put(kind, queue):
    queue.put((kind, track(kind)))


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_in_other_processes(alone, method):
    """The parent has tracked before; a fork inherits all of its state."""
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    children = [context.Process(target=_put, args=(kind, queue)) for kind in range(len(KINDS))]
    for child in children:
        child.start()
    try:
        found = dict(queue.get(timeout=LIMIT) for _ in children)
    finally:
        for child in children:
            child.join(5)
            child.kill()
    inside = [found[kind] for kind in range(len(KINDS))]
    if method == "spawn" or torch.get_num_threads() == 1:
        assert inside == alone
    # A forked child computes with one thread, which sums in another order.
    assert numbers(inside) == pytest.approx(numbers(alone), abs=0.01)


def numbers(boxes):
    return np.vectorize(float.fromhex)(np.array(boxes))


FORK = """
import multiprocessing
import torch
from tests.robustness.test_together import track

torch.set_num_threads(2)
track(3)  # starts them
child = multiprocessing.get_context("fork").Process(target=track, args=(3,))
child.start()
child.join(60)
print(child.exitcode)
child.kill()
"""


@pytest.mark.torture  # two threads that wait for each other are slow on a busy machine
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_of_a_process_with_threads_does_not_hang():
    """The parent's computing threads do not exist in the child."""
    done = subprocess.run(
        [sys.executable, "-c", FORK], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"], done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_tracker_that_is_forked_goes_on_as_it_would_have(alone):
    """From there on, parent and child have one each."""
    tracker = start(0)
    first = [update(tracker, index) for index in (1, 2)]
    context = multiprocessing.get_context("fork")
    queue = context.Queue()

    def rest():
        queue.put([update(tracker, index) for index in range(3, FRAMES)])

    child = context.Process(target=rest)
    child.start()
    here = [update(tracker, index) for index in range(3, FRAMES)]
    there = queue.get(timeout=LIMIT)
    child.join(LIMIT)
    assert first + here == first + there == alone[0]
