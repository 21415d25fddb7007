"""What a page shows of all sequences: scores, parts, differences and notes, as plain data."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import crt_plugin
from crt_plugin.benchmark.results.scores import (
    Report,
    Score,
    SequenceScore,
    count_scored_frames,
)
from crt_plugin.errors import SourceError
from crt_plugin.formats.otb import Lists, otb_lists
from crt_plugin.report.page.inputs import PageInputs
from crt_plugin.report.page.javascript import file_name
from crt_plugin.report.statistics.bootstrap import paired_differences
from crt_plugin.runtime.environment import describe_machine

OURS = "CRT"  # prefix of the names of this package's trackers
NO_FILE = "no result file"
CURVE_STEPS = 10_000  # curves are written as integers, in such parts of 1
DIGITS = 6  # of scores and differences
# What each heading of a dataset's metrics means
TERMS = {
    "AUC": "mean of the success curve at 21 thresholds from 0 to 1, as got10k computes it",
    "OS": "fraction of frames with an overlap above 0.5",
    "DP": "fraction of frames whose centre is off by 20 px at most",
    "NP": "mean over 51 thresholds from 0 to 0.5 of the fraction of frames whose centre is off by "
    "so much of the annotated width and height",
    "AO": "mean overlap of the frames in which the object can be seen",
    "SR0.5": "fraction of these frames with an overlap above 0.5",
    "SR0.75": "fraction of these frames with an overlap above 0.75",
    "OP50": "fraction of frames with an overlap above 0.5",
    "OP75": "fraction of frames with an overlap above 0.75",
    "fps": "frames per second where times were kept; on whatever machine that was",
}
OVER_SEQUENCES = "over sequences, each with the same weight"
OVER_FRAMES = "over the frames of all sequences together, as GOT-10k takes it"


@dataclass(frozen=True)
class Content:
    """Scores under the names and in the order of the page.

    Attributes:
        inputs: what the page is made of.
        sequences: names.
        trackers: names: ours first, then by AUC.
        scores: of the trackers that have any, in their order.
        reasons: why a tracker has no score of a sequence, by tracker and sequence.
        notes: on the whole page.
    """

    inputs: PageInputs
    sequences: list[str]
    trackers: list[str]
    scores: dict[str, Score]
    reasons: dict[tuple[str, str], str]
    notes: list[str] = field(default_factory=list)

    def with_result(self, sequence: str) -> list[tuple[int, str]]:
        """Number and name of the trackers that have a score of a sequence."""
        return [
            (number, name)
            for number, name in enumerate(self.trackers)
            if (name, sequence) not in self.reasons
        ]


def collect(inputs: PageInputs, scored: Report, keep_all: bool) -> Content:
    """Put scores in order, and find a reason for each that is missing.

    Args:
        keep_all: keep sequences that no tracker has a result of.

    Raises:
        SourceError: there is no score at all.
    """
    scores = {score.tracker: score for score in scored.scores}
    if not scores:
        said = "; ".join([*scored.problems, *inputs.notes][:3])
        raise SourceError(
            f"nothing in {inputs.part.experiment.result_dir} can be scored: "
            f"{said or 'no result file has the name of an annotated sequence'}"
        )
    problems = {}  # by "<tracker>, <sequence>"
    for line in scored.problems:
        head, _, reason = line.partition(": ")
        problems[head] = reason
    trackers = sorted(inputs.trackers, key=lambda name: _rank(name, scores.get(name)))
    scores = {name: scores[name] for name in trackers if name in scores}
    names = inputs.part.names
    sequences = [
        name
        for name in names
        if keep_all
        or any(name in score.each for score in scores.values())
        or any(f"{tracker}, {name}" in problems for tracker in trackers)
    ]
    notes = list(inputs.notes)
    if len(sequences) < len(names):
        notes.append(
            f"{len(names) - len(sequences)} of {len(names)} annotated sequences have no result of "
            "any tracker and are in no table"
        )
    reasons = {
        (tracker, sequence): problems.get(f"{tracker}, {sequence}", NO_FILE)
        for tracker in trackers
        for sequence in sequences
        if tracker not in scores or sequence not in scores[tracker].each
    }
    return Content(inputs, sequences, trackers, scores, reasons, notes)


def _rank(name: str, score: Score | None) -> tuple[bool, bool, float, str]:
    return score is None, not name.startswith(OURS), -score.auc if score else 0.0, name


def summary(content: Content) -> dict[str, Any]:
    """The page's data of all sequences, as JSON can hold it; ``assets/model.js`` reads it."""
    part = content.inputs.part
    lists = otb_lists() if part.benchmark.folder.startswith("OTB") else None
    parts = _parts(content.sequences, lists)
    reasons = list(dict.fromkeys(content.reasons.values()))
    weights = count_scored_frames(part)
    metrics = {**part.benchmark.metrics, "fps": "fps"}
    return {
        "about": _about(content),
        "mode": _mode(content),
        "metrics": [
            {"key": key, "label": label, "text": TERMS[label]} for label, key in metrics.items()
        ],
        "meaning": OVER_FRAMES if part.benchmark.is_got10k else OVER_SEQUENCES,
        "sequences": [
            {
                "name": name,
                "file": file_name(number, name),
                "frames": part.lengths[name],
                "weight": weights.get(name, 1),
                "attributes": list(lists.of_target.get(name, ())) if lists else [],
                "pictures": name in content.inputs.frames,
            }
            for number, name in enumerate(content.sequences)
        ],
        "trackers": [
            _tracker(content, name, reasons, metrics.values()) for name in content.trackers
        ],
        "parts": [part for part in parts if part["sequences"]],
        "pairs": {part["key"]: _pairs(content, part["sequences"]) for part in parts},
        "reasons": reasons,
        "notes": content.notes,
    }


