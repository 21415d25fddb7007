"""Several trackers in one process, in threads, after fork and spawn: the same boxes as alone."""

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
# Different in everything that could be shared by mistake: seed, features, sizes, search.
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


def updated(tracker, index):
    box = tracker.update(scene(60 + 3 * index, 40 + index))
    return [float(value).hex() for value in (*box, tracker.last.peak)]


def tracked(kind):
    """Boxes and peaks of one tracker, to the last bit."""
    tracker = start(kind)
    return [updated(tracker, index) for index in range(1, FRAMES)]


@pytest.fixture(scope="module")
def alone():
    return [tracked(kind) for kind in range(len(KINDS))]


def test_the_kinds_differ(alone):
    assert len({str(boxes) for boxes in alone}) == len(KINDS)


def test_in_turns(alone):
    trackers = [start(kind) for kind in range(len(KINDS))]
    found = [[updated(tracker, index) for tracker in trackers] for index in range(1, FRAMES)]
    assert [list(boxes) for boxes in zip(*found, strict=True)] == alone


def test_in_threads(alone):
    """Two of each kind at once, released together."""
    kinds = list(range(len(KINDS))) * 2
    gate = threading.Barrier(len(kinds))

    def run(kind):
        gate.wait(LIMIT)
        return tracked(kind)

    with ThreadPoolExecutor(len(kinds)) as pool:
        assert list(pool.map(run, kinds)) == alone * 2


def test_after_use_of_the_global_generators(alone):
    """A host seeds, and draws from, torch's generator as it likes."""
    torch.manual_seed(99)
    before = torch.get_rng_state()
    assert tracked(0) == alone[0]
    assert torch.equal(torch.get_rng_state(), before)


def _put(kind, queue):
    queue.put((kind, tracked(kind)))


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_in_other_processes(alone, method):
    """Of a parent that has tracked; a fork inherits all of its state."""
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
    # A forked child computes on one thread, which sums in another order.
    assert numbers(inside) == pytest.approx(numbers(alone), abs=0.01)


def numbers(boxes):
    return np.vectorize(float.fromhex)(np.array(boxes))


FORK = """
import multiprocessing
import torch
from tests.robustness.test_together import tracked

torch.set_num_threads(2)
tracked(3)  # starts them
child = multiprocessing.get_context("fork").Process(target=tracked, args=(3,))
child.start()
child.join(60)
print(child.exitcode)
child.kill()
"""


@pytest.mark.torture  # two threads that wait for each other are slow on a machine that is busy
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_of_a_process_with_threads_does_not_hang():
    """The threads that computed in the parent do not exist in the child."""
    done = subprocess.run(
        [sys.executable, "-c", FORK], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"], done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_tracker_that_is_forked_goes_on_as_it_would_have(alone):
    """Parent and child have one each from there on."""
    tracker = start(0)
    first = [updated(tracker, index) for index in (1, 2)]
    context = multiprocessing.get_context("fork")
    queue = context.Queue()

    def rest():
        queue.put([updated(tracker, index) for index in range(3, FRAMES)])

    child = context.Process(target=rest)
    child.start()
    here = [updated(tracker, index) for index in range(3, FRAMES)]
    there = queue.get(timeout=LIMIT)
    child.join(LIMIT)
    assert first + here == first + there == alone[0]
