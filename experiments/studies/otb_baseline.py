"""CRT with several parameter files on the OTB sequences of a folder, through got10k.

    python experiments/studies/otb_baseline.py --data OTB_FOLDER --parameters default hog rgb

Prints success AUC, OS (IoU > 0.5), DP (20 px) and fps of each parameter file, AUC of each
sequence, and the training steps on the first frame. Results are kept: a stopped run resumes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from crt_plugin.benchmark.datasets.part import Part, open_part
from crt_plugin.benchmark.run.evaluate import Options, run_trackers
from crt_plugin.hosts.got10k import GOT10kTracker


def count_training_steps(tracker: GOT10kTracker, part: Part) -> list[int]:
    """Steps of init on each sequence."""
    steps = []
    for files, truth in track(part.experiment.dataset, description=f"init of {tracker.name}"):
        tracker.init(Image.open(files[0]), truth[0])
        steps.append(tracker.tracker.training.steps)
    return steps


def main() -> None:
    """Run, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--parameters", nargs="+", default=["default"])
    parser.add_argument("--sequences", nargs="+")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-steps", action="store_true", help="leave the training steps out")
    args = parser.parse_args()

    results = args.results / f"seed{args.seed}"
    part = open_part("otb", args.data, args.sequences, results)
    trackers = [GOT10kTracker(name, seed=args.seed) for name in args.parameters]
    done = run_trackers(part, trackers, Options())
    console = Console()
    overall = Table("tracker", "AUC", "OS", "DP", "fps", "sequences")
    per_sequence = Table("AUC", *(score.tracker for score in done.report.scores))
    for score in done.report.scores:
        values = (f"{value:.3f}" for value in (score.auc, score.os, score.dp))
        fps = "-" if score.fps is None else f"{score.fps:.2f}"
        overall.add_row(score.tracker, *values, fps, str(score.sequences))
    for name in part.names:
        found = (score.by_sequence.get(name) for score in done.report.scores)
        per_sequence.add_row(name, *("-" if auc is None else f"{auc:.3f}" for auc in found))
    console.print(overall)
    console.print(per_sequence)

    if not args.no_steps:
        steps = np.array([count_training_steps(tracker, part) for tracker in trackers])
        table = Table("training steps", *(tracker.name for tracker in trackers))
        for name, row in zip(part.names, steps.T, strict=True):
            table.add_row(name, *map(str, row))
        console.print(table)
    if failures := [f"failed: {failure}" for failure in done.failures]:
        raise SystemExit("\n".join(failures))


if __name__ == "__main__":
    main()
