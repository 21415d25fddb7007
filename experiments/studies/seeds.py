"""Parameter files over several seeds on OTB sequences: AUC, OS and DP of each, and their mean.

    python experiments/studies/seeds.py --data OTB_FOLDER --parameters default fast --workers 2

The seed sets the filter's first values. Results are kept: a stopped run resumes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from crt_plugin.benchmark.run.evaluate import evaluate_seeds


def main() -> None:
    """Run, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--parameters", nargs="+", default=["default", "fast"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--sequences", nargs="+")
    parser.add_argument("--results", type=Path, default=Path("results/seeds"))
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()

    options = {"sequences": args.sequences, "workers": args.workers}
    runs = evaluate_seeds([args.data], args.parameters, args.results, args.seeds, **options)
    console = Console()
    for scores in zip(*(run.report.scores for run in runs), strict=True):  # of one tracker
        table = Table(scores[0].tracker, *(f"seed {seed}" for seed in args.seeds), "mean")
        rows = {
            "AUC": [score.auc for score in scores],
            "OS": [score.os for score in scores],
            "DP": [score.dp for score in scores],
        }
        for name in scores[0].by_sequence:
            rows[f"AUC, {name}"] = [score.by_sequence[name] for score in scores]
        for name, values in rows.items():
            table.add_row(name, *(f"{value:.3f}" for value in [*values, np.mean(values)]))
        console.print(table)
    if failures := [f"failed: {failure}" for run in runs for failure in run.failures]:
        raise SystemExit("\n".join(failures))


if __name__ == "__main__":
    main()
