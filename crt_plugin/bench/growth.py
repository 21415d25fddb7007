"""How time and memory grow with the object, the frame, the sequence and the workers.

The paper's cost is constant: object and patch are resized to a fixed number of cells.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import torch

from crt_plugin.bench.measure import OnStep, Result
from crt_plugin.bench.memory import resident_mib
from crt_plugin.bench.stages import time_call
from crt_plugin.bench.workload import open_workload
from crt_plugin.parameters import load_parameters
from crt_plugin.plus.tracker import CRTTracker

# Size of the frame (width, height) and side of the square object in it, px
Case = tuple[tuple[int, int], int]
OBJECT_SIZES = {str(side): ((1920, 1080), side) for side in (8, 16, 32, 64, 128, 256, 400, 800)}
FRAME_SIZES = {
    "QVGA": ((320, 240), 64),
    "VGA": ((640, 480), 64),
    "720p": ((1280, 720), 64),
    "1080p": ((1920, 1080), 64),
    "4K": ((3840, 2160), 64),
}
ROUNDS = 7
CLIP_FRAMES = 60  # that a long sequence repeats, forwards and backwards
BLOCK = 1000  # frames, of which a median is taken


def measure_sizes(
    key: str,
    cases: Mapping[str, Case],
    parameters: str,
    precision: str,
    source: str,
    box: Sequence[float] | None,
    on_step: OnStep,
) -> Result:
    """Median ms of a frame for each case, under ``key``; decoding not included.

    One tracker takes the cases in turn, so that noise affects all alike.
    """
    frame = next(open_workload(source, box)[0].frames())
    # Training ends after one step, and the tracker learns from every frame, whatever its score:
    # the most expensive frame that the settings allow, the same in all cases.
    crt = CRTTracker(load_parameters(parameters).copy(precision=precision))
    for member in crt.members.values():
        member.params = member.params.copy(train_steps=1, confidence_threshold=0.0, stop_loss=0.0)
    images = {name: cv2.resize(frame, size) for name, (size, _) in cases.items()}
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(ROUNDS + 1):
        for name, ((width, height), side) in cases.items():
            on_step(f"round {turn} of {ROUNDS}, {name}")
            image = images[name]
            crt.init(image, ((width - side) / 2, (height - side) / 2, side, side))
            crt.update(image)
            if turn:
                spent[name].append(time_call(lambda: crt.update(image), crt.device))  # noqa: B023
    medians = {name: 1e3 * statistics.median(each) for name, each in spent.items()}
    return {"precision": precision, "threads": torch.get_num_threads(), key: medians}


def measure_sequence_length(
    parameters: str,
    precision: str,
    source: str,
    box: Sequence[float] | None,
    frames: int,
    on_step: OnStep,
) -> Result:
    """Median ms and resident MiB of blocks of 1,000 frames; a clip is repeated there and back."""
    clip, first_box = open_workload(source, box)
    images = list(itertools.islice(clip.frames(), CLIP_FRAMES))
    there_and_back = itertools.cycle([*images[1:], *images[-2::-1]])
    crt = CRTTracker(load_parameters(parameters).copy(precision=precision))
    crt.init(images[0], first_box)
    blocks: list[dict[str, float | int | None]] = []
    spent = []
    for index, frame in enumerate(itertools.islice(there_and_back, frames), start=1):
        spent.append(time_call(lambda: crt.update(frame), crt.device))  # noqa: B023
        if index % BLOCK == 0 or index == frames:
            on_step(f"frame {index} of {frames}")
            median = 1e3 * statistics.median(spent)
            blocks.append({"frame": index, "ms": median, "mib": resident_mib()})
            spent.clear()
    return {"precision": precision, "threads": torch.get_num_threads(), "length": blocks}


def measure_workers(
    parameters: str, data: str, sequences: Sequence[str], on_step: OnStep
) -> Result:
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
