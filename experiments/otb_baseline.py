"""CRT with several parameter files on the OTB sequences of a folder, through got10k.

    python experiments/otb_baseline.py --data OTB_FOLDER --parameters default hog rgb

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

from crt_plugin.hosts.got10k import GOT10kTracker, OTBSubset


def training_steps(tracker: GOT10kTracker, experiment: OTBSubset) -> list[int]:
    """Steps of init on each sequence."""
    steps = []
    for files, truth in track(experiment.dataset, description=f"init of {tracker.name}"):
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

    experiment = OTBSubset(
        args.data,
        sequences=args.sequences,
        result_dir=args.results / f"seed{args.seed}",
        report_dir=args.results / f"seed{args.seed}" / "reports",
    )
    trackers = [GOT10kTracker(name, seed=args.seed) for name in args.parameters]
    for tracker in trackers:
        experiment.run(tracker)
    performance = experiment.report([tracker.name for tracker in trackers])

    overall = Table("tracker", "AUC", "OS", "DP", "fps")
    per_sequence = Table("AUC", *(tracker.name for tracker in trackers))
    for tracker in trackers:
        mean = performance[tracker.name]["overall"]
        values = [mean[key] for key in ("success_score", "success_rate", "precision_score")]
        overall.add_row(
            tracker.name, *(f"{value:.3f}" for value in values), f"{mean['speed_fps']:.2f}"
        )
    for name in experiment.dataset.seq_names:
        scores = [performance[t.name]["seq_wise"][name]["success_score"] for t in trackers]
        per_sequence.add_row(name, *(f"{score:.3f}" for score in scores))
    console = Console()
    console.print(overall)
    console.print(per_sequence)

    if not args.no_steps:
        steps = np.array([training_steps(tracker, experiment) for tracker in trackers])
        table = Table("training steps", *(tracker.name for tracker in trackers))
        for name, row in zip(experiment.dataset.seq_names, steps.T, strict=True):
            table.add_row(name, *map(str, row))
        console.print(table)


if __name__ == "__main__":
    main()
