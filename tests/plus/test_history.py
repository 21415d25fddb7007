"""The long history: samples of several ages, the first frame, and nothing that failed the gate."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crt_plugin.algorithm.history import Sample
from crt_plugin.parameters import Parameters
from crt_plugin.plus.history import LongHistory
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import QUICK, scene


def make_sample(number):
    return Sample(torch.full((1,), float(number)), torch.zeros(1))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine
@given(
    ages=st.sets(st.integers(0, 12), min_size=1).map(sorted),
    gate=st.lists(st.booleans(), max_size=40),
)
def test_ages_are_counted_in_frames_that_passed_the_gate(ages, gate):
    history = LongHistory(make_sample(0), ages)
    passed = [0]
    for frame, is_sure in enumerate(gate, start=1):
        history.add(make_sample(frame), is_sure)
        passed += [frame] if is_sure else []
        expected = [passed[-1 - age] for age in ages if age < len(passed)]
        if 0 not in expected:
            expected.append(0)
        assert [int(sample.features) for sample in history.choose()] == expected
    assert len(history.kept) <= ages[-1] + 1


def test_a_tracker_learns_from_them():
    tracker = CRTTracker(Parameters().copy(**QUICK, history_ages="0+2", confidence_threshold=0.45))
    tracker.init(scene(60, 40), (60, 40, 24, 16))
    learned = []
    descend = tracker.regression.descend

    def record_and_descend(optimizer, features, label, steps, stop_loss):
        learned.append(features)
        return descend(optimizer, features, label, steps, stop_loss)

    tracker.regression.descend = record_and_descend
    kept = [tracker._history.kept[0].features]
    for x in (61, 62, None, 63, 64):  # once the object is hidden
        tracker.update(scene(x, 40) if x else scene(62, 40, seed=9))
        if x:
            kept.append(tracker._history.kept[-1].features)
    assert len(learned) == 5 - 1
    first, *_, before, _, last = kept
    assert torch.equal(learned[-1], torch.stack([last, before, first]))


@pytest.mark.parametrize("ages", [None, "0"])
def test_off_is_the_paper_s_history(ages):
    tracker = CRTTracker(Parameters().copy(**QUICK, history_ages=ages))
    tracker.init(scene(60, 40), (60, 40, 24, 16))
    assert isinstance(tracker._history, LongHistory) is (ages is not None)
