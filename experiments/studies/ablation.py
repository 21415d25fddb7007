"""What each setting of a parameter file is worth, and a choice among them, on OTB sequences.

    python experiments/studies/ablation.py --of light --data OTB_FOLDER --folds 5 --workers 2

Results are kept: a stopped run resumes. Values are means over seeds. Where the seed plays no part,
as in ``light``, ``--frame-noise 0.01 --seeds 0 1 2`` lets it draw noise for the frames, so that
what one run has by rounding is not taken for the worth of a setting. Changes, below the values,
are those against the file itself, or ``--against`` a variant, on the same sequences, with a paired
bootstrap interval of 95 % over sequences. fps are of ``crt bench`` on one sequence, after the
evaluation, one variant at a time; on a busy machine they mean nothing. Last, the AUC of choosing
among the variants by cross-validation: each fold has the variant that is best on all other folds.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from crt_plugin.bench.measure import Measurement, measure
from crt_plugin.benchmark.results.scores import Score
from crt_plugin.benchmark.run.evaluate import Evaluation, evaluate_seeds
from crt_plugin.errors import ParameterError
from crt_plugin.parameters import load_parameters
from crt_plugin.report.statistics.bootstrap import paired_difference, show_value
from crt_plugin.report.statistics.cross_validation import cross_validate

PAPER_UPDATES = {
    "loss_threshold": 0.1,
    "stop_loss": 0.02,
    "confidence_threshold": 0.2,
    "update_learning_rate": 5e-9,
}
_release = load_parameters("reference_2018")
RELEASE_UPDATES = {name: getattr(_release, name) for name in PAPER_UPDATES}
NO_GATE = {"confidence_threshold": 0.0}
NO_MINING = {"loss_threshold": 0.0, "loss_exponent": 0.0}
SAME_FIT = NO_MINING | {"stop_loss": load_parameters("no_mining_same_fit").stop_loss}
Changes = dict[str, Any]
VARIANTS: dict[str, dict[str, Changes]] = {
    # the gate is the published code's, the paper has none
    "default": {
        "no_gate": NO_GATE,
        "no_mining": NO_MINING,
        "no_mining_same_fit": SAME_FIT,
        "neither": NO_GATE | NO_MINING,
    },
    "hog": {
        "no_gate": NO_GATE,
        "std_of_50": {"feature_std": 50.0},
        "std_of_100": {"feature_std": 100.0},
        "std_of_400": {"feature_std": 400.0},
        "with_rgb": {"features": "hog+rgb"},
        "release_updates": RELEASE_UPDATES,
    },
    "vgg_conv2": {
        "no_gate": NO_GATE,
        "no_mining": NO_MINING,
        "no_mining_same_fit": SAME_FIT,
        "neither": NO_GATE | NO_MINING,
    },
    "fast": {
        "one_step": {"search": "joint"},
        "scale_in_every_frame": {"scale_interval": 1},
        "margin_of_5": {"scale_margin": 5},
        "whole_cells": {"subcell": "off"},
        "paper_patch": {"filter_cells": 100.0, "patch_width": 9},
        "paper_updates": PAPER_UPDATES,
    },
    "light": {
        "dilation": {"mobilenet_density": "dilation"},
        "blocks_6_10_13": {"mobilenet_blocks": "6+10+13"},
        "cells_49": {"filter_cells": 49.0},
        "no_window": {"filter_window": None},
        "window_of_0.6": {"filter_window": 0.6},
        "last_frames": {"history_ages": None},
        "fewer_samples": {"history_ages": "0+4+16+64"},
        "pose_in_doubt": {"pose_threshold": 0.08},
        "all_channels": {"pca_channels": 128},
        "cells_81": {"filter_cells": 81.0, "pca_channels": 128},
        "motion_of_0.9": {"motion_sigma": 0.9},
        "slower_updates": {"update_learning_rate": 1e-8},
        "faster_updates": {"update_learning_rate": 4e-8},
        "wider_labels": {"label_sigma": 0.13},
        "longer_training": {"stop_loss": 0.005},
        "more_steps": {"update_steps": 6},
    },
    "plus": {
        "alone": {"ensemble": None},
        "with_hog": {"ensemble": "hog"},
        "with_plus_vgg": {"ensemble": "plus_vgg"},
    },
    "plus_vgg": {
        "one_layer": {"vgg_shallow_layer": None, "network_std": None},
        "no_angle": {"rotation_step": None},
        "free_angle": {"rotation_penalty": 0.0},
        "whole_steps": {"pose_refinement": "off"},
        "no_gate": NO_GATE,
        "pose_in_doubt": {"pose_threshold": 0.0},
        "no_search": {"lost_score": None},
        "paper_errors": {"loss_threshold": 0.1, "stop_loss": 0.02},
        "slower_updates": {"update_learning_rate": 1e-8},
        "scale_in_every_second_frame": {"scale_interval": 2},
    },
}
FILE = """\
from crt_plugin.parameters import load_parameters


