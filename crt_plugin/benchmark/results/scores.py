"""Scores of result files: the host's report, read out.

AUC is the mean of the success curve, OS the success rate at IoU > 0.5, DP the fraction of frames
whose centre is off by 20 px at most, NP the mean of the curve of normalised precision, fps the mean
over frames of one over the time. OTB and its kin are means over sequences, GOT-10k over frames.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from crt_plugin.benchmark.agreement import PRECISION_PIXELS
from crt_plugin.benchmark.datasets.part import Part
from crt_plugin.benchmark.results.layout import ResultFiles
from crt_plugin.formats.groundtruth import read_flags
from crt_plugin.hosts.got10k.toolkit import center_error, quiet
from crt_plugin.runtime.atomic import make_scratch_folder, move_files
from crt_plugin.runtime.progress import open_console


@dataclass(frozen=True)
class SequenceScore:
    """One tracker on one sequence.

    Attributes:
        auc, os, fps: see ``Score``.
        dp: fraction of centres within 20 px.
        success: fraction of IoU above 0, 0.05, ..., 1; on GOT-10k above 0, 0.01, ..., 1.
        precision: fraction of centres within 0, 1, ..., 50 px.
        normalised: see ``Score``.

    On GOT-10k the host gives neither dp nor the precision of single sequences: they are None.
    """

    auc: float
    os: float
    dp: float | None
    fps: float | None
    success: NDArray[np.float64] | None = None
    precision: NDArray[np.float64] | None = None
    normalised: float | None = None

    @property
    def os75(self) -> float | None:
        """Fraction of IoU above 0.75."""
        return None if self.success is None else success_at_75(self.success)


@dataclass(frozen=True)
class Score:
    """Means of one tracker over its sequences.

    Attributes:
        auc: area under the success curve; on GOT-10k the average overlap.
        os: fraction of IoU above 0.5.
        dp: fraction of centres within 20 px.
        fps: frames per second, None where no times are known.
        each: the sequences.
        os75: fraction of IoU above 0.75.
        normalised: area under the curve of normalised precision, where it is one of them.
    """

    tracker: str
    auc: float
    os: float
    dp: float
    fps: float | None
    each: dict[str, SequenceScore]
    os75: float | None = None
    normalised: float | None = None

    @property
    def sequences(self) -> int:
        """How many it is a mean over."""
        return len(self.each)

    @property
    def by_sequence(self) -> dict[str, float]:
        """AUC of each."""
        return {name: score.auc for name, score in self.each.items()}


@dataclass(frozen=True)
class Report:
    """What the host says of several trackers.

    Attributes:
        scores: in the order asked for; trackers without any result are left out.
        folders: where the host wrote its own report, with curves.
        problems: a line for each result file that could not be used.
    """

    scores: list[Score]
    folders: list[Path]
    problems: list[str]


def success_at_75(curve: Sequence[float] | NDArray[np.float64]) -> float:
    """Value of a success curve, of 21 or 101 thresholds from 0 to 1, at 0.75."""
    return float(curve[3 * (len(curve) - 1) // 4])


def count_scored_frames(part: Part) -> dict[str, int]:
    """Frames of each sequence that GOT-10k's means are over; none of other benchmarks.

    Those are visible, and not the first.
    """
    if not part.benchmark.is_got10k:
        return {}
    dataset = part.experiment.dataset
    return {
        name: int(read_flags(Path(folder) / "cover.label", part.lengths[name])[1:].sum())
        for name, folder in zip(dataset.seq_names, dataset.seq_dirs, strict=True)
    }


def average_over(score: Score, names: Collection[str]) -> Score | None:
    """The means over some of the sequences of an OTB score; None where it has none of them."""
    each = {name: one for name, one in score.each.items() if name in names}
    return average(score.tracker, each) if each else None


def average(tracker: str, each: dict[str, SequenceScore]) -> Score:
    """A tracker's means over sequences of OTB."""
    mean = mean_score(list(each.values()))
    dp = _mean(score.dp for score in each.values())
    return Score(tracker, mean.auc, mean.os, dp, mean.fps, each)


def mean_score(scores: Sequence[SequenceScore]) -> SequenceScore:
    """Mean of each value and curve of OTB scores; of fps, over those that are known."""
    speeds = [score.fps for score in scores if score.fps is not None]
    return SequenceScore(
        _mean(score.auc for score in scores),
        _mean(score.os for score in scores),
        _mean(score.dp for score in scores),
        _mean(speeds) if speeds else None,
        _mean(score.success for score in scores),
        _mean(score.precision for score in scores),
    )


def _mean(values: Iterable[Any]) -> Any:
    """Of numbers, or of curves of one length."""
    return np.array(list(values), dtype=float).mean(axis=0)


