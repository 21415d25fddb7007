"""How time and memory grow with the object, the frame, the sequence and the workers.

The paper's cost is constant: object and patch are resized to a fixed number of cells.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from crt_plugin.bench.measure import Result
from crt_plugin.bench.memory import resident_mib
from crt_plugin.bench.stages import elapsed
from crt_plugin.bench.workload import open_workload
from crt_plugin.parameters import load_parameters
from crt_plugin.plus.tracker import CRTTracker

OBJECT_SIDES = (8, 16, 32, 64, 128, 256, 400, 800)  # px
OBJECT_FRAME = (1920, 1080)  # width, height
FRAMES = {  # width, height
    "QVGA": (320, 240),
    "VGA": (640, 480),
    "720p": (1280, 720),
    "1080p": (1920, 1080),
    "4K": (3840, 2160),
}
FRAME_OBJECT = 64  # px
ROUNDS = 7
CLIP_FRAMES = 60  # that a long sequence goes through, there and back
BLOCK = 1000  # frames, of which a median is taken
OnStep = Callable[[str], None]
Frame = NDArray[np.uint8]


def object_sizes(
    parameters: str, precision: str, source: str, box: Sequence[float] | None, on_step: OnStep
) -> Result:
    """Median ms of a frame, for square objects of ``OBJECT_SIDES`` in a frame of 1080p."""
    frame = _resize(next(open_workload(source, box).frames()), OBJECT_FRAME)
    cases = {str(side): (frame, side) for side in OBJECT_SIDES}
    return {"object_ms": _time_frames(parameters, precision, cases, on_step)}


def frame_sizes(
    parameters: str, precision: str, source: str, box: Sequence[float] | None, on_step: OnStep
) -> Result:
    """Median ms of a frame, for an object of 64 px in ``FRAMES``; decoding not included."""
    frame = next(open_workload(source, box).frames())
    cases = {name: (_resize(frame, size), FRAME_OBJECT) for name, size in FRAMES.items()}
    return {"frame_ms": _time_frames(parameters, precision, cases, on_step)}


def _resize(frame: Frame, size: tuple[int, int]) -> Frame:
    return np.asarray(cv2.resize(frame, size), np.uint8)


def _time_frames(
    parameters: str, precision: str, cases: dict[str, tuple[Frame, int]], on_step: OnStep
) -> dict[str, float]:
    """One tracker goes round the cases, so that noise falls on all alike."""
    # Training ends after one step, and the tracker learns from every frame, whatever its score:
    # the most expensive frame that the settings allow, the same in all cases.
    params = load_parameters(parameters).copy(
        precision=precision, train_steps=1, confidence_threshold=0.0, stop_loss=0.0
    )
    crt = CRTTracker(params)
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(ROUNDS + 1):
        for name, (frame, side) in cases.items():
            on_step(f"round {turn} of {ROUNDS}, {name}")
            height, width = frame.shape[:2]
            crt.init(frame, ((width - side) / 2, (height - side) / 2, side, side))
            crt.update(frame)
            if turn:
                spent[name].append(elapsed(lambda: crt.update(frame), crt.device))  # noqa: B023
    return {name: 1e3 * statistics.median(each) for name, each in spent.items()}


def sequence_length(
    parameters: str,
    precision: str,
    source: str,
    box: Sequence[float] | None,
    frames: int,
    on_step: OnStep,
) -> Result:
    """Median ms and resident memory of each block of 1,000 frames, on a clip there and back."""
    clip = open_workload(source, box)
    images = list(itertools.islice(clip.frames(), CLIP_FRAMES))
    crt = CRTTracker(load_parameters(parameters).copy(precision=precision))
    crt.init(images[0], clip.box)
    blocks: list[dict[str, float | int | None]] = []
    spent = []
    for index, frame in enumerate(itertools.islice(_go_there_and_back(images), frames), start=1):
        spent.append(elapsed(lambda: crt.update(frame), crt.device))  # noqa: B023
        if index % BLOCK == 0 or index == frames:
            on_step(f"frame {index} of {frames}")
            median = 1e3 * statistics.median(spent)
            blocks.append({"frame": index, "ms": median, "mib": resident_mib()})
            spent.clear()
    return {"length": blocks}


def _go_there_and_back(images: Sequence[Frame]) -> Iterator[Frame]:
    """The second to the last image, and back to the first, without end."""
    yield from itertools.cycle([*images[1:], *images[-2::-1]])


def workers(parameters: str, data: str, sequences: Sequence[str], on_step: OnStep) -> Result:
    """Sequences a minute of ``crt evaluate``: one worker with two threads, two with one each."""
    from crt_plugin.benchmark.run.evaluate import evaluate

    rates = {}
    for count in (1, 2):
        on_step(f"{count} workers")
        torch.set_num_threads(2 // count)
        cv2.setNumThreads(2 // count)
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            done = evaluate(
                "otb",
                data,
                [f"crt:{parameters}"],
                Path(folder),
                sequences=sequences or None,
                workers=count,
                progress=False,
            )
            seconds = time.perf_counter() - start
        rates[str(count)] = 60 * len(done.part.names) / seconds
    return {"workers_per_minute": rates}


GROWTH: dict[str, Callable[..., Result]] = {
    "object_sizes": object_sizes,
    "frame_sizes": frame_sizes,
    "sequence_length": sequence_length,
    "workers": workers,
}
