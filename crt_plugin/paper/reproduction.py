"""What the paper's experiments share: results that are run once, scored, and saved.

CRT runs through ``benchmark.run``, which keeps results: two experiments that need the same
tracker run it once, and a stopped run resumes. Rivals are published result files.
"""

from __future__ import annotations

import functools
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.benchmark.datasets.part import Part, open_part
from crt_plugin.benchmark.results.importing.published import (
    import_results,
    published_names,
    published_part,
)
from crt_plugin.benchmark.results.layout import SCORES_FOLDER
from crt_plugin.benchmark.results.manifest import Manifest
from crt_plugin.benchmark.results.scores import Report, Score, average_over, score_results
from crt_plugin.benchmark.run.evaluate import evaluate
from crt_plugin.errors import CRTError, ParameterError
from crt_plugin.formats.boxes import Boxes, parse_boxes
from crt_plugin.formats.otb import otb_lists
from crt_plugin.hosts.got10k.toolkit import quiet
from crt_plugin.paper.benchmark_rule import apply_benchmark_rule
from crt_plugin.parameters import load_parameters
from crt_plugin.report.provenance import describe_provenance
from crt_plugin.report.result_table import ResultTable, save_table

logger = logging.getLogger(__name__)

FOLDER = "OTB2015"  # of got10k's results
IMPORTED = "published"  # subfolder of the results, for the rivals'


@dataclass(frozen=True)
class TrackerScores:
    """Trackers' scores, and notes on what is missing.

    Attributes:
        scores: by tracker; those without any result are left out.
        notes: why, and which sequences could not be used.
    """

    scores: dict[str, Score]
    notes: list[str]

    def over(self, names: Collection[str]) -> dict[str, Score]:
        """Scores over some sequences only."""
        found = {name: average_over(score, names) for name, score in self.scores.items()}
        return {name: score for name, score in found.items() if score is not None}


@dataclass(frozen=True)
class ScriptOutput:
    """What an experiment made.

    Attributes:
        tables: saved, and to be shown.
        figures: files.
        findings: a line for each finding of the paper that was compared.
    """

    tables: list[ResultTable] = field(default_factory=list)
    figures: list[Path] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


