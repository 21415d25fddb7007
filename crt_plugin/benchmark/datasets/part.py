"""got10k's experiment on the part of a benchmark that a folder holds.

got10k's own constructors download, or demand that every sequence is there. Here its dataset and
experiment classes are taken as they are, and told which sequences to use.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from crt_plugin.benchmark.datasets.catalog import GOT10K_METADATA, Benchmark, find_benchmark
from crt_plugin.benchmark.datasets.sequences import adapt_dataset
from crt_plugin.errors import SourceError
from crt_plugin.formats.boxes import Boxes
from crt_plugin.hosts.got10k.toolkit import quiet

# Lists of a got10k dataset, one entry a sequence
PER_SEQUENCE = ("seq_names", "seq_dirs", "anno_files", "range_files")


@dataclass(frozen=True)
class Part:
    """got10k's experiment on some sequences of a benchmark.

    Attributes:
        benchmark: what it is a part of.
        experiment: got10k's object: ``run(tracker)``, ``report(names)``.
        lengths: annotated frames of each sequence.
    """

    benchmark: Benchmark
    experiment: Any
    lengths: dict[str, int]

    @property
    def names(self) -> list[str]:
        """Sequences, as the host names them (``Jogging.1``)."""
        return list(self.experiment.dataset.seq_names)

    def only(self, names: Sequence[str]) -> Part:
        """The same experiment on some of its sequences."""
        experiment = copy.copy(self.experiment)
        experiment.dataset = _restrict(self.experiment.dataset, names)
        return replace(self, experiment=experiment)

    def __str__(self) -> str:
        """For example "13 of 100 sequences of OTB2015"."""
        listed = max(self.benchmark.listed, len(self.names))
        return f"{len(self.names)} of {listed} sequences of {self.benchmark.folder}"


def open_part(
    name: str,
    root: str | Path,
    sequences: Sequence[str] | None = None,
    results: str | Path = "results",
    reports: str | Path | None = None,
) -> Part:
    """got10k's experiment on the sequences that a folder holds; downloads nothing.

    Args:
        name: a key of ``BENCHMARKS``.
        root: the dataset's folder.
        sequences: names to keep, in the host's spelling; None keeps all that are there.
        results: the host's folder of results; those of OTB go to ``results/OTB2015``.
        reports: the host's folder of reports; without it ``results/reports``.

    Raises:
        ParameterError: no benchmark of this name.
        SourceError: the folder is not of this layout, holds none of the wanted sequences or not
            all of them, or a sequence's frames and annotation do not fit together.
        MissingExtraError: got10k is missing or too old.
    """
    benchmark = find_benchmark(name)
    dataset = _open_dataset(benchmark, Path(root))
    if sequences is not None:
        dataset = _restrict(dataset, _choose(dataset, sequences))
    lengths = _check_lengths(benchmark, dataset)
    return assemble(benchmark, dataset, lengths, results, reports)


def usable_part(
    name: str,
    root: str | Path,
    results: str | Path = "results",
    reports: str | Path | None = None,
) -> tuple[Part, dict[str, str]]:
    """``open_part``, with sequences that cannot be used left out and not refused.

    Returns:
        The part, which may be empty, and what is wrong with each sequence that it lacks.

    Raises:
        ParameterError, SourceError, MissingExtraError: as ``open_part``.
    """
    benchmark = find_benchmark(name)
    dataset = _open_dataset(benchmark, Path(root))
    lengths, problems = _measure(benchmark, dataset)
    whole = [sequence for sequence in dataset.seq_names if sequence not in problems]
    part = assemble(benchmark, _restrict(dataset, whole), lengths, results, reports)
    return part, problems


def assemble(
    benchmark: Benchmark,
    dataset: Any,
    lengths: dict[str, int],
    results: str | Path,
    reports: str | Path | None,
) -> Part:
    """The host's experiment over ``dataset``, without what its constructor would do."""
    experiment: Any = object.__new__(benchmark.experiment)
    reports = Path(results) / "reports" if reports is None else Path(reports)
    vars(experiment).update(
        dataset=dataset,
        result_dir=str(Path(results) / benchmark.folder),
        report_dir=str(reports / benchmark.folder),
        **benchmark.settings,
    )
    return Part(benchmark, experiment, lengths)