def parameters():
    return load_parameters({of!r}).copy(**{changes!r})
"""


def write_variants(
    folder: Path, of: str, names: list[str], frame_noise: float = 0.0
) -> dict[str, Path]:
    """A parameter file for each variant, the file itself among them."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}.py" for name in names}
    for name, file in files.items():
        changes = VARIANTS[of].get(name, {}) | {"frame_noise": frame_noise}
        file.write_text(FILE.format(of=of, changes=changes), encoding="utf-8")
    return files


def measure_fps(file: Path, source: Path) -> float:
    """Of one variant, by a process of its own."""
    arguments = {"parameters": str(file), "precision": "auto", "source": str(source), "box": None}
    speed = measure(Measurement("tracker", 0, {**arguments, "frames": 16, "naive": False}))["fps"]
    return float(speed)


def average_over_seeds(runs: list[Evaluation]) -> dict[str, dict[str, np.ndarray]]:
    """AUC, OS and DP of each variant and sequence, mean over seeds; one run for data and seed."""
    found: dict[str, dict[str, list[list[float]]]] = {}
    scores: list[Score] = [score for run in runs for score in run.report.scores]
    for score in scores:
        variant = re.sub(r"^CRT-|-seed\d+$", "", score.tracker)
        sequences = found.setdefault(variant, {})
        for name, each in score.each.items():
            sequences.setdefault(name, []).append([each.auc, each.os, each.dp or 0.0])
    return {
        variant: {name: np.mean(values, axis=0) for name, values in sequences.items()}
        for variant, sequences in found.items()
    }


def show_held_out(
    auc: dict[str, dict[str, float]], of: str, folds: int | None, console: Console
) -> None:
    """What choosing among the variants is worth; for one sequence there is nothing to leave out."""
    try:
        result = cross_validate(auc, folds)
    except ParameterError as error:
        console.print(f"not cross-validated: {error}")
        return
    console.print(f"best of all: {result.best}, AUC {result.tuned:.3f}; held out {result.mean:.3f}")
    console.print(f"held out against {of}: {paired_difference(result.held_out, auc[of])}")
    console.print("chosen without: " + ", ".join(f"{s} {v}" for s, v in result.chosen.items()))


def main() -> None:
    """Run, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--of", default="light", choices=VARIANTS)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--variants", nargs="*", help="without it all; without a name none")
    parser.add_argument("--against", help="one of them; without it the file itself")
    parser.add_argument("--sequences", nargs="+")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--frame-noise", type=float, default=0.0, help="fraction of the pixels")
    parser.add_argument("--results", type=Path, default=Path("results/ablation"))
    parser.add_argument("--folds", type=int, help="without it one for each sequence")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--scheduler", help="of Dask, whose workers share the sequences")
    parser.add_argument("--fps-sequence", default="DragonBaby")
    parser.add_argument("--no-fps", action="store_true", help="leave the speed out")
    args = parser.parse_args()
    chosen = list(VARIANTS[args.of]) if args.variants is None else args.variants
    if unknown := set(chosen) - set(VARIANTS[args.of]):
        parser.error(f"no variants of {args.of}: {', '.join(sorted(unknown))}")
    names = [args.of, *chosen]
    base = args.against or args.of
    if base not in names:
        parser.error(f"--against {base}; expected one of {', '.join(names)}")

    files = write_variants(args.results / "parameters", args.of, names, args.frame_noise)
    options = {name: getattr(args, name) for name in ("sequences", "workers", "scheduler")}
    runs = evaluate_seeds(args.data, list(files.values()), args.results, args.seeds, **options)
    scores = average_over_seeds(runs)
    metrics = [
        {
            variant: {name: float(values[column]) for name, values in sequences.items()}
            for variant, sequences in scores.items()
        }
        for column in range(3)
    ]
    table = Table("variant", "AUC", "OS", "DP", "fps")
    for name in track(names, description="fps", disable=args.no_fps):
        source = args.data[0] / args.fps_sequence
        speed = "-" if args.no_fps else f"{measure_fps(files[name], source):.2f}"
        shown = [show_value(each[name], each[base] if name != base else None) for each in metrics]
        table.add_row(name, *shown, speed)
    console = Console()
    console.print(table)
    show_held_out(metrics[0], base, args.folds, console)
    if failures := [f"failed: {failure}" for run in runs for failure in run.failures]:
        raise SystemExit("\n".join(failures))


if __name__ == "__main__":
    main()
