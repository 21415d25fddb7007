"""CRT with several parameter files on the OTB sequences of a folder, through got10k.

    python experiments/otb_baseline.py --data OTB_FOLDER --parameters default hog rgb

Prints success AUC, OS (IoU > 0.5), DP (20 px) and fps of each parameter file, AUC of each
sequence, and the training steps on the first frame. Results are kept: a stopped run resumes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from crt_plugin.evaluation.datasets import Part
from crt_plugin.evaluation.run import evaluate
from crt_plugin.evaluation.scores import Score
from crt_plugin.hosts.got10k import GOT10kTracker


def training_steps(part: Part, parameters: str) -> dict[str, int]:
    """Steps of init on each sequence."""
    tracker = GOT10kTracker(parameters)
    steps = {}
    sequences = zip(part.names, part.experiment.dataset, strict=True)
    for name, (files, truth) in track(list(sequences), description=f"init of {tracker.name}"):
        tracker.init(Image.open(files[0]), truth[0])
        steps[name] = tracker.tracker.training.steps
    return steps


def tables(part: Part, scores: list[Score], steps: list[dict[str, int]]) -> list[Table]:
    """Means; AUC of each sequence; training steps where they were asked for."""
    overall = Table("tracker", "AUC", "OS", "DP", "fps")
    for s in scores:
        fps = f"{s.fps:.2f}" if s.fps else "-"
        overall.add_row(s.tracker, *(f"{value:.3f}" for value in (s.auc, s.os, s.dp)), fps)
    per_sequence = Table("AUC", *(s.tracker for s in scores))
    for name in part.names:
        aucs = [s.by_sequence.get(name) for s in scores]
        per_sequence.add_row(name, *("-" if auc is None else f"{auc:.3f}" for auc in aucs))
    if not steps:
        return [overall, per_sequence]
    first_frame = Table("training steps", *(s.tracker for s in scores))
    for name in part.names:
        first_frame.add_row(name, *(str(column[name]) for column in steps))
    return [overall, per_sequence, first_frame]


def main() -> None:
    """Run, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--parameters", nargs="+", default=["default"])
    parser.add_argument("--sequences", nargs="+")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--no-steps", action="store_true", help="leave the training steps out")
    args = parser.parse_args()

    trackers = [f"crt:{name}" for name in args.parameters]
    done = evaluate("otb", args.data, trackers, args.results, sequences=args.sequences)
    steps = [] if args.no_steps else [training_steps(done.part, p) for p in args.parameters]
    console = Console()
    console.print(str(done.part))
    for table in tables(done.part, done.report.scores, steps):
        console.print(table)
    if done.failures:
        raise SystemExit("\n".join(map(str, done.failures)))


if __name__ == "__main__":
    main()