@dataclass
class Reproduction:
    """The paper's experiments on one folder of data: what they run, score and save.

    Attributes:
        results: folder of results, in got10k's layout; existing ones are kept.
        output: folder of tables and pictures.
        data: folder with OTB's frames, or a part of them; None: nothing is run.
        published: rivals' result files, see ``import_results``, or a folder in got10k's layout.
        groundtruth: annotations of OTB, see ``read_annotations``; without it those of ``data``.
        sequences: names to run; None: all in ``data``.
        workers: processes that share the sequences.
        progress: show bars.

    Raises:
        ParameterError: neither ``data`` nor ``groundtruth``.
    """

    results: Path
    output: Path
    data: Path | None = None
    published: Path | None = None
    groundtruth: Path | None = None
    sequences: Sequence[str] | None = None
    workers: int = 1
    progress: bool = True

    def __post_init__(self) -> None:
        if self.data is None and self.groundtruth is None:
            raise ParameterError(
                "neither data nor groundtruth: expected OTB's frames, or its annotations"
            )
        self._kept: dict[str, TrackerScores] = {}

    def crt(self, names: Sequence[str]) -> TrackerScores:
        """Scores of CRT by parameter file, name or path; it is run first if there are frames."""
        for name in names:
            if name not in self._kept:
                self._kept[name] = self._run(name)
        return _join(self._kept[name] for name in names)

    def rivals(self, names: Sequence[str]) -> TrackerScores:
        """Scores of published results, over all targets that have annotations."""
        new = [name for name in names if name not in self._kept]
        if new and self.published is not None:
            part = self._scored_part(self._published_folder)
            found = score_results(part, new, self.progress, curves=False)
            self._kept.update({name: _select(found, name, name) for name in new})
        elif new:
            for name in new:
                self._kept[name] = TrackerScores({}, [f"{name}: no published results given"])
        return _join(self._kept[name] for name in names)

    def _run(self, name: str) -> TrackerScores:
        tracker = tracker_name(name)
        if self.data is None:
            return self._read_results(tracker, name)
        try:
            done = evaluate(
                "otb",
                self.data,
                [f"crt:{name}"],
                self.results,
                sequences=self.sequences,
                workers=self.workers,
                progress=self.progress,
            )
        except CRTError as error:  # missing weights, results of other settings
            return TrackerScores({}, [f"{tracker}: {error}"])
        found = score_results(apply_benchmark_rule(done.part), [tracker], curves=False)
        unusable = [f"{tracker}, {n}: {text}" for n, text in done.part.unusable.items()]
        return _select(found, tracker, name, [*done.notes, *unusable, *map(str, done.failures)])

    def _read_results(self, tracker: str, name: str) -> TrackerScores:
        """Existing results, if they were made with the parameter file's settings."""
        folder = self.results / FOLDER / tracker
        try:
            kept = Manifest.read(folder)
        except CRTError as error:
            return TrackerScores({}, [f"{tracker}: {error}"])
        if kept is not None and kept.parameters != dict(load_parameters(name)):
            return TrackerScores({}, [f"{tracker}: {folder} holds results of other settings"])
        found = score_results(self._scored_part(self.results), [tracker], curves=False)
        return _select(found, tracker, name)

    @functools.cached_property
    def _published_folder(self) -> Path:
        """The rivals' results in got10k's layout; imported once."""
        source = self.published
        if source is None or (source / FOLDER).is_dir():
            return source or self.results
        folder = self.results / IMPORTED
        done = import_results(source, folder, self.groundtruth, progress=self.progress)
        for path, reason in done.unused:
            logger.warning("not used: %s: %s", path, reason)
        return folder

    def _scored_part(self, results: Path) -> Part:
        """The targets that have annotations, to score ``results``."""
        if self.groundtruth is not None:
            return apply_benchmark_rule(published_part(results, self.groundtruth))
        return apply_benchmark_rule(open_part("otb", self.data or "", results=results))

    @functools.cached_property
    def annotations(self) -> dict[str, Boxes]:
        """Annotated boxes of each target that has them, N x 4, 1-based."""
        part = self._scored_part(self.results)
        with quiet():
            return {
                name: truth
                for name, (_, truth, *_) in zip(part.names, part.experiment.dataset, strict=True)
            }

    @functools.cached_property
    def published_names(self) -> list[str]:
        """Trackers that there are published results of."""
        return [] if self.published is None else published_names(self._published_folder)

    def boxes(self, tracker: str, target: str) -> Boxes | None:
        """Our result of a target, N x 4, 1-based; None if there is none."""
        return _read_boxes(self.results, tracker, target)

    def published_boxes(self, tracker: str, target: str) -> Boxes | None:
        """A rival's result of a target, N x 4, 1-based; None if there is none."""
        if self.published is None:
            return None
        return _read_boxes(self._published_folder, tracker, target)

    def peaks(self, parameters: str) -> dict[str, NDArray[np.float64]]:
        """Peaks of the frames behind the first, by target, of results that are scored."""
        folder = self.results / FOLDER / tracker_name(parameters) / SCORES_FOLDER
        targets = [name for score in self.crt([parameters]).scores.values() for name in score.each]
        files = {name: folder / f"{name}.csv" for name in targets}
        return {
            name: np.loadtxt(file, delimiter=",", ndmin=2)[1:, 0]
            for name, file in files.items()
            if file.is_file()
        }

    def sequence(self, name: str) -> tuple[list[Path], Any] | None:
        """Frames and annotation (N x 4, 1-based) of a target; None if its frames are missing."""
        part = self.part
        if part is None or name not in part.names:
            return None
        with quiet():
            files, truth = part.experiment.dataset[part.names.index(name)][:2]
        return [Path(file) for file in files], truth

    @functools.cached_property
    def part(self) -> Part | None:
        """The sequences with frames; None without data."""
        if self.data is None:
            return None
        return open_part("otb", self.data, self.sequences, self.results)

    def provenance(self, scored: Collection[str], crt: Sequence[str] = ()) -> list[str]:
        """What a table over the sequences ``scored``, with parameter files ``crt``, rests on."""
        lists = otb_lists()
        sequences = {
            ("OTB-100", len(lists.of_target)): [n for n in lists.of_target if n in scored],
            ("OTB-50", len(lists.tb50)): [n for n in lists.tb50 if n in scored],
        }
        others = [name for name in scored if name not in lists.of_target]
        lines = describe_provenance(sequences, {name: settings_of(name) for name in crt})
        if others:
            lines.append(f"Not in the benchmark's lists: {', '.join(others)}")
        return lines + self._tell_origins(crt)

    def _tell_origins(self, names: Sequence[str]) -> list[str]:
        """Where the boxes of parameter files were computed, a line for each machine."""
        found: dict[str, list[str]] = defaultdict(list)
        for name in names:
            if name not in self._kept or not self._kept[name].scores:
                continue
            kept = Manifest.read(self.results / FOLDER / tracker_name(name))
            for each in kept.environments if kept else []:
                unknown = "unknown device, unknown precision"
                device, _, precision = each.get("auto", unknown).rpartition(", ")
                if kept is not None and kept.weights == []:  # no network: never 16 bits
                    precision = "float32"
                processor = each.get("processor", "unknown processor")
                found[f"{processor}, {device}, {precision}"].append(name)
        return [f"Boxes of {', '.join(files)}: {place}" for place, files in found.items()]

    def save(self, table: ResultTable, provenance: Sequence[str]) -> ResultTable:
        """Write a table's files."""
        save_table(table, self.output, provenance)
        return table


def _read_boxes(results: Path, tracker: str, target: str) -> Boxes | None:
    file = results / FOLDER / tracker / f"{target}.txt"
    return parse_boxes(file.read_text(encoding="utf-8")) if file.is_file() else None


def tracker_name(parameters: str) -> str:
    """The name of CRT's results with a parameter file, as in ``GOT10kTracker``."""
    return f"CRT-{Path(parameters).stem}"


def settings_of(name: str) -> str:
    """All settings of a parameter file, as the manifest's ``settings.txt`` has them."""
    return f"{load_parameters(name)}\n"


def _select(found: Report, tracker: str, name: str, notes: Sequence[str] = ()) -> TrackerScores:
    """One tracker's part of a report, under ``name``."""
    own = [score for score in found.scores if score.tracker == tracker]
    problems = [line for line in found.problems if line.startswith(f"{tracker}, ")]
    lines = [*notes, *(line for line in problems if line not in notes)]
    if not own and not lines:
        lines.append(f"{tracker}: no results")
    return TrackerScores({name: own[0]} if own else {}, lines)


def _join(parts: Iterable[TrackerScores]) -> TrackerScores:
    scores: dict[str, Score] = {}
    notes = []
    for part in parts:
        scores.update(part.scores)
        notes += part.notes
    return TrackerScores(scores, notes)
