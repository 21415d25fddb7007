"""The mean box of several trackers that agree, from results that were kept: no frame is read.

    crt results import results --to raw --groundtruth otb100-groundtruth.zip
    python experiments/studies/consensus.py --results raw --groundtruth otb100-groundtruth.zip \\
        --lead CRT-light --others CRT-hog CRT-plus_vgg --folds 5

In each frame the box is the mean of the lead's and those of the others that overlap it (IoU of at
least 0.4), the others weighted. The trackers do not see it: each goes on from its own box. Every
set of others is tried with every weight. Of a lead with several seeds, each in a folder of its
own, values are means over seeds; the others are read from the first folder. Changes, below the
values, are those against the lead alone, with a paired bootstrap interval of 95 % over sequences.
Last, what choosing by cross-validation is worth.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from crt_plugin.benchmark.datasets.part import Part
from crt_plugin.benchmark.results.importing.published import published_part
from crt_plugin.benchmark.results.layout import ResultFiles, seeds_in
from crt_plugin.benchmark.results.scores import score_results
from crt_plugin.formats.boxes import Boxes
from crt_plugin.plus.ensemble import average_boxes
from crt_plugin.report.statistics.bootstrap import paired_difference, show_value
from crt_plugin.report.statistics.cross_validation import cross_validate

WEIGHTS = (0.3, 0.5, 0.7, 1.0)  # of each of the others, against 1 of the lead
METRICS = ("auc", "os", "dp")


def read_boxes(part: Part, tracker: str) -> dict[str, Boxes]:
    """Boxes of the sequences of which there is a whole result."""
    files = {name: ResultFiles.of(part, tracker, name) for name in part.names}
    return {
        name: np.loadtxt(each.boxes[0], delimiter=",", ndmin=2)
        for name, each in files.items()
        if not (each.absent or each.damage())
    }


def list_candidates(others: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...], float]]:
    """Name, others and weight of each; the first is the lead alone."""
    yield "lead alone", (), 0.0
    for count in range(1, len(others) + 1):
        for some in combinations(others, count):
            for weight in WEIGHTS:
                yield f"{' + '.join(some)}, {weight:g}", some, weight


def score_boxes(groundtruth: Path, boxes: dict[str, Boxes]) -> dict[str, tuple[float, ...]]:
    """AUC, OS and DP of each sequence, by the host."""
    with tempfile.TemporaryDirectory() as folder:
        part = published_part(folder, groundtruth)
        for name, rows in boxes.items():
            file = ResultFiles.of(part, "consensus", name).boxes[0]
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savetxt(file, rows, "%.3f", ",")
        score = score_results(part, ["consensus"], curves=False).scores[0]
    return {name: tuple(getattr(e, m) or 0.0 for m in METRICS) for name, e in score.each.items()}


def main() -> None:
    """Score, then print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--results", type=Path, nargs="+", required=True, help="one or more seeds")
    parser.add_argument("--groundtruth", type=Path, required=True)
    parser.add_argument("--lead", default="CRT-light")
    parser.add_argument("--others", nargs="+", default=["CRT-hog", "CRT-plus_vgg"])
    parser.add_argument("--folds", type=int, help="without it one for each sequence")
    args = parser.parse_args()

    parts = {folder: published_part(folder, args.groundtruth) for folder in args.results}
    leads = [
        read_boxes(part, name)
        for folder, part in parts.items()
        for name in seeds_in(folder / part.benchmark.folder, args.lead)
    ]
    others = {name: read_boxes(parts[args.results[0]], name) for name in args.others}
    common = sorted(set.intersection(*map(set, (*leads, *others.values()))))
    if not leads or len(common) < 2:
        raise SystemExit(
            f"{len(leads)} runs of {args.lead}, and {len(common)} sequences that all of "
            f"{', '.join(others)} have too; expected a run, and two sequences or more"
        )
    candidates = list(list_candidates(args.others))
    scores: dict[str, dict[str, np.ndarray]] = {}
    for name, some, weight in track(candidates, "scoring"):
        runs = [
            score_boxes(
                args.groundtruth,
                {s: average_boxes(lead[s], [others[o][s] for o in some], weight) for s in common},
            )
            for lead in leads
        ]
        scores[name] = {s: np.mean([run[s] for run in runs], axis=0) for s in common}
    console = Console()
    console.print(show_table(scores, f"{args.lead}, {len(leads)} runs, {len(common)} sequences"))
    auc = {name: {s: float(v[0]) for s, v in each.items()} for name, each in scores.items()}
    result = cross_validate(auc, args.folds)
    console.print(f"best of all: {result.best}, AUC {result.tuned:.3f}; held out {result.mean:.3f}")
    change = paired_difference(result.held_out, auc["lead alone"])
    console.print(f"held out against the lead alone: {change}")
    counts = {name: list(result.chosen.values()).count(name) for name in scores}
    console.print("chosen for: " + ", ".join(f"{n} {c}" for n, c in counts.items() if c))


def show_table(scores: dict[str, dict[str, np.ndarray]], title: str) -> Table:
    """Mean over sequences of each metric, and its change."""
    table = Table("others, weight", "AUC", "OS", "DP", title=title)
    base = scores["lead alone"]
    for name, each in scores.items():
        columns = [
            [{s: float(v[column]) for s, v in some.items()} for some in (each, base)]
            for column in range(len(METRICS))
        ]
        cells = [show_value(values, None if each is base else old) for values, old in columns]
        table.add_row(name, *cells)
    return table


if __name__ == "__main__":
    main()
