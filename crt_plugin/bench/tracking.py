"""Measurements of trackers: stages, ratios and memory of CRT, and the speed of other trackers."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from crt_plugin.bench.limits import bare_vgg, product_rate, vgg_operations
from crt_plugin.bench.measure import Result
from crt_plugin.bench.memory import peak_mib
from crt_plugin.bench.naive import NaiveTracker
from crt_plugin.bench.stages import STAGES, Seconds, StageClock, elapsed
from crt_plugin.bench.workload import open_workload
from crt_plugin.features.vgg import VGG
from crt_plugin.parameters import load_parameters
from crt_plugin.plus.tracker import CRTTracker

INITS = 3  # after the first one, which also loads what is loaded once
WARM_UP = 2  # frames

OnStep = Callable[[str], None]
Frame = NDArray[np.uint8]


def tracker(
    parameters: str,
    precision: str,
    source: str,
    box: Sequence[float] | None,
    frames: int,
    naive: bool,
    on_step: OnStep,
) -> Result:
    """CRT with a parameter file: stages, init and memory alone; then ratios, frame by frame.

    Args:
        parameters: name or path.
        source, box: see ``workload.open_workload``.
        frames: of the medians, after the first and the warm-up; 0: all there are.
        naive: measure ``NaiveTracker`` too.
    """
    params = load_parameters(parameters).copy(precision=precision)
    clip = open_workload(source, box)
    crt = CRTTracker(params)
    result: Result = {"tracker": f"crt:{parameters}", "precision": _name(crt.features.precision)}
    result |= _measure_alone(crt, clip.frames(), clip.box, frames, on_step)
    result |= {"object": clip.box[2:], "frame_size": clip.frame_size}
    ratios = frames or result["frames"]
    rivals = [NaiveTracker(params.copy(precision="float32"))] if naive else []
    result |= _compare(crt, rivals, clip.frames(), clip.box, ratios, on_step)
    return result


def _measure_alone(
    crt: CRTTracker, frames: Iterator[Frame], box: Sequence[float], count: int, on_step: OnStep
) -> Result:
    """Nothing else is in memory, and frames are read one by one."""
    first = next(frames)
    on_step("init")
    inits = [elapsed(lambda: crt.init(first, box), crt.device) for _ in range(1 + INITS)]
    spent: list[Seconds] = []
    with StageClock(crt) as clock:
        for index, frame in enumerate(_take(frames, count)):
            on_step(f"frame {index + 1}")
            spent.append(clock.update(frame))
    measured = spent[WARM_UP:]
    stages = {
        name: 1e3 * statistics.median(_average_periods(crt, [each[name] for each in measured]))
        for name in (*STAGES, "frame")
    }
    return {
        "threads": torch.get_num_threads(),
        "frames": len(measured),
        "steps": crt.training.steps,
        "first_init_ms": 1e3 * inits[0],
        "init_ms": 1e3 * statistics.median(inits[1:]),
        "stages_ms": stages,
        "fps": 1e3 / stages["frame"],
        "peak_mib": peak_mib(),
    }


def _compare(
    crt: CRTTracker,
    rivals: Sequence[CRTTracker],
    frames: Iterator[Frame],
    box: Sequence[float],
    count: int,
    on_step: OnStep,
) -> Result:
    """A frame, the bare network on its patches, and a rival's frame, in turn: noise cancels."""
    first = next(frames)
    for each in (crt, *rivals):
        each.init(first, box)
    extractor = crt.features.extractors[0]
    network = _time_bare_network(crt) if isinstance(extractor, VGG) else None
    ours, bare, theirs, operations = [], [], [], []
    for index, frame in enumerate(_take(frames, count)):
        on_step(f"ratios, frame {index + 1}")
        with _record_patches(crt) as batches:
            ours.append(elapsed(lambda: crt.update(frame), crt.device))  # noqa: B023
        if network is not None:
            bare.append(sum(network(batch) for batch in batches))
            operations.append(sum(_operations(crt, batch) for batch in batches))
        for rival in rivals:
            theirs.append(elapsed(lambda: rival.update(frame), rival.device))  # noqa: B023
    ours, bare, theirs, operations = (
        _average_periods(crt, values[WARM_UP:]) for values in (ours, bare, theirs, operations)
    )
    result: Result = {}
    if network is not None:
        on_step("matrix products")
        rate = product_rate(crt.device, crt.features.precision)
        bare_seconds, bare_operations = statistics.median(bare), statistics.median(operations)
        result |= {
            "operations": bare_operations,
            "product_rate": rate,
            "limit_fps": rate / bare_operations,
            "bare_ms": 1e3 * bare_seconds,
            "bare_rate": bare_operations / bare_seconds,
            "to_bare": _median_ratio(ours, bare),
        }
    if rivals:
        result["naive_ms"] = 1e3 * statistics.median(theirs)
        result["naive_ratio"] = _median_ratio(theirs, ours)
    return result


