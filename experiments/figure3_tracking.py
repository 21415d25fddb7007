"""Figure 3: how the object is found, and what past frames are good for.

    python experiments/figure3_tracking.py --data OTB_FOLDER \\
        --rivals otb100-results.zip --groundtruth otb100-groundtruth.zip

(a) Search patch, regression result, motion map and final prediction of a frame. (b) Regression
results at an occlusion, learned from five past frames, and from the last one alone. A table has
all occlusions: of each target with that attribute the frame in which most published trackers lose
it. The paper does not name its sequence, but a person who is hidden in frame 70: that fits
Jogging.1, and else the occlusion that most trackers lose is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

from crt_plugin import CRTTracker, Detection
from crt_plugin.algorithm.geometry import cut_patches
from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.formats.otb import otb_lists
from crt_plugin.hosts.got10k.toolkit import rect_iou
from crt_plugin.paper.occlusions import FRAMES, ON, Loss, find_loss
from crt_plugin.paper.quality import in_percent, verdict
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput, tracker_name
from crt_plugin.paper.script import main
from crt_plugin.parameters import load_parameters
from crt_plugin.report.plots import Panel, draw_panels
from crt_plugin.report.result_table import Cell, ResultTable, cells
from crt_plugin.report.statistics.bootstrap import paired_difference

OURS, ALONE = "default", "last_frame"  # parameter files
LABELS = {OURS: "five past frames", ALONE: "the last alone"}
SHOWN = "Jogging.1"
AFTER = 30  # frames from an occlusion on, over which IoU is compared
APART = 10  # frames between the columns of (b)


@dataclass(frozen=True)
class Occlusion:
    """An occlusion, and the mean IoU of ``AFTER`` frames from it on.

    Attributes:
        target: its name.
        loss: where published trackers lose it.
        overlaps: by parameter file.
    """

    target: str
    loss: Loss
    overlaps: dict[str, float]


def make(reproduction: Reproduction) -> ScriptOutput:
    """Run both where frames are there, compare them at all occlusions, and draw one."""
    scored = reproduction.crt([OURS, ALONE])
    losses = _find_losses(reproduction)
    occlusions = [o for name, loss in losses.items() if (o := _compare(reproduction, name, loss))]
    provenance = reproduction.provenance([o.target for o in occlusions], [OURS, ALONE])
    table = _tabulate(occlusions, scored.notes)
    shown = SHOWN if SHOWN in losses else max(losses, key=lambda n: losses[n].trackers, default="")
    names = reproduction.part.names if reproduction.part else []
    first = shown if shown in names else next(iter(names), "")
    figures = _draw_finding(reproduction, first) if first else []
    figures += _draw_past(reproduction, shown, losses[shown]) if shown in names else []
    return ScriptOutput([reproduction.save(table, provenance)], figures, [_conclude(occlusions)])


def _find_losses(reproduction: Reproduction) -> dict[str, Loss]:
    """Where published trackers lose each target with the attribute occlusion."""
    found = {}
    for name, attributes in otb_lists().of_target.items():
        if "OCC" not in attributes:
            continue
        boxes = [reproduction.published_boxes(r, name) for r in reproduction.published_names]
        overlaps = [iou for b in boxes if (iou := _overlap(reproduction, name, b)) is not None]
        loss = find_loss(overlaps)
        if loss is not None:
            found[name] = loss
    return found


def _overlap(reproduction: Reproduction, name: str, boxes: np.ndarray | None) -> np.ndarray | None:
    """IoU with the annotation, NaN in frames without an object; None without either."""
    truth = reproduction.annotations.get(name)
    if boxes is None or truth is None or len(boxes) != len(truth):
        return None
    return np.where((truth > 0).all(axis=1), rect_iou(boxes, truth), np.nan)


def _compare(reproduction: Reproduction, name: str, loss: Loss) -> Occlusion | None:
    """Both trackers from the occlusion on, if both were on the object in the frames before."""
    overlaps = {}
    for file in (OURS, ALONE):
        iou = _overlap(reproduction, name, reproduction.boxes(tracker_name(file), name))
        if iou is None or not np.nanmean(iou[loss.frame - FRAMES : loss.frame]) > ON:
            return None
        overlaps[file] = float(np.nanmean(iou[loss.frame : loss.frame + AFTER]))
    return Occlusion(name, loss, overlaps)


def _tabulate(occlusions: Sequence[Occlusion], notes: Sequence[str]) -> ResultTable:
    rows = [
        [
            Cell(each.target),
            Cell(str(each.loss.frame + 1)),
            Cell(str(each.loss.trackers)),
            *cells(*(100 * iou for iou in each.overlaps.values()), digits=1),
        ]
        for each in occlusions
    ]
    legend = (
        f"Of each target with the attribute occlusion the frame in which most published trackers "
        f"lose it, three or more; mean IoU, in percent, of the {AFTER} frames from there on. Only "
        f"where both had a mean IoU above {ON} in the {FRAMES} frames before."
    )
    left_out = [f"Left empty: {note}" for note in notes]
    title = "Figure 3: past frames at occlusions"
    columns = ("target", "frame", "trackers that lose it", *LABELS.values())
    return ResultTable("figure3_occlusions", title, columns, rows, [legend, *left_out])


def _conclude(occlusions: Sequence[Occlusion]) -> str:
    """The mean difference over all occlusions."""
    past, alone = ({o.target: o.overlaps[file] for o in occlusions} for file in (OURS, ALONE))
    difference = paired_difference(past, alone)
    if difference is None:
        return "Past frames: fewer than two occlusions, found by what published trackers lose."
    return (
        f"Past frames keep the object: IoU of the {AFTER} frames from an occlusion on, with five "
        f"past frames minus the last alone, {in_percent(difference)} over {len(past)} occlusions, "
        f"{verdict(difference)}."
    )


def detect(images: Sequence[np.ndarray], box: np.ndarray, file: str) -> list[Detection]:
    """What CRT with a parameter file finds in each frame."""
    tracker = CRTTracker(load_parameters(file))
    tracker.init(images[0], box)
    found: list[Detection] = [tracker.last]
    bar = track(images[1:], description=Path(file).stem, console=Console(stderr=True))
    for image in bar:
        tracker.update(image)
        found.append(tracker.last)
    return found


def _read(reproduction: Reproduction, name: str, count: int) -> tuple[list[np.ndarray], np.ndarray]:
    """The first frames of a target, and its first box."""
    sequence = reproduction.sequence(name)
    assert sequence is not None  # its name is one of those with frames
    files, truth = sequence
    images = [np.asarray(Image.open(file).convert("RGB")) for file in files[:count]]
    return images, truth[0] - FIRST_PIXEL


def _draw_finding(reproduction: Reproduction, name: str) -> list[Path]:
    images, box = _read(reproduction, name, 2)
    found = detect(images, box, OURS)[1]
    height, width = (found.response.shape[i] * 4 for i in (0, 1))
    patch = cut_patches(images[1], [found.patch_rect], (height, width))[0]
    row = [
        Panel("search patch", patch),
        Panel("regression result", found.response, limits=(0, 1)),
        Panel("motion map", found.motion_map, limits=(0, 1)),
        Panel("final prediction", found.motion_map * found.response, limits=(0, 1)),
    ]
    file = reproduction.output / "figure3_detecting"
    return draw_panels([row], file, reproduction.provenance([name], [OURS]))


def _draw_past(reproduction: Reproduction, name: str, loss: Loss) -> list[Path]:
    """Columns: frames around the occlusion; rows: frame, results with past frames, without."""
    images, box = _read(reproduction, name, loss.frame + APART + 1)
    found = {file: detect(images, box, file) for file in (OURS, ALONE)}
    last = len(images) - 1
    columns = sorted({loss.frame - APART, loss.frame, min(last, loss.frame + APART)})
    frames = [
        Panel(
            f"{name}, frame {i + 1}",
            images[i],
            {LABELS[file]: each[i].box for file, each in found.items()},
        )
        for i in columns
    ]
    responses = [
        [
            Panel(f"{LABELS[file]}: {each[i].score:.2f}", each[i].response, limits=(0, 1))
            for i in columns
        ]
        for file, each in found.items()
    ]
    output = reproduction.output / "figure3_past_frames"
    return draw_panels([frames, *responses], output, reproduction.provenance([name], [OURS, ALONE]))


if __name__ == "__main__":
    main(make, __doc__ or "")
