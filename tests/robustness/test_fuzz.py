"""Whatever comes in: a box of four finite numbers with positive size, or a named error.

Never a crash, a hang, a NaN, or a warning of numpy, torch or Pillow.
"""

from __future__ import annotations

import secrets
import signal
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings

from crt_plugin.errors import CRTError
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import QUICK
from tests.helpers.fuzz import Case, cases

IN_ALL = 500
IN_TORTURE = 10_000
LIMIT = 60  # s for one case; most take some ms
SHORT = {"train_steps": 12}  # more steps test nothing new


def _light(**changes: Any) -> Parameters:
    """``light`` on raw colours, with re-detection in every frame with a low score."""
    quick = QUICK | SHORT | {"lost_frames": 1, "found_cells": 2000}
    return load_parameters("light").copy(**quick | changes)


SETTINGS: dict[str, Callable[[], Parameters]] = {
    "rgb": lambda: Parameters().copy(**QUICK | SHORT),
    "hog": lambda: Parameters().copy(**QUICK | SHORT | {"features": "hog", "train_steps": 4}),
    "light": _light,
    "light, always lost": lambda: _light(lost_score=1.0, found_score=0.0, scale_margin=1),
    "large steps": lambda: _light(scale_step=0.3, rotation_step=45.0, scale_margin=2),
}


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise ``TimeoutError`` if the block takes longer."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def check(tracker: CRTTracker, box: np.ndarray) -> None:
    """Check that a box is valid, and the score from 0 to 1."""
    assert box.shape == (4,) and np.isfinite(box).all() and (box[2:] > 0).all(), box
    assert 0 <= tracker.last.score <= 1, tracker.last.score
    assert np.isfinite(tracker.last.response).all()


def track(params: Parameters, case: Case) -> str:
    """Track a case and check its property; returns how it went."""
    tracker = CRTTracker(params)
    try:
        tracker.init(case.first.image, case.box)
    except CRTError as error:
        assert str(error)
        return type(error).__name__
    check(tracker, tracker.last.box)
    refused = 0
    for shown in case.later:
        before = tracker.last
        try:
            check(tracker, tracker.update(shown.image))
        except CRTError as error:
            assert str(error) and tracker.last is before
            refused += 1
    return "tracked, frames refused" if refused else "tracked"


def fuzz(name: str, count: int, first: int) -> Counter[str]:
    """Run generated cases with seeds from ``first`` on; returns how they went."""
    params = SETTINGS[name]()
    seen: Counter[str] = Counter()

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def any_case(case: Case) -> None:
        with warnings.catch_warnings(), time_limit(LIMIT):
            warnings.simplefilter("error")
            seen[track(params, case)] += 1

    seed(first)(any_case)()
    return seen


@pytest.mark.parametrize("name", SETTINGS)
def test_any_input_gives_a_box_or_a_named_error(name):
    seen = fuzz(name, IN_ALL // len(SETTINGS), list(SETTINGS).index(name))
    # otherwise the cases prove nothing: many must be tracked, some refused
    assert seen["tracked"] > 0.25 * seen.total() and seen["BoxError"], seen
    assert seen["ImageError"] or seen["tracked, frames refused"], seen


@pytest.mark.torture
@pytest.mark.parametrize("name", SETTINGS)
def test_any_input_many_cases(name, record_testsuite_property):
    first = secrets.randbelow(2**32)  # other cases in every run
    seen = fuzz(name, IN_TORTURE // len(SETTINGS), first)
    record_testsuite_property(f"cases, {name}", {"seed": first, **seen})
    assert seen.total() >= IN_TORTURE // len(SETTINGS)
    assert seen["tracked"] > 0.25 * seen.total(), seen
