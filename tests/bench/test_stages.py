"""Stages hold what was put into them, and the tracker is as it was afterwards."""

import pytest
import torch

from crt_plugin.bench import stages
from crt_plugin.bench.stages import STAGES, StageClock, time_call
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import scene

LONG = 1000.0  # s, on a clock that is turned by hand
PLACES = {  # what runs in each stage, and how often a frame calls it
    "crop": ("tracker", "_cut", 1),
    "features": ("features", "extract", 1),
    "reduction": ("features", "reduce", 1),
    "detection": ("tracker", "_predict", 1),
    "update": ("tracker", "_learn", 1),
    "rest": ("tracker", "_label", 1),
}


def owners(tracker):
    return {"tracker": tracker, "features": tracker.features}


@pytest.fixture
def clock(monkeypatch):
    """Time as the stages see it: a list with one number, the time."""
    now = [0.0]
    monkeypatch.setattr(stages.time, "perf_counter", lambda: now[0])
    return now


@pytest.mark.parametrize("stage", STAGES)
def test_time_goes_to_the_stage_where_it_is_spent(small, stage, clock):
    tracker = CRTTracker(small)
    tracker.init(scene(60, 40), (60, 40, 24, 16))
    owner, name, calls = PLACES[stage]
    owner = owners(tracker)[owner]
    call = getattr(owner, name)

    def slow(*args):
        clock[0] += LONG
        return call(*args)

    setattr(owner, name, slow)
    with StageClock(tracker) as watch:
        spent = watch.update(scene(62, 40))
    expected = dict.fromkeys(STAGES, 0.0) | {stage: calls * LONG, "frame": calls * LONG}
    assert spent == expected


def test_a_stage_inside_of_another_counts_for_the_outer_one(small, clock):
    """An update takes responses too: two steps, and one detection."""
    tracker = CRTTracker(small)
    tracker.init(scene(60, 40), (60, 40, 24, 16))
    response = tracker.regression.response

    def slow(features):
        clock[0] += LONG
        return response(features)

    tracker.regression.response = slow
    with StageClock(tracker) as watch:
        spent = watch.update(scene(62, 40))
    assert spent["detection"] == LONG
    assert spent["update"] == 2 * LONG
    assert spent["frame"] == 3 * LONG


def test_stages_of_an_ensemble_are_sums_over_its_members(small, clock):
    tracker = CRTTracker(small.copy(search="two_step", ensemble="hog"))
    tracker.init(scene(60, 40), (60, 40, 24, 16))
    member = tracker.members["hog"]
    before = set(vars(member.features))
    for features, seconds in ((tracker.features, LONG), (member.features, 10 * LONG)):
        reduce = features.reduce

        def slow(extracted, reduce=reduce, seconds=seconds):
            clock[0] += seconds
            return reduce(extracted)

        features.reduce = slow
    with StageClock(tracker) as watch:
        spent = watch.update(scene(62, 40))
    assert spent["reduction"] == spent["frame"] == 12 * LONG  # the lead: place, and sizes
    assert set(vars(member.features)) == before


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


def test_time_call(clock):
    def work():
        clock[0] += 2.5

    assert time_call(work, torch.device("cpu")) == 2.5
