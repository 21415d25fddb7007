"""Which benchmarks there are, and got10k's experiment on the part of one that a folder holds.

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
from numpy.typing import NDArray

from crt_plugin.errors import ParameterError, SourceError
from crt_plugin.hosts.got10k import datasets, experiments, quiet, require_got10k, skip_check

# Lists of a got10k dataset, one entry a sequence
PER_SEQUENCE = ("seq_names", "seq_dirs", "anno_files", "range_files")
GOT10K_METADATA = ("meta_info.ini", "cover.label", "absence.label", "cut_by_image.label")


@dataclass(frozen=True)
class Benchmark:
    """A dataset as got10k knows it.

    Attributes:
        folder: subfolder of results and reports, as the host names it.
        experiment: got10k's experiment class.
        dataset: got10k's dataset class.
        listed: number of targets in the complete benchmark.
        layout: what the dataset's folder holds.
        options: arguments of the dataset class beside the folder.
        settings: attributes that the experiment's constructor sets.
        gaps: whether annotations may be NaN where the object is not to be seen.
    """

    folder: str
    experiment: type
    dataset: type
    listed: int
    layout: str
    options: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=lambda: {"nbins_iou": 21, "nbins_ce": 51})
    gaps: bool = False

    @property
    def is_got10k(self) -> bool:
        """Whether results are laid out and scored as GOT-10k's: per frame, with repetitions."""
        return "repetitions" in self.settings


def _otb(version: int | str, listed: int) -> Benchmark:
    return Benchmark(
        f"OTB{version}",
        experiments.ExperimentOTB,
        datasets.OTB,
        listed,
        "<Sequence>/img/*.jpg and <Sequence>/groundtruth_rect.txt",
        {"version": version, "download": False},
    )


def _uav(version: str, listed: int) -> Benchmark:
    return Benchmark(
        version,
        experiments.ExperimentUAV123,
        datasets.UAV123,
        listed,
        f"anno/{version}/<sequence>.txt and data_seq/UAV123/<sequence>/*.jpg",
        {"version": version},
        gaps=True,
    )


def _nfs(fps: int) -> Benchmark:
    return Benchmark(
        f"NfS/{fps}",
        experiments.ExperimentNfS,
        datasets.NfS,
        100,
        f"<sequence>/{fps}/<sequence>.txt and <sequence>/{fps}/<sequence>/*.jpg",
        {"fps": fps},
    )


BENCHMARKS = {
    "otb": _otb(2015, 100),
    "otb2013": _otb(2013, 51),
    "otb2015": _otb(2015, 100),
    "tb50": _otb("tb50", 50),
    "tb100": _otb("tb100", 100),
    "got10k": Benchmark(
        "GOT-10k",
        experiments.ExperimentGOT10k,
        datasets.GOT10k,
        180,
        "val/list.txt, val/<sequence>/*.jpg, groundtruth.txt and " + ", ".join(GOT10K_METADATA),
        {"subset": "val"},
        {"subset": "val", "nbins_iou": 101, "repetitions": 3},
    ),
    "uav123": _uav("UAV123", 123),
    "uav20l": _uav("UAV20L", 20),
    "nfs": _nfs(240),
    "nfs240": _nfs(240),
    "nfs30": _nfs(30),
    "dtb70": Benchmark(
        "DTB70",
        experiments.ExperimentDTB70,
        datasets.DTB70,
        70,
        "<Sequence>/img/*.jpg and <Sequence>/groundtruth_rect.txt",
    ),
    "tcolor128": Benchmark(
        "TColor128",
        experiments.ExperimentTColor128,
        datasets.TColor128,
        128,
        "<Sequence>/img/*.jpg, <Sequence>_gt.txt and <Sequence>_frames.txt",
        {"download": False},
    ),
}


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
        experiment.dataset = _restricted(self.experiment.dataset, names)
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
        dataset = _restricted(dataset, _there(dataset, sequences))
    lengths = _checked_lengths(benchmark, dataset)
    return assemble(benchmark, dataset, lengths, results, reports)


