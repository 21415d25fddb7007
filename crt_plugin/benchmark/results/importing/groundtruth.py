"""Annotations that results belong to: of OTB without frames, of others in the dataset's folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from crt_plugin.benchmark.datasets.catalog import BENCHMARKS, SUBSETS
from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.datasets.recognise import recognise_dataset
from crt_plugin.benchmark.results.importing.archives import read_files
from crt_plugin.errors import SourceError
from crt_plugin.formats.boxes import Boxes, parse_boxes
from crt_plugin.formats.otb import annotated_target
from crt_plugin.hosts.got10k.toolkit import datasets


@dataclass(frozen=True)
class Annotated:
    """The sequences of a dataset that results are compared with.

    Attributes:
        dataset: key of ``BENCHMARKS``.
        lengths: lines that results of each sequence have.
        problems: what is wrong with sequences that are there and cannot be used.
    """

    dataset: str
    lengths: dict[str, int]
    problems: dict[str, str] = field(default_factory=dict)


def read_lengths(source: str | Path, dataset: str | None = None) -> Annotated:
    """The lengths of the sequences of a dataset.

    Args:
        source: the dataset's folder; of OTB, also what ``read_annotations`` takes.
        dataset: key of ``BENCHMARKS``; None recognises it.

    Raises:
        SourceError: no dataset that is known, or none of its sequences can be used.
        ParameterError: no dataset of this name.
    """
    source = Path(source)
    if dataset is None:
        dataset = _recognise(source)
    if dataset not in BENCHMARKS or BENCHMARKS[dataset].dataset is not datasets.OTB:
        lengths: dict[str, int] = {}
        problems: dict[str, str] = {}
        for subset in _list_subsets(source, dataset):
            part = open_part(dataset, source, subset=subset)
            lengths |= part.lengths
            problems |= part.unusable
        return Annotated(dataset, lengths, problems)
    return Annotated(
        dataset, {name: len(boxes) for name, boxes in read_annotations(source).items()}
    )


def _recognise(source: Path) -> str:
    """The dataset of a folder; OTB, of which annotations alone will do, if it is not known."""
    try:
        return recognise_dataset(source)
    except SourceError:
        return "otb"


def _list_subsets(root: Path, dataset: str) -> list[str | None]:
    """Of GOT-10k both subsets that are there; of others None, which is all."""
    there = [subset for subset in SUBSETS if (root / subset).is_dir()]
    return [*there] if dataset == "got10k" and there else [None]


def read_annotations(source: str | Path) -> dict[str, Boxes]:
    """Annotated boxes of each target, 1-based as the files are, under the host's names.

    Args:
        source: a folder or zip archive with ``<Sequence>/groundtruth_rect*.txt``, as OTB is laid
            out, or with ``<Target>.txt``.

    Raises:
        SourceError: it holds no annotation of OTB, or one that cannot be read.
    """
    found = {}
    for path, content in read_files(Path(source)):
        name = annotated_target(path)
        if name is None or not content.strip():
            continue
        try:
            found[name] = parse_boxes(content)
        except SourceError as error:
            raise SourceError(f"annotation {path} of {source}: {error}") from error
    if not found:
        raise SourceError(
            f"{source} holds no annotation of OTB; expected a zip archive or folder with "
            "<Sequence>/groundtruth_rect.txt or <Sequence>.txt"
        )
    return dict(sorted(found.items()))
