"""What a page is made of: result files, annotations, and frames if there are any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crt_plugin.benchmark.datasets.catalog import find_benchmark
from crt_plugin.benchmark.datasets.part import Part, open_part
from crt_plugin.benchmark.datasets.recognise import recognise_dataset
from crt_plugin.benchmark.results.importing.published import BENCHMARK, published_part
from crt_plugin.benchmark.results.layout import trackers_in
from crt_plugin.benchmark.results.manifest import SETTINGS
from crt_plugin.errors import ParameterError, SourceError

MAX_SIDE = 640  # px, of the frames in a page
SHOWN = 5  # names in a note, at most


@dataclass(frozen=True)
class PageRequest:
    """What to show on a page.

    Attributes:
        results: folder of results in got10k's layout.
        groundtruth: OTB's annotations, a folder or zip archive.
        data: the dataset's folder; frames, and annotations where ``groundtruth`` is None.
        dataset: a key of ``BENCHMARKS``; None: recognised from ``data``, or else OTB.
        trackers: names; None: all in the folder.
        sequences: names; None: all that any tracker has a result of.
        frames_of: sequences whose frames are copied; None: all that ``data`` holds.
        max_side: longest side of a copied frame, px.
    """

    results: Path
    groundtruth: Path | None = None
    data: Path | None = None
    dataset: str | None = None
    trackers: Sequence[str] | None = None
    sequences: Sequence[str] | None = None
    frames_of: Sequence[str] | None = None
    max_side: int = MAX_SIDE


@dataclass(frozen=True)
class PageInputs:
    """An opened ``PageRequest``.

    Attributes:
        part: sequences with annotations.
        trackers: names.
        frames: files of the frames of each sequence that has them.
        notes: what could not be used, for readers of the page.
    """

    part: Part
    trackers: list[str]
    frames: dict[str, list[Path]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def truth(self, sequence: str) -> NDArray[np.float64]:
        """Annotated boxes, N x 4, as in the files; NaN where there is no object."""
        dataset = self.part.experiment.dataset
        return np.asarray(dataset[dataset.seq_names.index(sequence)][1], dtype=float)


def open_inputs(request: PageRequest, reports: Path) -> PageInputs:
    """Open what a page is made of.

    Args:
        reports: folder for got10k's reports.

    Raises:
        ParameterError: neither annotations nor data, or settings that conflict.
        SourceError: no results, annotations or data.
    """
    dataset = _choose_dataset(request)
    notes: list[str] = []
    with_frames: Part | None = None
    if request.data is not None:
        with_frames = open_part(dataset, request.data, results=request.results, reports=reports)
        unusable = with_frames.unusable.items()
        notes += [f"{name}: its frames are not used: {text}" for name, text in unusable]
    if request.groundtruth is not None:
        part = published_part(request.results, request.groundtruth, reports)
    else:
        assert with_frames is not None  # _check
        part = with_frames
    trackers = list(dict.fromkeys(request.trackers or _find_trackers(part, request.results)))
    notes += _note_unknown(part, trackers)
    if request.sequences is not None:
        part = _restrict(part, request.sequences)
    frames = _find_frames(part, with_frames, request.frames_of, notes)
    return PageInputs(part, trackers, frames, notes)


def _choose_dataset(request: PageRequest) -> str:
    """The dataset's name, if it can be shown."""
    if request.groundtruth is None and request.data is None:
        raise ParameterError(
            "a page needs annotations; expected --groundtruth FILE_OR_DIR, --data DIR, or both"
        )
    dataset = request.dataset
    if dataset is None and request.data is not None and request.groundtruth is None:
        dataset = recognise_dataset(request.data)
    dataset = dataset or "otb"
    benchmark = find_benchmark(dataset)
    if benchmark.is_hidden:
        raise ParameterError(
            f"dataset {dataset!r} is scored by its server, and there is nothing to show; expected "
            "the others, see crt evaluate --help"
        )
    if request.groundtruth is not None and benchmark.folder != BENCHMARK.folder:
        raise ParameterError(
            f"groundtruth is read of {BENCHMARK.folder} only, not of {dataset!r}; "
            "expected data in its place"
        )
    if request.max_side < 1:
        raise ParameterError(f"max_side = {request.max_side}; expected px, 1 or more")
    return dataset


def _find_trackers(part: Part, results: Path) -> list[str]:
    """Trackers with results of the benchmark."""
    folder = Path(part.experiment.result_dir)
    names = trackers_in(folder)
    if not names:
        others = sorted(p.name for p in results.glob("*") if p.is_dir() and p.name != "reports")
        holds = f"; {results} holds {', '.join(others)}" if others else ""
        raise SourceError(
            f"no results in {folder}; expected {folder}/<tracker>/<Sequence>.txt{holds}"
        )
    return names


def _note_unknown(part: Part, trackers: Sequence[str]) -> list[str]:
    """A note for each tracker with result files of sequences that are not in the dataset."""
    notes = []
    for name in trackers:
        folder = Path(part.experiment.result_dir) / name
        if part.benchmark.is_got10k:  # a folder for each sequence
            stems = sorted(file.parent.name for file in folder.glob("*/*_001.txt"))
        else:
            files = sorted(folder.glob("*.txt"))
            stems = [file.stem for file in files if file.name != SETTINGS]
        unknown = [stem for stem in stems if stem not in part.lengths]
        if unknown:
            more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
            notes.append(
                f"{name}: {len(unknown)} of {len(stems)} result files are of no sequence that has "
                f"an annotation here, and are in no table: {', '.join(unknown[:SHOWN])}{more}"
            )
    return notes


def _restrict(part: Part, sequences: Sequence[str]) -> Part:
    unknown = [name for name in sequences if name not in part.names]
    if unknown or not sequences:
        raise ParameterError(
            f"no annotation of {', '.join(unknown) or 'none at all'}; expected "
            f"{', '.join(part.names)}"
        )
    return part.only(list(dict.fromkeys(sequences)))


def _find_frames(
    part: Part, with_frames: Part | None, wanted: Sequence[str] | None, notes: list[str]
) -> dict[str, list[Path]]:
    """Frames of the sequences of ``part``; notes which of the wanted ones have none."""
    found: dict[str, list[Path]] = {}
    names = [] if with_frames is None else with_frames.names
    for name in part.names if wanted is None else wanted:
        if with_frames is None or name not in names or name not in part.names:
            if wanted is not None:
                notes.append(f"{name}: no pictures, its frames are not there")
            continue
        files = with_frames.experiment.dataset[names.index(name)][0]
        if len(files) == part.lengths[name]:
            found[name] = [Path(file) for file in files]
        else:
            notes.append(
                f"{name}: no pictures, there are {len(files)} frames, and {part.lengths[name]} "
                "lines of annotation"
            )
    return found
