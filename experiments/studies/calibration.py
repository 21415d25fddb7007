"""How often a box is right at its score, on results that ``crt evaluate`` has kept.

    python experiments/studies/calibration.py --data OTB --results results/seed0 results/seed1

Peaks are fitted by a logistic function: on all sequences, for the parameter file, and for each
sequence on all others, for the table. A box is right where IoU > 0.5.
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
    Bin,
    calibration_error,
    fit_score,
    held_out_scores,
    reliability,
)

Columns = dict[str, np.ndarray]


def load_scores(data: Path, results: Path, tracker: str) -> tuple[Columns, Columns, Columns]:
    """Peak, score, and whether the box is right, of each frame but the first, by sequence."""
    part = open_part("otb", data, None, results)
    peaks, scores, right = {}, {}, {}
    for (_, truth), name in zip(part.experiment.dataset, part.names, strict=True):
        files = ResultFiles.of(part, tracker, name)
        if files.absent or not files.confidences.is_file():
            continue
        values = np.loadtxt(files.confidences, delimiter=",", ndmin=2)
        boxes = np.loadtxt(files.boxes[0], delimiter=",", ndmin=2)
        iou = overlap(boxes, truth)[1:]
        seen = np.isfinite(iou)  # frames without an annotation are left out
        peaks[name], scores[name] = values[1:][seen].T
        right[name] = iou[seen] > RIGHT
    return peaks, scores, right


def find_names(results: Path, tracker: str) -> list[str]:
    """The tracker's names in a folder of results: its own, and those with a seed."""
    pattern = re.escape(tracker) + r"(-seed\d+)?"
    return [name for name in trackers_in(results / "OTB2015") if re.fullmatch(pattern, name)]


def make_table(title: str, found: list[Bin]) -> Table:
    """A table of bins."""
    table = Table("score", "frames", "mean score", "IoU > 0.5", title=title)
    for each in found:
        bounds = f"{each.low:.1f} to {each.high:.1f}"
        table.add_row(bounds, str(each.frames), f"{each.score:.2f}", f"{each.right:.2f}")
    table.caption = f"mean distance of the last two columns: {calibration_error(found):.3f}"
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
    peaks, scores, right = columns
    console = Console()
    if len(peaks) < 2:
        console.print(f"{len(peaks)} sequences with scores of {args.tracker}; expected two or more")
        raise SystemExit(1)
    whole = np.concatenate(list(right.values()))
    weights = np.concatenate([np.full(len(each), 100.0 / len(each)) for each in peaks.values()])
    params = fit_score(np.concatenate(list(peaks.values())), whole, weights)
    console.print(
        f"score_slope = {params.score_slope:.2f}, score_midpoint = {params.score_midpoint:.3f}"
    )
    out = np.concatenate(list(held_out_scores(peaks, right).values()))
    console.print(make_table("fitted on all other sequences", reliability(out, whole)))
    console.print(make_table("as kept", reliability(np.concatenate(list(scores.values())), whole)))


if __name__ == "__main__":
    main()
