"""Stages hold what was put into them, and the tracker is as it was afterwards."""

import time

import pytest
import torch
from conftest import scene

from crt_plugin.bench.stages import STAGES, StageClock, elapsed
from crt_plugin.tracker import CRTTracker

SLEEP = 0.03
PLACES = {  # what runs in each stage, and how often a frame calls it
    "crop": ("tracker", "_cut", 1),
    "features": ("features", "extract", 1),
    "reduction": ("features", "reduce", 1),
    "detection": ("tracker", "_detection", 1),
    "update": ("tracker", "_learn", 1),
    "rest": ("tracker", "_label", 1),
}


def owners(tracker):
    return {"tracker": tracker, "features": tracker.features}


@pytest.mark.parametrize("stage", STAGES)
def test_time_goes_to_the_stage_where_it_is_spent(small, stage):
    tracker = CRTTracker(small)
    tracker.init(scene(60, 40), (60, 40, 24, 16))
    owner, name, _ = PLACES[stage]
    owner = owners(tracker)[owner]
    call = getattr(owner, name)

    def slow(*args):
        time.sleep(SLEEP)
        return call(*args)

    with StageClock(tracker) as clock:
        clock.update(scene(62, 40))
        before = clock.update(scene(64, 40))
    setattr(owner, name, slow)
    with StageClock(tracker) as clock:
        after = clock.update(scene(66, 40))
    gained = {each: after[each] - before[each] for each in STAGES}
    assert gained[stage] >= 0.8 * SLEEP
    assert gained[stage] == max(gained.values())


def test_stages_sum_up_to_the_frame(small):
    tracker = CRTTracker(small)
    tracker.init(scene(60, 40), (60, 40, 24, 16))
    with StageClock(tracker) as clock:
        spent = clock.update(scene(62, 40))
    assert set(spent) == {*STAGES, "frame"}
    assert all(seconds > 0 for seconds in spent.values())
    assert sum(spent[stage] for stage in STAGES) == pytest.approx(spent["frame"])


def test_boxes_are_the_same_and_the_tracker_is_left_as_it_was(small):
    plain, measured = CRTTracker(small), CRTTracker(small)
    for tracker in (plain, measured):
        tracker.init(scene(60, 40), (60, 40, 24, 16))
    names = [set(vars(o)) for o in (measured, measured.features, measured.regression)]
    with StageClock(measured) as clock:
        for x in (62, 65):
            clock.update(scene(x, 40))
            assert measured.last.box.tolist() == plain.update(scene(x, 40)).tolist()
    assert [set(vars(o)) for o in (measured, measured.features, measured.regression)] == names


def test_a_tracker_that_fails_is_left_as_it_was(small):
    tracker = CRTTracker(small)
    tracker.init(scene(60, 40), (60, 40, 24, 16))
    with pytest.raises(ValueError), StageClock(tracker) as clock:
        clock.update("no image")
    assert "_cut" not in vars(tracker)


def test_elapsed():
    assert elapsed(lambda: time.sleep(0.05), torch.device("cpu")) == pytest.approx(0.05, abs=0.04)
