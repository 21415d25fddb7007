"""Measurements of trackers: stages, ratios and memory of CRT, and the speed of other trackers."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from crt_plugin.bench.limits import bare_network, count_operations, product_rate
from crt_plugin.bench.measure import OnStep, Result
from crt_plugin.bench.memory import peak_mib
from crt_plugin.bench.naive import NaiveTracker
from crt_plugin.bench.stages import STAGES, StageClock, time_call
from crt_plugin.bench.workload import WARM_UP, open_workload, take_frames
from crt_plugin.media.sources import Source
from crt_plugin.parameters import load_parameters
from crt_plugin.plus.tracker import CRTTracker

INITS = 3  # after the first one, which also loads what is loaded once


def measure_tracker(
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
    clip, first_box = open_workload(source, box)
    crt = CRTTracker(params)
    alone = _measure_alone(crt, clip, first_box, frames, on_step)
    rival = NaiveTracker(params.copy(precision="float32")) if naive else None
    return {
        "precision": str(crt.features.precision).removeprefix("torch."),
        **alone,
        **_compare(crt, rival, clip, first_box, frames or alone["frames"], on_step),
    }


def _measure_alone(
    crt: CRTTracker, clip: Source, box: Sequence[float], count: int, on_step: OnStep
) -> Result:
    """With nothing else in memory; frames are read one by one."""
    frames = clip.frames()
    first = next(frames)
    on_step("init")
    inits = [time_call(lambda: crt.init(first, box), crt.device) for _ in range(1 + INITS)]
    with StageClock(crt) as clock:
        spent = [clock.update(frame) for frame in take_frames(frames, count, on_step)][WARM_UP:]
    stages = {
        name: 1e3 * statistics.median(_average_periods(crt, [each[name] for each in spent]))
        for name in (*STAGES, "frame")
    }
    return {
        "threads": torch.get_num_threads(),
        "frames": len(spent),
        "steps": sum(member.training.steps for member in crt.members.values()),
        "first_init_ms": 1e3 * inits[0],
        "init_ms": 1e3 * statistics.median(inits[1:]),
        "stages_ms": stages,
        "fps": 1e3 / stages["frame"],
        "peak_mib": peak_mib(),
        "object": box[2:],
        "frame_size": [first.shape[1], first.shape[0]],
    }


def _compare(
    crt: CRTTracker,
    rival: NaiveTracker | None,
    clip: Source,
    box: Sequence[float],
    count: int,
    on_step: OnStep,
) -> Result:
    """A frame, the bare networks on its patches, and the rival's frame, in turn: noise cancels."""
    frames = clip.frames()
    first = next(frames)
    crt.init(first, box)
    if rival is not None:
        rival.init(first, box)
    dtype = crt.features.precision
    patches, networks = {}, {}
    for name, member in crt.members.items():
        network = bare_network(member.params, crt.device, dtype)
        if network is not None:
            patches[name], networks[name] = _record_patches(member), network
    counted: dict[tuple[str, torch.Size], float] = {}  # operations by network and shape of a batch
    ours, bare, theirs, operations = [], [], [], []
    for frame in take_frames(frames, count, lambda step: on_step(f"ratios, {step}")):
        for batches in patches.values():
            batches.clear()
        ours.append(time_call(lambda: crt.update(frame), crt.device))  # noqa: B023
        bare.append(0.0)
        operations.append(0.0)
        for name, network in networks.items():
            for batch in patches[name]:
                x = batch.permute(0, 3, 1, 2).to(dtype)
                if (name, x.shape) not in counted:
                    counted[name, x.shape] = count_operations(network, x)
                operations[-1] += counted[name, x.shape]
                with torch.inference_mode():
                    bare[-1] += time_call(lambda: network(x), crt.device)  # noqa: B023
        if rival is not None:
            theirs.append(time_call(lambda: rival.update(frame), rival.device))  # noqa: B023
    ours, bare, theirs, operations = (
        _average_periods(crt, values[WARM_UP:]) for values in (ours, bare, theirs, operations)
    )
    result: Result = {}
    if networks:
        on_step("matrix products")
        rate = product_rate(crt.device, dtype)
        bare_seconds, bare_operations = statistics.median(bare), statistics.median(operations)
        result |= {
            "operations": bare_operations,
            "product_rate": rate,
            "limit_fps": rate / bare_operations,
            "bare_ms": 1e3 * bare_seconds,
            "bare_rate": bare_operations / bare_seconds,
            "to_bare": _median_ratio(ours, bare),
        }
    if rival is not None:
        result["naive_ms"] = 1e3 * statistics.median(theirs)
        result["naive_ratio"] = _median_ratio(theirs, ours)
    return result


def _average_periods(crt: CRTTracker, values: list[float]) -> list[float]:
    """Means over as many frames as it takes until all members search the scale again."""
    settings = [member.params for member in crt.members.values()]
    period = math.lcm(*(p.scale_interval for p in settings if p.search == "two_step"))
    starts = range(0, max(1, len(values) - period + 1), period)
    return [statistics.mean(values[start : start + period]) for start in starts] if values else []


def _record_patches(crt: CRTTracker) -> list[torch.Tensor]:
    """A list that gets each batch of patches, N x H x W x 3, whose features ``crt`` extracts."""
    batches: list[torch.Tensor] = []
    extract = crt.features.extract

    def record_and_extract(patches: torch.Tensor) -> list[torch.Tensor]:
        batches.append(patches)
        return extract(patches)

    crt.features.extract = record_and_extract  # type: ignore[method-assign]
    return batches


def measure_peer(
    text: str, source: str, box: Sequence[float] | None, frames: int, on_step: OnStep
) -> Result:
    """Another tracker of ``crt_plugin.peers.registry``, by its name there."""
    from crt_plugin.formats.boxes import FIRST_PIXEL
    from crt_plugin.peers.registry import make

    clip, first_box = open_workload(source, box)
    peer = make(text)
    images = clip.frames()
    on_step("init")
    first = Image.fromarray(next(images))
    cpu = torch.device("cpu")
    init = time_call(lambda: peer.init(first, np.add(first_box, FIRST_PIXEL)), cpu)
    spent = []
    for image in map(Image.fromarray, take_frames(images, frames, on_step)):
        spent.append(time_call(lambda: peer.update(image), cpu))  # noqa: B023
    frame_ms = 1e3 * statistics.median(spent[WARM_UP:])
    return {
        "threads": torch.get_num_threads(),
        "frames": len(spent) - WARM_UP,
        "init_ms": 1e3 * init,
        "stages_ms": {"frame": frame_ms},
        "fps": 1e3 / frame_ms,
        "peak_mib": peak_mib(),
    }


def _median_ratio(some: Sequence[float], others: Sequence[float]) -> float:
    """Of the pairs of one frame, or period of frames."""
    return statistics.median(one / other for one, other in zip(some, others, strict=True))
