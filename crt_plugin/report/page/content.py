"""What a page says of all sequences: scores, parts, differences and notes, as plain data."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import crt_plugin
from crt_plugin.benchmark.datasets.catalog import Benchmark
from crt_plugin.benchmark.results.scores import Report, Score, SequenceScore
from crt_plugin.errors import SourceError
from crt_plugin.formats.otb import otb_lists
from crt_plugin.report.page.inputs import PageInputs
from crt_plugin.report.page.javascript import file_name
from crt_plugin.report.statistics.bootstrap import paired_differences
from crt_plugin.runtime.environment import describe_machine

OURS = "CRT"  # what names of this package's trackers begin with
NO_FILE = "no result file"
CURVE_STEPS = 10_000  # curves are written in these, as integers
DIGITS = 6  # of scores and differences
METRICS = ("auc", "os", "dp", "fps")


@dataclass(frozen=True)
class Content:
    """Scores under the names and in the order of the page.

    Attributes:
        inputs: what they are of.
        sequences: names, in the page's order.
        trackers: names, in the page's order: ours first, then by AUC.
        scores: of the trackers that have any.
        reasons: why a tracker has no score of a sequence, by tracker and sequence.
        notes: what concerns the whole page.
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
            if name in self.scores and sequence in self.scores[name].each
        ]


def collect(inputs: PageInputs, scored: Report, keep_all: bool) -> Content:
    """Put scores in order, and find a reason for each that is missing.

    Args:
        keep_all: keep sequences that no tracker has a result of.

    Raises:
        SourceError: there is no score at all.
    """
    scores = {score.tracker: score for score in scored.scores}
    broken = _broken(inputs, scored.problems)
    if not scores:
        said = "; ".join([*scored.problems, *inputs.notes][:3])
        raise SourceError(
            f"nothing in {inputs.part.experiment.result_dir} can be scored: "
            f"{said or 'no result file has the name of an annotated sequence'}"
        )
    tried = {sequence for score in scores.values() for sequence in score.each}
    tried |= {sequence for _, sequence in broken}
    names = inputs.part.names
    sequences = [name for name in names if keep_all or name in tried]
    notes = list(inputs.notes)
    if len(sequences) < len(names):
        notes.append(
            f"{len(names) - len(sequences)} of {len(names)} annotated sequences have no result of "
            "any tracker and are in no table"
        )
    trackers = sorted(inputs.trackers, key=lambda name: _rank(name, scores.get(name)))
    reasons = {
        (tracker, sequence): broken.get((tracker, sequence), NO_FILE)
        for tracker in trackers
        for sequence in sequences
        if tracker not in scores or sequence not in scores[tracker].each
    }
    return Content(inputs, sequences, trackers, scores, reasons, notes)


def _broken(inputs: PageInputs, problems: Sequence[str]) -> dict[tuple[str, str], str]:
    """Problems of result files, by tracker and sequence."""
    heads = {
        f"{tracker}, {sequence}: ": (tracker, sequence)
        for tracker in inputs.trackers
        for sequence in inputs.part.names
    }
    found = {}
    for line in problems:
        head, colon, reason = line.partition(": ")
        if head + colon in heads:
            found[heads[head + colon]] = reason
    return found


def _rank(name: str, score: Score | None) -> tuple[bool, bool, float, str]:
    return score is None, not name.startswith(OURS), -score.auc if score else 0.0, name


# ------------------------------------------------------------------------------------ as JSON


def summary(content: Content) -> dict[str, Any]:
    """The page's data of all sequences, as JSON can hold it; ``assets/model.js`` reads it."""
    benchmark = content.inputs.part.benchmark
    parts = _parts(benchmark, content.sequences)
    reasons = list(dict.fromkeys(content.reasons.values()))
    return {
        "about": _about(content),
        "mode": _mode(content),
        "sequences": [
            _sequence(content, number, name) for number, name in enumerate(content.sequences)
        ],
        "trackers": [_tracker(content, name, reasons) for name in content.trackers],
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
    """Which means the page begins with: over all sequences, or those that all trackers have.

    Ours are to be in the first table, also where they have run on a part of the benchmark only.
    """
    complete = {
        name: score.sequences == len(content.sequences) for name, score in content.scores.items()
    }
    ours = [name for name in complete if name.startswith(OURS)]
    return "all" if all(complete[n] for n in ours) and any(complete.values()) else "common"


def _sequence(content: Content, number: int, name: str) -> dict[str, Any]:
    known = _attributes(content.inputs.part.benchmark)
    return {
        "name": name,
        "file": file_name(number, name),
        "frames": content.inputs.part.lengths[name],
        "attributes": list(known.get(name, ())),
        "pictures": name in content.inputs.frames,
    }


def _attributes(benchmark: Benchmark) -> Mapping[str, tuple[str, ...]]:
    return otb_lists().of_target if _has_lists(benchmark) else {}


def _has_lists(benchmark: Benchmark) -> bool:
    return benchmark.folder.startswith("OTB")


def _parts(benchmark: Benchmark, sequences: Sequence[str]) -> list[dict[str, Any]]:
    """All sequences, OTB-50 and the attributes; sequences as numbers."""

    def numbers(names: Sequence[str]) -> list[int]:
        return [number for number, name in enumerate(sequences) if name in names]

    parts: list[dict[str, Any]] = [
        {"key": "all", "label": "all sequences", "sequences": numbers(sequences)}
    ]
    if not _has_lists(benchmark):
        return parts
    lists = otb_lists()
    parts.append({"key": "TB-50", "label": "OTB-50", "sequences": numbers(lists.tb50)})
    for key, words in lists.attributes.items():
        having = [name for name, attributes in lists.of_target.items() if key in attributes]
        part = {"key": key, "label": words, "sequences": numbers(having), "is_attribute": True}
        parts.append(part)
    return parts


def _tracker(content: Content, name: str, reasons: Sequence[str]) -> dict[str, Any]:
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
        **{metric: [_value(one, metric) for one in each] for metric in METRICS},
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
        tracker: {
            name: content.scores[tracker].each[name].auc
            for name in names
            if name in content.scores[tracker].each
        }
        for tracker in content.trackers
        if tracker in content.scores
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
