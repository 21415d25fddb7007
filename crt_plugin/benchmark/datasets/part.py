"""got10k's experiment on the part of a benchmark that a folder holds.

got10k's own constructors download, or demand that every sequence is there. Here its dataset and
experiment classes are taken as they are, and told which sequences to use.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from crt_plugin.benchmark.datasets.catalog import GOT10K_METADATA, OWN, Benchmark, find_benchmark
from crt_plugin.benchmark.datasets.sequences import adapt_dataset
from crt_plugin.errors import SourceError, join_problems
from crt_plugin.formats.boxes import Boxes, parse_boxes, read_lines
from crt_plugin.formats.otb import annotation_files, folder_name
from crt_plugin.hosts.got10k.toolkit import datasets, quiet

# Lists of a got10k dataset, one entry a sequence
PER_SEQUENCE = ("seq_names", "seq_dirs", "anno_files", "range_files")


@dataclass(frozen=True)
class Part:
    """got10k's experiment on some sequences of a benchmark.

    Attributes:
        benchmark: what it is a part of.
        experiment: got10k's object: ``run(tracker)``, ``report(names)``.
        lengths: annotated frames of each sequence.
        unusable: what is wrong with each sequence that is left out.
    """

    benchmark: Benchmark
    experiment: Any
    lengths: dict[str, int]
    unusable: dict[str, str] = field(default_factory=dict, kw_only=True)

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
        """For example "13 of 100 sequences of OTB2015", or "2 sequences of VOT"."""
        if not self.benchmark.listed:
            count = f"{len(self.names)} sequence{'s' * (len(self.names) != 1)}"
            own = self.benchmark.folder == OWN
            return f"{count} of your own" if own else f"{count} of {self.benchmark.folder}"
        listed = max(self.benchmark.listed, len(self.names))
        return f"{len(self.names)} of {listed} sequences of {self.benchmark.folder}"


@dataclass
class GivenSequences:
    """A got10k dataset whose sequences are given, not looked for in a folder.

    Attributes:
        sequences: frame files and annotation, N x 4, by name.
    """

    sequences: dict[str, tuple[list[str], Boxes]]
    seq_names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.seq_names = list(self.sequences)

    def __getitem__(self, index: int) -> tuple[list[str], Boxes]:
        return self.sequences[self.seq_names[index]]

    def __len__(self) -> int:
        return len(self.seq_names)


def open_part(
    name: str,
    root: str | Path,
    sequences: Sequence[str] | None = None,
    results: str | Path = "results",
    reports: str | Path | None = None,
    subset: str | None = None,
) -> Part:
    """got10k's experiment on the usable sequences that a folder holds; downloads nothing.

    Args:
        name: a key of ``BENCHMARKS``.
        root: the dataset's folder.
        sequences: names to keep, in the host's spelling; None keeps all that are there.
        results: the host's folder of results; those of OTB go to ``results/OTB2015``.
        reports: the host's folder of reports; without it ``results/reports``.
        subset: of GOT-10k, "val" (None is the same) or "test".

    Raises:
        ParameterError: no benchmark of this name, or no such subset of it.
        SourceError: the folder is not of this layout, lacks one of ``sequences``, or has none that
            can be used.
        MissingExtraError: got10k is missing or too old.
    """
    benchmark = find_benchmark(name, subset)
    dataset = _open_dataset(benchmark, Path(root))
    if sequences is not None:
        missing = [name for name in sequences if name not in dataset.seq_names]
        if missing or not sequences:
            near = _find_near_misses(benchmark, Path(root))
            hint = f"; not found are {join_problems(near)}" if near else ""
            raise SourceError(
                f"{root} does not hold {', '.join(missing) or 'none at all'}; "
                f"it holds {', '.join(dataset.seq_names)}{hint}"
            )
        dataset = _restrict(dataset, list(dict.fromkeys(sequences)))
    lengths, problems = _measure(benchmark, dataset)
    if sequences is None:
        problems |= _find_near_misses(benchmark, Path(root))
    if not lengths:
        raise SourceError(f"{root} has no sequence that can be used: {join_problems(problems)}")
    part = _assemble(benchmark, _restrict(dataset, list(lengths)), lengths, results, reports)
    return replace(part, unusable=problems)


def make_part(
    benchmark: Benchmark,
    sequences: dict[str, tuple[list[str], Boxes]],
    results: str | Path,
    reports: str | Path | None = None,
) -> Part:
    """The host's experiment on given sequences: frame files and annotation, N x 4, by name."""
    lengths = {name: len(truth) for name, (_, truth) in sequences.items()}
    return _assemble(benchmark, GivenSequences(sequences), lengths, results, reports)


