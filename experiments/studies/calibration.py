"""How often a box is right at its score, on results that ``crt evaluate`` has kept.

    python experiments/studies/calibration.py --data OTB --results results/seed0 results/seed1

A logistic function of the peaks' logarithm is fitted: on all sequences, for the parameter file, and
for each sequence on all others, for the tables. A box is right where IoU > 0.5, and the object lost
where it is at most 0.1.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.results.layout import ResultFiles, trackers_in
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
    """Peak, score and IoU of each frame but the first, by sequence."""
    part = open_part("otb", data, None, results)
    peaks, scores, overlaps = {}, {}, {}
    for (_, truth), name in zip(part.experiment.dataset, part.names, strict=True):
        files = ResultFiles.of(part, tracker, name)
        if files.absent or not files.confidences.is_file():
            continue
        values = np.loadtxt(files.confidences, delimiter=",", ndmin=2)
        boxes = np.loadtxt(files.boxes[0], delimiter=",", ndmin=2)
        iou = overlap(boxes, truth)[1:]
        seen = np.isfinite(iou)  # frames without an annotation are left out
        peaks[name], scores[name] = values[1:][seen].T
        overlaps[name] = iou[seen]
    return peaks, scores, overlaps


def find_names(results: Path, tracker: str) -> list[str]:
    """The tracker's names in a folder of results: its own, and those with a seed."""
    pattern = re.escape(tracker) + r"(-seed\d+)?"
    return [name for name in trackers_in(results / "OTB2015") if re.fullmatch(pattern, name)]


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
            for tracker in find_names(results, args.tracker):
                for column, found in zip(columns, load_scores(data, results, tracker), strict=True):
                    for name, values in found.items():
                        before = column.get(name, values[:0])
                        column[name] = np.concatenate([before, values])
    peaks, scores, overlaps = columns
    console = Console()
    if len(peaks) < 2:
        console.print(f"{len(peaks)} sequences with scores of {args.tracker}; expected two or more")
        raise SystemExit(1)
    right = {name: iou > RIGHT for name, iou in overlaps.items()}
    weights = np.concatenate([np.full(len(each), 100.0 / len(each)) for each in peaks.values()])
    everything = (np.concatenate(list(each.values())) for each in (peaks, right, scores, overlaps))
    all_peaks, all_right, all_scores, all_overlaps = everything
    fit = fit_score(all_peaks, all_right, weights)
    console.print(
        f"score_exponent = {fit.score_exponent:.2f}, score_midpoint = {fit.score_midpoint:.3f}"
    )
    out = np.concatenate(list(held_out_scores(peaks, right).values()))
    console.print(make_table("fitted on all other sequences", out, all_overlaps))
    console.print(make_table("as kept", all_scores, all_overlaps))


if __name__ == "__main__":
    main()
