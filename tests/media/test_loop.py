"""The loop: what sinks receive, and that they are closed and never interrupted."""

from __future__ import annotations

import os
import signal
import threading
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

from crt_plugin.benchmark.agreement import RunSummary
from crt_plugin.errors import FrameError
from crt_plugin.media.frame import Frame
from crt_plugin.media.loop import generate_steps, track_frames
from crt_plugin.media.starts import Start, Starts
from crt_plugin.plus.multi_tracker import MultiTracker
from tests.conftest import scene

BOX = np.array([3.0, 4.0, 20.0, 10.0])
STARTS = [Start(1, None, BOX)]


class Stepping:
    """A tracker whose boxes move right by the mean of the frame."""

    def init(self, image, boxes):
        self.boxes = {id: np.array(box) for id, box in boxes.items()}
        self.last = {id: SimpleNamespace(score=1.0) for id in boxes}

    def start(self, image, boxes):
        self.boxes = self.boxes | {id: np.array(box) for id, box in boxes.items()}
        self.last = self.last | {id: SimpleNamespace(score=1.0) for id in boxes}

    def update(self, image):
        self.boxes = {id: box + (image.mean(), 0, 0, 0) for id, box in self.boxes.items()}
        self.last = {id: SimpleNamespace(score=0.5) for id in self.boxes}
        return self.boxes


class Collector:
    def __init__(self, stop_at=None, at=None):
        self.steps, self.closed, self.stop_at, self.at = [], 0, stop_at, at or {}

    def write(self, step):
        index, (found,) = step.frame.index, step.objects
        self.at.get(index, lambda: None)()
        self.steps.append((index, found.box.tolist(), found.score))
        return index == self.stop_at

    def close(self):
        self.closed += 1


def frames(count, bad=None):
    for index in range(count):
        if index == bad:
            raise FrameError(f"frame {index} cannot be decoded")
        yield Frame(index, index / 25, np.full((6, 8, 3), index, np.uint8))


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(autouse=True)
def ctrl_c_interrupts():
    """Set Python's own handler: a shell's background jobs, as tests may be, ignore Ctrl-C."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def test_every_sink_gets_every_step_and_is_closed_once():
    sinks = Collector(), Collector()
    track_frames(frames(4), Stepping(), Starts(STARTS), sinks)
    for sink in sinks:
        assert sink.steps == [
            (0, [3, 4, 20, 10], 1.0),  # the box that was given
            (1, [4, 4, 20, 10], 0.5),
            (2, [6, 4, 20, 10], 0.5),
            (3, [9, 4, 20, 10], 0.5),
        ]
        assert sink.closed == 1


def test_a_sink_can_end_the_run_and_the_others_still_get_that_frame():
    sinks = Collector(stop_at=1), Collector()
    track_frames(frames(9), Stepping(), Starts(STARTS), sinks)
    assert [len(sink.steps) for sink in sinks] == [2, 2]


def test_a_frame_that_fails_keeps_what_was_tracked():
    sink = Collector()
    with pytest.raises(FrameError, match="frame 2"):
        track_frames(frames(9, bad=2), Stepping(), Starts(STARTS), [sink])
    assert (len(sink.steps), sink.closed) == (2, 1)


def test_all_sinks_are_closed_though_one_fails():
    def fail():
        raise OSError("disk full")

    first, last = Collector(), Collector()
    first.close = fail
    with pytest.raises(OSError, match="disk full"):
        track_frames(frames(2), Stepping(), Starts(STARTS), [first, last])
    assert last.closed == 1


def test_ctrl_c_while_writing_waits_for_all_sinks():
    first, last = Collector(at={2: interrupt}), Collector()
    with pytest.raises(KeyboardInterrupt):
        track_frames(frames(9), Stepping(), Starts(STARTS), [first, last])
    for sink in (first, last):
        assert (len(sink.steps), sink.closed) == (3, 1)


def test_ctrl_c_while_tracking_interrupts_at_once():
    class Interrupted(Stepping):
        def update(self, image):
            if image.mean() == 3:
                interrupt()
                pytest.fail("the tracker was not interrupted")
            return super().update(image)

    sink = Collector()
    with pytest.raises(KeyboardInterrupt):
        track_frames(frames(9), Interrupted(), Starts(STARTS), [sink])
    assert (len(sink.steps), sink.closed) == (3, 1)


def test_ctrl_c_while_closing_is_raised_after_it():
    first, last = Collector(), Collector()
    last.close = interrupt
    with pytest.raises(KeyboardInterrupt):
        track_frames(frames(2), Stepping(), Starts(STARTS), [first, last])
    assert first.closed == 1


def test_the_handler_of_ctrl_c_is_given_back():
    track_frames(frames(2), Stepping(), Starts(STARTS), [Collector(at={1: lambda: None})])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_somebody_elses_handler_is_left_alone():
    seen = []
    previous = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:
        sink = Collector(at={1: interrupt})
        track_frames(frames(4), Stepping(), Starts(STARTS), [sink])
    finally:
        signal.signal(signal.SIGINT, previous)
    assert (seen, len(sink.steps)) == ([1], 4)


def test_runs_outside_the_main_thread():
    sink = Collector()
    thread = threading.Thread(
        target=track_frames, args=(frames(3), Stepping(), Starts(STARTS), [sink])
    )
    thread.start()
    thread.join()
    assert len(sink.steps) == 3


def test_frames_are_not_held():
    """At most the frames of the current and the next step are alive."""
    alive: list[weakref.ref] = []

    def make_frames():
        for index in range(20):
            picture = np.zeros((4, 4, 3), np.uint8)
            alive.append(weakref.ref(picture))
            yield Frame(index, 0.0, picture)

    most = 0
    for _ in generate_steps(make_frames(), Stepping(), Starts(STARTS)):
        most = max(most, sum(ref() is not None for ref in alive))
    assert most <= 2


def test_record_leaves_the_given_box_out():
    truth = {0: BOX, 2: BOX + (3, 0, 0, 0), 3: BOX + (30, 0, 0, 0)}
    record = RunSummary({1: truth})
    track_frames(frames(5), Stepping(), Starts(STARTS), [record])
    assert record.frames == 5
    assert record.fps is not None and record.fps > 0
    comparison = record.comparisons[1]
    assert comparison.frames == 2
    # Frame 2 is exact; in frame 3 the box is at 9 and the truth at 33, 24 px away.
    assert (comparison.mean_iou, comparison.precision) == (0.5, 0.5)


def test_record_of_one_frame():
    record = RunSummary({1: {0: BOX}})
    track_frames(frames(1), Stepping(), Starts(STARTS), [record])
    assert (record.frames, record.fps, record.comparisons) == (1, None, {})


def test_the_real_tracker_follows_a_moving_object(small):
    truth = {i: np.array([40.0 + 3 * i, 50.0 + i, 24, 16]) for i in range(8)}
    record = RunSummary({1: truth})
    moving = (Frame(i, i / 25, scene(box[0], box[1])) for i, box in truth.items())
    track_frames(moving, MultiTracker(small), Starts([Start(1, None, truth[0])]), [record])
    assert record.comparisons[1].mean_iou > 0.6