def _average_periods(crt: CRTTracker, values: list[float]) -> list[float]:
    """Means over as many frames as it takes until the scale is searched again."""
    period = crt.params.scale_interval if crt.params.search == "two_step" else 1
    starts = range(0, max(1, len(values) - period + 1), period)
    return [statistics.mean(values[start : start + period]) for start in starts] if values else []


def _time_bare_network(crt: CRTTracker) -> Callable[[torch.Tensor], float]:
    """Seconds of the bare network on patches, N x H x W x 3."""
    dtype = crt.features.precision
    network = bare_vgg(crt.params, crt.device, dtype)

    @torch.inference_mode()
    def seconds(patches: torch.Tensor) -> float:
        x = patches.permute(0, 3, 1, 2).to(dtype)
        return elapsed(lambda: network(x), crt.device)

    return seconds


@contextmanager
def _record_patches(crt: CRTTracker) -> Iterator[list[torch.Tensor]]:
    """The batches of patches whose features the tracker takes meanwhile."""
    batches: list[torch.Tensor] = []
    extract = crt.features.extract

    def record_and_extract(patches: torch.Tensor) -> list[torch.Tensor]:
        batches.append(patches)
        return extract(patches)

    crt.features.extract = record_and_extract  # type: ignore[method-assign]
    try:
        yield batches
    finally:
        del crt.features.extract


def _operations(crt: CRTTracker, patches: torch.Tensor) -> float:
    count, height, width, _ = patches.shape
    return count * vgg_operations(crt.params.vgg_layer, height, width)


def peer(
    text: str, source: str, box: Sequence[float] | None, frames: int, on_step: OnStep
) -> Result:
    """Another tracker of ``crt_plugin.peers.registry``, by its name there."""
    from crt_plugin.hosts.got10k.toolkit import FIRST_PIXEL
    from crt_plugin.peers.registry import make

    clip = open_workload(source, box)
    other = make(text)
    images = clip.frames()
    on_step("init")
    first = Image.fromarray(next(images))
    start = time.perf_counter()
    other.init(first, np.add(clip.box, FIRST_PIXEL))
    init = time.perf_counter() - start
    spent = []
    for index, frame in enumerate(_take(images, frames)):
        on_step(f"frame {index + 1}")
        image = Image.fromarray(frame)
        start = time.perf_counter()
        other.update(image)
        spent.append(time.perf_counter() - start)
    frame_ms = 1e3 * statistics.median(spent[WARM_UP:])
    return {
        "tracker": text,
        "threads": torch.get_num_threads(),
        "frames": len(spent) - WARM_UP,
        "init_ms": 1e3 * init,
        "stages_ms": {"frame": frame_ms},
        "fps": 1e3 / frame_ms,
        "peak_mib": peak_mib(),
    }


def _take(frames: Iterator[Frame], count: int) -> Iterator[Frame]:
    return itertools.islice(frames, count + WARM_UP if count else None)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _median_ratio(some: Sequence[float], others: Sequence[float]) -> float:
    """Of the pairs of one frame, or period of frames."""
    return statistics.median(one / other for one, other in zip(some, others, strict=True))