def find_benchmark(name: str) -> Benchmark:
    """The benchmark of a name.

    Raises:
        ParameterError: not a key of ``BENCHMARKS``.
        MissingExtraError: got10k is too old.
    """
    require_got10k()
    if name not in BENCHMARKS:
        raise ParameterError(f"no dataset {name!r}; expected {', '.join(BENCHMARKS)}")
    return BENCHMARKS[name]


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
    lengths, problems = _lengths(benchmark, dataset)
    whole = [sequence for sequence in dataset.seq_names if sequence not in problems]
    part = assemble(benchmark, _restricted(dataset, whole), lengths, results, reports)
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
            dataset = skip_check(benchmark.dataset)(str(root), **benchmark.options)
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
    return _restricted(dataset, there)


def _there(dataset: Any, sequences: Sequence[str]) -> list[str]:
    """``sequences`` without repetitions, if all are there."""
    missing = [name for name in sequences if name not in dataset.seq_names]
    if missing or not sequences:
        raise SourceError(
            f"{dataset.root_dir} does not hold {', '.join(missing) or 'none at all'}; "
            f"it holds {', '.join(dataset.seq_names)}"
        )
    return list(dict.fromkeys(sequences))


def _restricted(dataset: Any, names: Sequence[str]) -> Any:
    """A copy of a got10k dataset with only ``names``, in their order."""
    kept = [dataset.seq_names.index(name) for name in names]
    part = copy.copy(dataset)
    for attribute in PER_SEQUENCE:
        if hasattr(dataset, attribute):
            values = getattr(dataset, attribute)
            setattr(part, attribute, [values[i] for i in kept])
    return part


# --------------------------------------------------------------------- checks before a long run


def _checked_lengths(benchmark: Benchmark, dataset: Any) -> dict[str, int]:
    """Annotated frames of each sequence; every sequence that cannot be used is an error.

    A damaged sequence is refused before anything runs: a mean over the others would look like
    the benchmark's.
    """
    lengths, problems = _lengths(benchmark, dataset)
    if problems:
        said = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        raise SourceError(
            f"{dataset.root_dir} has sequences that cannot be used: {said}. "
            "Mend them, or name the others as sequences"
        )
    return lengths


def _lengths(benchmark: Benchmark, dataset: Any) -> tuple[dict[str, int], dict[str, str]]:
    """Annotated frames of each sequence that can be used, and what is wrong with the others."""
    lengths, problems = {}, {}
    for i, name in enumerate(dataset.seq_names):
        try:
            files, truth = dataset[i][:2]
            problem = _problem(benchmark, files, truth, Path(dataset.seq_dirs[i]))
        except (AssertionError, ValueError, OSError, LookupError) as error:
            problem = _why_refused(dataset, i, error)
        if problem:
            problems[name] = problem
        else:
            lengths[name] = len(truth)
    return lengths, problems


def _problem(
    benchmark: Benchmark, files: list[str], truth: NDArray[np.float64], folder: Path
) -> str:
    """What is wrong with a sequence, "" if nothing."""
    if truth.ndim != 2 or truth.shape[1] != 4:
        return f"annotation of shape {truth.shape}; expected 2 lines or more of x,y,w,h"
    if len(files) != len(truth):
        return f"{len(files)} frames, and {len(truth)} lines of annotation"
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


def _why_refused(dataset: Any, index: int, error: Exception) -> str:
    """got10k asserts without a word; count the lines and frames again."""
    file = Path(dataset.anno_files[index])
    lines = sum(1 for line in file.read_text(errors="replace").splitlines() if line.strip())
    folder = Path(dataset.seq_dirs[index])
    frames = len([*folder.glob("*.jpg"), *folder.glob("img/*.jpg")])
    said = f" ({type(error).__name__}: {error})" if str(error) else ""
    return f"{frames} frames, and {lines} lines of annotation in {file.name}{said}"
