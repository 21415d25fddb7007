"""How often a box is right at its score, on results that ``crt evaluate`` has kept.

    python experiments/studies/calibration.py --data OTB --results results/seed0 results/seed1

A logistic function of the peak's logarithm and of the boxes' record (``TrackRecord``, made again
from the frames) is fitted: on all sequences, for the parameter file, and for each sequence on all
others, for the tables. A box is right where IoU > 0.5, and the object lost where it is at most 0.1.
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
from crt_plugin.benchmark.results.layout import ResultFiles, seeds_in
from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.plus.confidence import TrackRecord
from crt_plugin.report.page.player_data import overlap
from crt_plugin.report.statistics.calibration import (
    RIGHT,
    calibration_error,
    fit_score,
    held_out_scores,
    reliability,
)

LOST = 0.1  # IoU
SURE = 0.8  # score

Columns = dict[str, np.ndarray]


def load_scores(data: Path, results: Path, tracker: str) -> tuple[Columns, Columns, Columns]:
    """Evidence (N x 3), score and IoU of each frame but the first, by sequence."""
    part = open_part("otb", data, None, results)
    evidence, scores, overlaps = {}, {}, {}
    sequences = list(zip(part.experiment.dataset, part.names, strict=True))
    for (images, truth), name in track(sequences, f"frames of {tracker}"):
        files = ResultFiles.of(part, tracker, name)
        if files.absent or not files.confidences.is_file():
            continue
        values = np.loadtxt(files.confidences, delimiter=",", ndmin=2)
        boxes = np.loadtxt(files.boxes[0], delimiter=",", ndmin=2)
        iou = overlap(boxes, truth)[1:]
        seen = np.isfinite(iou)  # frames without an annotation are left out
        peaks, scores[name] = values[1:][seen].T
        record = read_record(images, boxes - FIRST_PIXEL)
        evidence[name] = np.column_stack([peaks, record[seen]])
        overlaps[name] = iou[seen]
    return evidence, scores, overlaps


def read_record(images: list[str], boxes: np.ndarray) -> np.ndarray:
    """``TrackRecord.evidence`` of each frame but the first, N x 2; boxes in px from 0."""
    frames = (np.asarray(Image.open(image).convert("RGB")) for image in images)
    record = TrackRecord.of_object(next(frames), boxes[0])
    found = []
    for frame, before, box in zip(frames, boxes[:-1], boxes[1:], strict=True):
        record.add(frame, box, before)
        found.append(record.evidence)
    return np.array(found)


def make_table(title: str, scores: np.ndarray, iou: np.ndarray) -> Table:
    """Bins of the score, and below them the lost frames."""
    found = reliability(scores, iou > RIGHT)
    table = Table("score", "frames", "mean score", "IoU > 0.5", title=title)
    for each in found:
        bounds = f"{each.low:.1f} to {each.high:.1f}"
        table.add_row(bounds, str(each.frames), f"{each.score:.2f}", f"{each.right:.2f}")
    table.caption = f"mean distance of the last two columns: {calibration_error(found):.3f}"
    lost = scores[iou <= LOST]
    if len(lost):
        table.caption += (
            f"\n{len(lost)} lost frames: mean score {lost.mean():.2f}, "
            f"{(lost > SURE).mean():.0%} above {SURE}"
        )
    return table


def main() -> None:
    """Fit, then print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--results", type=Path, nargs="+", required=True, help="one or more seeds")
    parser.add_argument("--tracker", default="CRT-light")
    args = parser.parse_args()

    columns: tuple[Columns, Columns, Columns] = {}, {}, {}
    for data in args.data:
        for results in args.results:
            for tracker in seeds_in(results / "OTB2015", args.tracker):
                for column, found in zip(columns, load_scores(data, results, tracker), strict=True):
                    for name, values in found.items():
                        before = column.get(name, values[:0])
                        column[name] = np.concatenate([before, values])
    evidence, scores, overlaps = columns
    console = Console()
    if len(evidence) < 2:
        console.print(
            f"{len(evidence)} sequences with scores of {args.tracker}; expected two or more"
        )
        raise SystemExit(1)
    right = {name: iou > RIGHT for name, iou in overlaps.items()}
    weights = np.concatenate([np.full(len(each), 100.0 / len(each)) for each in right.values()])
    tables = (evidence, right, scores, overlaps)
    all_evidence, all_right, all_scores, all_overlaps = (
        np.concatenate(list(each.values())) for each in tables
    )
    fit = fit_score(all_evidence, all_right, weights)
    names = ("exponent", "midpoint", "shape_weight", "color_weight")
    console.print(", ".join(f"score_{n} = {getattr(fit, f'score_{n}'):.3g}" for n in names))
    out = np.concatenate(list(held_out_scores(evidence, right).values()))
    console.print(make_table("fitted on all other sequences", out, all_overlaps))
    console.print(make_table("as kept", all_scores, all_overlaps))


if __name__ == "__main__":
    main()
