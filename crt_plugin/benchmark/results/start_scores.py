"""Scores of the starts of ``protocols``, by target and by kind of start, compared with ope."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping, Sequence
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
from crt_plugin.benchmark.run.starts import SEPARATOR, move_boxes


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
        boxes_alone: as ``against_ope``, of ope's boxes when each is moved or scaled as the start
            was: what a tracker loses that takes the start for the object and tracks it as well.
            None without results of ope, and under TRE.
        targets_of_ope: the targets of these means.
    """

    kind: str
    auc: float
    targets: int
    against_ope: float | None
    boxes_alone: float | None
    targets_of_ope: int


def kind_scores(
    part: StartedPart, score: Score, ope: Score | None = None, moved: Score | None = None
) -> list[KindScore]:
    """Scores of starts in one for each kind of start, in the order of the protocol.

    Args:
        part: that the tracker was run on.
        score: of the starts, as ``score_results`` gives it.
        ope, moved: of the same tracker, see ``ope_scores``.
    """
    ope_auc, moved_auc = ({} if s is None else s.by_sequence for s in (ope, moved))
    found = []
    for kind in part.kinds:
        auc = {n: a for n, a in score.by_sequence.items() if part.starts[n].kind == kind}
        there = [name for name in auc if name in ope_auc]
        if auc:
            found.append(
                KindScore(
                    kind,
                    float(np.mean(list(auc.values()))),
                    len(auc),
                    _mean_change(auc, ope_auc, there),
                    _mean_change(moved_auc, ope_auc, there if moved_auc else []),
                    len(there),
                )
            )
    return found


def _mean_change(
    auc: Mapping[str, float], before: Mapping[str, float], names: Sequence[str]
) -> float | None:
    return float(np.mean([auc[name] - before[name] for name in names])) if names else None


def ope_scores(
    part: StartedPart, names: Sequence[str], is_moved: bool = False
) -> tuple[dict[str, Score], list[str]]:
    """Scores of ope's boxes on the frames of each start; runs nothing.

    Later starts see other frames than the whole sequence has, and are compared with what the
    tracker that started in frame 0 does on the same ones. The boxes are those that the same folder
    of results holds under ope.

    Args:
        part: that the trackers were run on.
        names: of the trackers.
        is_moved: whether each box is moved or scaled as the start was; for SRE.

    Returns:
        Scores of starts by tracker, and a line for each tracker that cannot be compared on all
        targets.
    """
    with tempfile.TemporaryDirectory() as folder:
        experiment = copy.copy(part.experiment)
        experiment.result_dir = str(Path(folder) / "results")
        experiment.report_dir = str(Path(folder) / "reports")
        same_frames = replace(part, experiment=experiment)
        notes = [_cut_ope(part, same_frames, name, is_moved) for name in names]
        scores = score_results(same_frames, names, curves=False).scores
    return {score.tracker: score for score in scores}, [note for note in notes if note]


def _cut_ope(part: StartedPart, to: Part, name: str, is_moved: bool) -> str:
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
            cut = boxes[start.target][start.frame :]
            cut = move_boxes(cut, start.kind) if is_moved else cut
            file.write_text(format_boxes(cut), encoding="utf-8")
    folder = part.whole.experiment.result_dir
    if not boxes:
        return f"{name} is not compared with ope: {folder} holds no results of it"
    if len(boxes) < len(part.targets):
        there = f"{len(boxes)} of {len(part.targets)} targets"
        return f"{name} is compared with ope on {there}, of which {folder} holds results"
    return ""