def _open_dataset(benchmark: Benchmark, root: Path) -> Any:
    """got10k's dataset of whatever sequences ``root`` holds."""
    if not root.is_dir():
        raise SourceError(f"no folder {root}; expected one with {benchmark.layout}")
    try:
        with quiet():
            dataset = adapt_dataset(benchmark.dataset)(str(root), **benchmark.options)
    except SourceError:
        raise
    except (OSError, LookupError, ValueError) as error:
        raise SourceError(
            f"{root} is not laid out as {benchmark.folder} is ({type(error).__name__}: {error}); "
            f"expected {benchmark.layout}"
        ) from error
    there = [
        name
        for name, folder, annotation in zip(
            dataset.seq_names, dataset.seq_dirs, dataset.anno_files, strict=True
        )
        if Path(folder).is_dir() and Path(annotation).is_file()
    ]
    if not there:
        raise SourceError(
            f"{root} does not hold any sequence of {benchmark.folder}; expected {benchmark.layout}"
        )
    return _restrict(dataset, there)


def _choose(dataset: Any, sequences: Sequence[str]) -> list[str]:
    """``sequences`` without repetitions, if all are there."""
    missing = [name for name in sequences if name not in dataset.seq_names]
    if missing or not sequences:
        raise SourceError(
            f"{dataset.root_dir} does not hold {', '.join(missing) or 'none at all'}; "
            f"it holds {', '.join(dataset.seq_names)}"
        )
    return list(dict.fromkeys(sequences))


def _restrict(dataset: Any, names: Sequence[str]) -> Any:
    """A copy of a got10k dataset with only ``names``, in their order."""
    kept = [dataset.seq_names.index(name) for name in names]
    part = copy.copy(dataset)
    for attribute in PER_SEQUENCE:
        if hasattr(dataset, attribute):
            values = getattr(dataset, attribute)
            setattr(part, attribute, [values[i] for i in kept])
    return part


# --------------------------------------------------------------------- checks before a long run


def _check_lengths(benchmark: Benchmark, dataset: Any) -> dict[str, int]:
    """Annotated frames of each sequence; every sequence that cannot be used is an error.

    A damaged sequence is refused before anything runs: a mean over the others would look like
    the benchmark's.
    """
    lengths, problems = _measure(benchmark, dataset)
    if problems:
        said = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        raise SourceError(
            f"{dataset.root_dir} has sequences that cannot be used: {said}. "
            "Mend them, or name the others as sequences"
        )
    return lengths


def _measure(benchmark: Benchmark, dataset: Any) -> tuple[dict[str, int], dict[str, str]]:
    """Annotated frames of each sequence that can be used, and what is wrong with the others."""
    lengths, problems = {}, {}
    for i, name in enumerate(dataset.seq_names):
        try:
            files, truth = dataset[i][:2]
            problem = _find_problem(benchmark, files, truth, Path(dataset.seq_dirs[i]))
        except SourceError as error:
            problem = str(error)
        except (AssertionError, ArithmeticError, ValueError, OSError, LookupError) as error:
            problem = _explain(dataset, i, error)
        if problem:
            problems[name] = problem
        else:
            lengths[name] = len(truth)
    return lengths, problems


def _find_problem(benchmark: Benchmark, files: list[str], truth: Boxes, folder: Path) -> str:
    """What is wrong with a sequence, "" if nothing."""
    if len(truth) < 2:
        return f"annotation of shape {truth.shape}; expected 2 lines or more of x,y,w,h"
    missing = next((file for file in files if not Path(file).is_file()), None)
    if missing:
        return f"no frame {missing}"
    holes = np.flatnonzero(~np.isfinite(truth).all(axis=1))
    if holes.size and (not benchmark.gaps or holes[0] == 0):
        return f"line {holes[0] + 1} of the annotation is {truth[holes[0]].tolist()}"
    if (truth[0, 2:] <= 0).any():
        return f"the object has no area in the first frame: {truth[0].tolist()}"
    if benchmark.is_got10k:
        absent = [name for name in GOT10K_METADATA if not (folder / name).is_file()]
        return f"no {', '.join(absent)} in {folder}" if absent else ""
    return ""


def _explain(dataset: Any, index: int, error: Exception) -> str:
    """got10k, which reads NfS, asserts without a word; count the lines and frames again."""
    file = Path(dataset.anno_files[index])
    lines = sum(1 for line in file.read_text(errors="replace").splitlines() if line.strip())
    frames = len([*Path(dataset.seq_dirs[index]).glob("*.jpg")])
    said = f" ({type(error).__name__}: {error})" if str(error) else ""
    return f"{frames} frames, and {lines} lines of annotation in {file.name}{said}"