def _about(content: Content) -> dict[str, Any]:
    part, here = content.inputs.part, describe_machine()
    return {
        "benchmark": part.benchmark.folder,
        "sequences": len(content.sequences),
        "listed": max(part.benchmark.listed, len(content.sequences)),
        "version": crt_plugin.__version__,
        "made": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{here['processor']}, {here['system']}, Python {here['python']}",
    }


def _mode(content: Content) -> str:
    """Which means the page shows first: over all sequences, or over those that all trackers have.

    The latter if one of ours lacks a sequence, so that ours are always in the first table.
    """
    complete = {
        name: score.sequences == len(content.sequences) for name, score in content.scores.items()
    }
    ours = [name for name in complete if name.startswith(OURS)]
    return "all" if all(complete[n] for n in ours) and any(complete.values()) else "common"


def _parts(sequences: Sequence[str], lists: Lists | None) -> list[dict[str, Any]]:
    """All sequences, OTB-50 and the attributes; sequences as numbers."""

    def part(key: str, label: str, names: Collection[str], **more: bool) -> dict[str, Any]:
        numbers = [number for number, name in enumerate(sequences) if name in names]
        return {"key": key, "label": label, "sequences": numbers, **more}

    parts = [part("all", "all sequences", sequences)]
    if lists is not None:
        parts.append(part("TB-50", "OTB-50", lists.tb50))
        for key, words in lists.attributes.items():
            names = [name for name, attributes in lists.of_target.items() if key in attributes]
            parts.append(part(key, words, names, is_attribute=True))
    return parts


def _tracker(
    content: Content, name: str, reasons: Sequence[str], metrics: Iterable[str]
) -> dict[str, Any]:
    score = content.scores.get(name)
    each = [score.each.get(sequence) if score else None for sequence in content.sequences]
    missing = {
        number: reasons.index(content.reasons[name, sequence])
        for number, sequence in enumerate(content.sequences)
        if (name, sequence) in content.reasons
    }
    return {
        "name": name,
        "ours": name.startswith(OURS),
        "missing": missing,
        **{metric: [_value(one, metric) for one in each] for metric in metrics},
        "success": [_curve(one.success if one else None) for one in each],
        "precision": [_curve(one.precision if one else None) for one in each],
    }


def _value(score: SequenceScore | None, metric: str) -> float | None:
    value = getattr(score, metric, None)
    return None if value is None else round(float(value), DIGITS)


def _curve(curve: NDArray[np.float64] | None) -> list[int] | None:
    return None if curve is None else np.rint(CURVE_STEPS * curve).astype(int).tolist()


def _pairs(content: Content, numbers: Sequence[int]) -> list[list[float]]:
    """``[first, second, mean, low, high, sequences]`` of every two trackers' AUC."""
    names = [content.sequences[number] for number in numbers]
    scores = {
        tracker: {name: score.each[name].auc for name in names if name in score.each}
        for tracker, score in content.scores.items()
    }
    return [
        [
            content.trackers.index(first),
            content.trackers.index(second),
            *(round(value, DIGITS) for value in (found.mean, found.low, found.high)),
            found.sequences,
        ]
        for (first, second), found in paired_differences(scores).items()
    ]
