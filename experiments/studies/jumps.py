"""What the search of the whole frame is worth: OTB sequences whose camera jumps aside once.

    python experiments/studies/jumps.py --data OTB_FOLDER --sequences Deer Crossing Football1

From the middle of a sequence on, all frames are rolled sideways by half of their width (or a third,
where that would cut the object), so that the object is suddenly elsewhere. Printed are the mean IoU
before the jump and from frame 20 to 45 after it, with the search and without it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.hosts.got10k.toolkit import rect_iou
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.plus.tracker import CRTTracker

SETTLED, LAST = 20, 45  # frames after the jump
SHARES = (1 / 2, 1 / 3, 2 / 3)  # of the width


def choose_shift(boxes: np.ndarray, width: int) -> int | None:
    """Pixels to roll by so that no box (0-based) is cut; None if each share would cut one."""
    for share in SHARES:
        left = (boxes[:, 0] + round(share * width)) % width
        if (left + boxes[:, 2] <= width).all():
            return round(share * width)
    return None


def measure_overlaps(
    params: Parameters, files: list[str], truth: np.ndarray, middle: int, shift: int
) -> list[float]:
    """Mean IoU before the jump, and after it."""
    tracker = CRTTracker(params)
    boxes = []
    for index, file in enumerate(files):
        frame = np.asarray(Image.open(file).convert("RGB"))
        if index >= middle:
            frame = np.roll(frame, shift, axis=1)
        if index == 0:
            tracker.init(frame, truth[0])
        else:
            tracker.update(frame)
        boxes.append(tracker.last.box)
    iou = rect_iou(np.array(boxes), truth)
    return [float(iou[1:middle].mean()), float(iou[middle + SETTLED :].mean())]


def main() -> None:
    """Run, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sequences", nargs="+")
    parser.add_argument("--parameters", default="light")
    args = parser.parse_args()

    part = open_part("otb", args.data, args.sequences)
    params = load_parameters(args.parameters)
    variants = {"with search": params, "without": params.copy(lost_score=None)}
    table = Table("sequence", "jump, px", *(f"{v}: before, after" for v in variants))
    found: dict[str, list[list[float]]] = {name: [] for name in variants}
    sequences = zip(part.names, part.experiment.dataset, strict=True)
    for name, (files, truth) in track(list(sequences), description="jumps"):
        middle = len(files) // 2
        files, truth = files[: middle + LAST], truth[: middle + LAST] - FIRST_PIXEL
        width = Image.open(files[0]).width
        shift = choose_shift(truth[middle:], width)
        if shift is None:
            table.add_row(name, "would cut it", "-", "-")
            continue
        truth = truth.copy()
        truth[middle:, 0] = (truth[middle:, 0] + shift) % width
        for variant, changed in variants.items():
            found[variant].append(measure_overlaps(changed, files, truth, middle, shift))
        cells = [f"{values[-1][0]:.2f}, {values[-1][1]:.2f}" for values in found.values()]
        table.add_row(name, str(shift), *cells)
    means = [np.mean(values, axis=0) for values in found.values() if values]
    table.add_row("mean", "", *(f"{before:.2f}, {after:.2f}" for before, after in means))
    Console().print(table)


if __name__ == "__main__":
    main()