def score_results(
    part: Part, names: Sequence[str], progress: bool = False, curves: bool = True
) -> Report:
    """Let the host score result files; no frame is read.

    A tracker is scored over the sequences that it has whole results of. Trackers with the same
    sequences share a report of the host, so that its curves compare what can be compared.

    Args:
        curves: let the host draw its curves, which takes a second or two.

    Raises:
        StorageError: the host's report cannot be written.
    """
    drawing = " and draws its curves" if curves else ""
    console = open_console()
    with (
        console.status(f"got10k reads the results{drawing}")
        if progress
        else contextlib.nullcontext()
    ):
        usable, problems = _find_usable(part, names)
        groups: dict[tuple[str, ...], list[str]] = {}
        for name, sequences in usable.items():
            if sequences:
                groups.setdefault(sequences, []).append(name)
        scores, folders = {}, []
        for sequences, members in groups.items():
            some = part.only(sequences)
            if not curves:
                some.experiment.plot_curves = lambda *_: None
            reports = Path(some.experiment.report_dir)
            # The host writes in place; readers of an earlier report must not see half of this.
            with make_scratch_folder(reports) as work, quiet(), _close_figures():
                some.experiment.report_dir = str(work)
                before = set(plt.get_fignums())
                performance = some.experiment.report(members)
                _save_curves_as_pdf(work / members[0], sorted({*plt.get_fignums()} - before))
                move_files(work, reports)
            folders.append(reports / members[0])
            scores.update({name: _read_score(some, name, performance[name]) for name in members})
    return Report([scores[name] for name in usable if name in scores], folders, problems)


def _find_usable(part: Part, names: Sequence[str]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Sequences of which each tracker has whole results, and what is wrong with others."""
    usable: dict[str, tuple[str, ...]] = {}
    problems = []
    for name in dict.fromkeys(names):
        whole = []
        for sequence in part.names:
            files = ResultFiles.of(part, name, sequence, deterministic=False)
            problem = files.problem()
            if part.benchmark.is_got10k and files.existing and not files.times.is_file():
                problem = f"no {files.times.name}, which the host's report needs"
            if problem:
                problems.append(f"{name}, {sequence}: {problem}")
            elif files.boxes[0].is_file():
                whole.append(sequence)
        usable[name] = tuple(whole)
    return usable, problems


def _read_score(part: Part, name: str, performance: dict[str, Any]) -> Score:
    """The host's numbers under one set of names."""
    overall, each = performance["overall"], performance["seq_wise"]
    if part.benchmark.is_got10k:
        auc, success, precision = "ao", "sr", _precision_over_frames(part, name)
        curve = overall["succ_curve"]
    else:
        auc, success, precision = "success_score", "success_rate", overall["precision_score"]
        curve = overall["success_curve"]
    return Score(
        name,
        float(overall[auc]),
        float(overall[success]),
        float(precision),
        _read_fps(overall),
        {sequence: _read_sequence_score(values) for sequence, values in each.items()},
        success_at_75(curve),
        overall.get("normalised_precision_score"),
    )


def _read_sequence_score(values: dict[str, Any]) -> SequenceScore:
    if "ao" in values:
        success = np.asarray(values["succ_curve"])
        ao, sr = float(values["ao"]), float(values["sr"])
        return SequenceScore(ao, sr, None, _read_fps(values), success)
    success, precision = (np.asarray(values[f"{kind}_curve"]) for kind in ("success", "precision"))
    return SequenceScore(
        float(values["success_score"]),
        float(values["success_rate"]),
        float(values["precision_score"]),
        _read_fps(values),
        success,
        precision,
        values.get("normalised_precision_score"),
    )


def _read_fps(values: dict[str, Any]) -> float | None:
    """got10k says -1 where no times are known."""
    speed = float(values["speed_fps"])
    return speed if speed > 0 else None


def _precision_over_frames(part: Part, name: str) -> float:
    """DP as GOT-10k counts its other scores: visible frames after the first, all in one mean."""
    near = []
    dataset = part.experiment.dataset
    for i, sequence in enumerate(part.names):
        _, truth, meta = dataset[i]
        visible = meta["cover"][1:] > 0
        files = ResultFiles.of(part, name, sequence, deterministic=False)
        for file in filter(Path.is_file, files.boxes):
            boxes = np.loadtxt(file, delimiter=",")
            near.append(center_error(boxes[1:], truth[1:])[visible] <= PRECISION_PIXELS)
    return float(np.concatenate(near).mean())


def _save_curves_as_pdf(folder: Path, figures: Sequence[int]) -> None:
    """Save the curves that the host has drawn, and saved as PNG: success, then precision."""
    for number, picture in zip(figures, sorted(folder.glob("*.png"), reverse=True), strict=False):
        plt.figure(number).savefig(picture.with_suffix(".pdf"), bbox_inches="tight")


@contextlib.contextmanager
def _close_figures() -> Iterator[None]:
    """Close the figures that got10k leaves open, and take its changes of matplotlib back."""
    before = set(plt.get_fignums())
    with matplotlib.rc_context():
        try:
            yield
        finally:
            for number in set(plt.get_fignums()) - before:
                plt.close(number)
