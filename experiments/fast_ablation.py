"""What each setting of ``fast`` is worth: AUC, DP and fps without it, on OTB sequences.

    python experiments/fast_ablation.py --data OTB_FOLDER --workers 2

Results are kept: a stopped run resumes. Changes of AUC are those against ``fast`` on the same
sequences, with a paired bootstrap interval of 95 %. fps are of ``crt bench`` on one sequence, after
the evaluation, one variant at a time; on a busy machine they mean nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from crt_plugin.bench.jobs import Job, measure
from crt_plugin.evaluation.run import evaluate
from crt_plugin.evaluation.scores import Score
from crt_plugin.report.bootstrap import paired_difference

PAPER_UPDATES = {
    "loss_threshold": 0.1,
    "stop_loss": 0.02,
    "confidence_threshold": 0.2,
    "update_learning_rate": 5e-9,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "fast": {},
    "one_step": {"search": "joint"},
    "scale_in_every_frame": {"scale_interval": 1},
    "margin_of_5": {"scale_margin": 5},
    "whole_cells": {"subcell": "off"},
    "paper_patch": {"filter_cells": 100.0, "patch_width": 9},
    "paper_updates": PAPER_UPDATES,
}
FILE = """\
from crt_plugin.parameters import load_parameters


def parameters():
    return load_parameters("fast").copy(**{changes!r})
"""


def written(folder: Path, names: list[str]) -> dict[str, Path]:
    """A parameter file for each variant."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}.py" for name in names}
    for name, file in files.items():
        file.write_text(FILE.format(changes=VARIANTS[name]), encoding="utf-8")
    return files


def fps(file: Path, source: Path) -> float:
    """Of one variant, by a process of its own."""
    arguments = {"parameters": str(file), "precision": "auto", "source": str(source), "box": None}
    speed = measure(Job("tracker", 0, {**arguments, "frames": 16, "naive": False}))["fps"]
    return float(speed)


def change(score: Score, fast: Score | None) -> str:
    """AUC against ``fast``, where it is there and another."""
    if fast is None or score is fast:
        return "-"
    return str(paired_difference(score.by_sequence, fast.by_sequence) or "-")


def main() -> None:
    """Run, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--sequences", nargs="+")
    parser.add_argument("--results", type=Path, default=Path("results/fast_ablation"))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--fps-sequence", default="DragonBaby")
    parser.add_argument("--no-fps", action="store_true", help="leave the speed out")
    args = parser.parse_args()

    files = written(args.results / "parameters", args.variants)
    trackers = [f"crt:{file}" for file in files.values()]
    done = evaluate(
        "otb", args.data, trackers, args.results, sequences=args.sequences, workers=args.workers
    )
    scores = {score.tracker.removeprefix("CRT-"): score for score in done.report.scores}
    table = Table("variant", "AUC", "change of AUC", "OS", "DP", "fps", "sequences")
    for name in track(scores, description="fps", disable=args.no_fps):
        score = scores[name]
        speed = "-" if args.no_fps else f"{fps(files[name], args.data / args.fps_sequence):.2f}"
        auc, os, dp = (f"{value:.3f}" for value in (score.auc, score.os, score.dp))
        changed = change(score, scores.get("fast"))
        table.add_row(name, auc, changed, os, dp, speed, str(score.sequences))
    Console().print(table)
    for failure in done.failures:
        Console().print(f"failed: {failure}")
    if done.failures:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