def _assemble(
    benchmark: Benchmark,
    dataset: Any,
    lengths: dict[str, int],
    results: str | Path,
    reports: str | Path | None,
) -> Part:
    """The host's experiment on ``dataset``, without what its constructor would do."""
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
    """got10k's dataset of whatever sequences ``root`` holds.

    Raises:
        SourceError: none; names a folder near by that holds some.
    """
    if not root.is_dir():
        raise SourceError(f"no folder {root}; expected one with {benchmark.layout}")
    try:
        return _find_sequences(benchmark, root)
    except SourceError as error:
        if benchmark.options.get("subset") == "val" and (root / "test").is_dir():
            raise SourceError(
                f"{error}; its subset test is there; expected it to be named"
            ) from error
        folders = (root.parent, *sorted(path for path in root.iterdir() if path.is_dir()))
        near = next((path for path in folders if _holds_sequences(benchmark, path)), None)
        if near is None:
            raise
        raise SourceError(f"{error}; {near} has it") from error


def _holds_sequences(benchmark: Benchmark, root: Path) -> bool:
    try:
        return bool(_find_sequences(benchmark, root))
    except SourceError:
        return False


def _find_sequences(benchmark: Benchmark, root: Path) -> Any:
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
    present = [
        name
        for name, folder, annotation in zip(
            dataset.seq_names, dataset.seq_dirs, dataset.anno_files, strict=True
        )
        if Path(folder).is_dir() and Path(annotation).is_file()
    ]
    if not present:
        near = join_problems(_find_near_misses(benchmark, root))
        raise SourceError(
            f"{root} does not hold any sequence of {benchmark.folder}; expected {benchmark.layout}"
            f"{'; ' if near else ''}{near}"
        )
    return _restrict(dataset, present)


def _find_near_misses(benchmark: Benchmark, root: Path) -> dict[str, str]:
    """Folders that look like sequences of OTB but are not found, and why."""
    found: dict[str, str] = {}
    if benchmark.dataset is not datasets.OTB:
        return found
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        name = folder_name(folder.name)
        if name is None:
            continue
        if annotation_files(folder / folder.name):
            found[folder.name] = f"its files are in {folder / folder.name}; expected in {folder}"
        elif folder.name != name:
            found[folder.name] = f"expected the folder's name {name}, as OTB spells it"
        elif not annotation_files(folder):
            found[name] = "no annotation in it; expected groundtruth_rect.txt"
    return found


def _restrict(dataset: Any, names: Sequence[str]) -> Any:
    """A copy of a got10k dataset with only ``names``, in their order."""
    kept = [dataset.seq_names.index(name) for name in names]
    part = copy.copy(dataset)
    for attribute in PER_SEQUENCE:
        if hasattr(dataset, attribute):
            values = getattr(dataset, attribute)
            setattr(part, attribute, [values[i] for i in kept])
    return part


def _measure(benchmark: Benchmark, dataset: Any) -> tuple[dict[str, int], dict[str, str]]:
    """Annotated frames of each sequence that can be used, and what is wrong with the others."""
    lengths, problems = {}, {}
    for i, name in enumerate(dataset.seq_names):
        try:
            files, truth = dataset[i][:2]
            folder, annotation = Path(dataset.seq_dirs[i]), Path(dataset.anno_files[i])
            problem = _find_problem(benchmark, files, truth, folder, annotation)
        except SourceError as error:
            problem = str(error)
        except (ValueError, OSError, LookupError) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            problems[name] = problem
        else:
            lengths[name] = len(truth)
    return lengths, problems


def _quote_line(annotation: Path, index: int) -> str:
    """A line as it is in the file, and whether it is a flag that says that there is no object."""
    line = read_lines(annotation)[index]
    try:
        is_box = bool((parse_boxes(line)[0, 2:] > 0).all())
    except SourceError:
        is_box = False
    return f"line {index + 1} of {annotation.name} is {line!r}{', with a flag of absence' * is_box}"


def _find_problem(
    benchmark: Benchmark, files: list[str], truth: Boxes, folder: Path, annotation: Path
) -> str:
    """What is wrong with a sequence, "" if nothing."""
    if len(truth) < 2:
        return f"annotation of shape {truth.shape}; expected 2 lines or more of x,y,w,h"
    missing = next((file for file in files if not Path(file).is_file()), None)
    if missing:
        return f"no frame {missing}"
    holes = np.flatnonzero(~np.isfinite(truth).all(axis=1))
    if holes.size and holes[0] and not benchmark.gaps:
        line = _quote_line(annotation, holes[0])
        return f"{line}; expected a box, or 0,0,0,0 in a frame without the object"
    if 0 in holes or (truth[0, 2:] <= 0).any():
        return f"the object is absent from the first frame: {_quote_line(annotation, 0)}"
    if benchmark.is_got10k and not benchmark.is_hidden:
        absent = [name for name in GOT10K_METADATA if not (folder / name).is_file()]
        return f"no {', '.join(absent)} in {folder}" if absent else ""
    return ""
