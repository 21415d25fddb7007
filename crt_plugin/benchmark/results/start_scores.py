"""Scores of the starts of ``protocols``, by target and by kind of start, compared with ope."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from crt_plugin.benchmark.datasets.part import Part
from crt_plugin.benchmark.results.layout import ResultFiles, format_boxes
from crt_plugin.benchmark.results.manifest import manifests_differ
from crt_plugin.benchmark.results.scores import (
    Score,
    SequenceScore,
    average,
    mean_score,
    score_results,
)
from crt_plugin.benchmark.run.protocols import StartedPart
from crt_plugin.benchmark.run.starts import SEPARATOR


def target_scores(score: Score) -> Score:
    """Scores of starts, as ``score_results`` gives them, in one for each target.

    A target's is the mean over its starts, of equal weight each, and the tracker's the mean over
    targets. (Under TRE the toolkit takes a target's frames of all starts together, so that early
    starts, which are longer, weigh more; under SRE that is the same.)
    """
    groups: dict[str, list[SequenceScore]] = {}
    for name, start in score.each.items():
        groups.setdefault(name.rpartition(SEPARATOR)[0], []).append(start)
    each = {target: mean_score(starts) for target, starts in groups.items()}
    return average(score.tracker, each)


@dataclass(frozen=True)
class KindScore:
    """One tracker from one kind of start.

    Attributes:
        kind: see ``Start``.
        auc: mean over targets.
        targets: how many.
        against_ope: mean over targets of AUC minus that of ope's boxes on the same frames; below 0
            where the start costs something. None without results of ope.
        targets_of_ope: the targets of that mean.
    """

    kind: str
    auc: float
    targets: int
    against_ope: float | None
    targets_of_ope: int


def kind_scores(part: StartedPart, score: Score, ope: Score | None = None) -> list[KindScore]:
    """Scores of starts in one for each kind of start, in the order of the protocol.

    Args:
        part: that the tracker was run on.
        score: of the starts, as ``score_results`` gives it.
        ope: of the same tracker, see ``ope_scores``.
    """
    ope_auc = {} if ope is None else ope.by_sequence
    found = []
    for kind in part.kinds:
        auc = {n: a for n, a in score.by_sequence.items() if part.starts[n].kind == kind}
        changes = [value - ope_auc[name] for name, value in auc.items() if name in ope_auc]
        if auc:
            change = float(np.mean(changes)) if changes else None
            found.append(
                KindScore(kind, float(np.mean(list(auc.values()))), len(auc), change, len(changes))
            )
    return found


def ope_scores(part: StartedPart, names: Sequence[str]) -> tuple[dict[str, Score], list[str]]:
    """Scores of ope's boxes on the frames of each start; runs nothing.

    Later starts see other frames than the whole sequence has, and are compared with what the
    tracker that started in frame 0 does on the same ones. The boxes are those that the same folder
    of results holds under ope.

    Returns:
        Scores of starts by tracker, and a line for each tracker that cannot be compared on all
        targets.
    """
    with tempfile.TemporaryDirectory() as folder:
        experiment = copy.copy(part.experiment)
        experiment.result_dir = str(Path(folder) / "results")
        experiment.report_dir = str(Path(folder) / "reports")
        same_frames = replace(part, experiment=experiment)
        notes = [_cut_ope(part, same_frames, name) for name in names]
        scores = score_results(same_frames, names, curves=False).scores
    return {score.tracker: score for score in scores}, [note for note in notes if note]


def _cut_ope(part: StartedPart, to: Part, name: str) -> str:
    """Write ope's boxes on the frames of each start; say what is missing."""
    if manifests_differ(part, part.whole, name):
        return f"{name} is not compared with ope, whose results are of other settings"
    boxes = {}
    for target in part.targets:
        files = ResultFiles.of(part.whole, name, target)
        if not files.absent and not files.problem():
            boxes[target] = np.loadtxt(files.boxes[0], delimiter=",")
    for start in map(part.starts.__getitem__, part.names):
        if start.target in boxes:
            file = ResultFiles.of(to, name, start.name).boxes[0]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(format_boxes(boxes[start.target][start.frame :]), encoding="utf-8")
    folder = part.whole.experiment.result_dir
    if not boxes:
        return f"{name} is not compared with ope: {folder} holds no results of it"
    if len(boxes) < len(part.targets):
        there = f"{len(boxes)} of {len(part.targets)} targets"
        return f"{name} is compared with ope on {there}, of which {folder} holds results"
    return ""
