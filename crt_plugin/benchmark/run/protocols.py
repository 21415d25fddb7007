"""OTB's robustness protocols: each start of a target is a sequence of its own.

Under SRE a tracker starts from 12 boxes beside the first annotation, under TRE from the annotation
of 20 frames (``starts``). What runs, resumes and reports a benchmark then does so with
``Deer@left`` or ``Deer@f0042`` as with ``Deer``; results go to ``OTB2015-SRE`` or ``OTB2015-TRE``.

The first frame of a start counts as hit, also where the given box was shifted: got10k overwrites a
tracker's first box before it scores, and the benchmark's toolkit does so under every protocol. A
shift thus costs what it does to the tracker, and nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from crt_plugin.benchmark.datasets.catalog import BENCHMARKS
from crt_plugin.benchmark.datasets.part import Part, make_part
from crt_plugin.benchmark.run.starts import (
    SPATIAL,
    TEMPORAL,
    Start,
    spatial_boxes,
    temporal_frames,
)
from crt_plugin.errors import ParameterError, SourceError, join_problems
from crt_plugin.formats.boxes import Boxes
from crt_plugin.hosts.got10k.toolkit import datasets, experiments

PROTOCOLS = ("ope", "sre", "tre")
OTB = tuple(name for name, known in BENCHMARKS.items() if known.dataset is datasets.OTB)


@dataclass(frozen=True)
class StartedPart(Part):
    """A part of a benchmark, target by target from several starts.

    ``names`` and ``lengths`` are of the starts.

    Attributes:
        starts: of all targets, by name.
        whole: the same targets from their first annotated box, as ``ope`` runs them.
    """

    starts: dict[str, Start]
    whole: Part

    @property
    def targets(self) -> list[str]:
        """The host's names of the targets, each once."""
        return list(dict.fromkeys(self.starts[name].target for name in self.names))

    @property
    def kinds(self) -> list[str]:
        """Kinds of its starts, in the order of the protocol."""
        there = {self.starts[name].kind for name in self.names}
        return [kind for kind in (*SPATIAL, *TEMPORAL) if kind in there]

    @property
    def is_spatial(self) -> bool:
        """Whether its starts are those of SRE."""
        return set(self.kinds) <= set(SPATIAL)

    def __str__(self) -> str:
        """For example "12 starts of 1 of 100 targets of OTB2015-SRE"."""
        targets = f"{len(self.targets)} of {self.benchmark.listed} targets"
        return f"{len(self.names)} starts of {targets} of {self.benchmark.folder}"


def check_protocol(protocol: str, dataset: str) -> None:
    """Check a protocol's name, and that it is defined for a key of ``BENCHMARKS``.

    Raises:
        ParameterError: no such protocol, or not one of this dataset.
    """
    if protocol not in PROTOCOLS:
        raise ParameterError(f"no protocol {protocol!r}; expected {', '.join(PROTOCOLS)}")
    if protocol != "ope" and dataset in BENCHMARKS and dataset not in OTB:
        raise ParameterError(
            f"{protocol} is a protocol of OTB, and the dataset is {dataset!r}; "
            f"expected {', '.join(OTB)}; or ope"
        )


def start_targets(part: Part, protocol: str) -> Part:
    """A part of OTB under a protocol: a ``StartedPart``, or the same one for "ope".

    Targets whose first frame cannot be read, or whose object lies outside it, are left out.

    Raises:
        SourceError: that leaves none.
    """
    if protocol == "ope":
        return part
    find = {"sre": _spatial_starts, "tre": _temporal_starts}[protocol]
    starts, sequences = {}, {}
    unusable = dict(part.unusable)
    for target, (files, truth) in zip(part.names, part.experiment.dataset, strict=True):
        try:
            found = list(find(target, files, truth))
        except SourceError as error:
            unusable[target] = str(error)
            continue
        for start in found:
            starts[start.name] = start
            boxes = truth[start.frame :].copy()
            boxes[0] = start.box
            sequences[start.name] = (files[start.frame :], boxes)
    if not starts:
        raise SourceError(f"no target can be used: {join_problems(unusable)}")
    benchmark = replace(
        part.benchmark,
        folder=f"{part.benchmark.folder}-{protocol.upper()}",
        experiment=_StartsExperiment,
        settings={**part.benchmark.settings, "protocol": protocol.upper()},
    )
    folders = (part.experiment.result_dir, part.experiment.report_dir)
    derived = make_part(benchmark, sequences, *(Path(folder).parent for folder in folders))
    return StartedPart(
        benchmark, derived.experiment, derived.lengths, starts, part, unusable=unusable
    )


def _spatial_starts(target: str, files: list[str], truth: Boxes) -> Iterator[Start]:
    try:
        with Image.open(files[0]) as image:
            width, height = image.size
    except OSError as error:
        raise SourceError(f"the first frame cannot be read: {error}") from error
    for kind, box in spatial_boxes(truth[0], width, height).items():
        if (box[2:] <= 0).any():
            raise SourceError(
                f"moved to {kind}, the first box {truth[0].tolist()} lies outside the "
                f"frame of {width} x {height} px; expected targets inside"
            )
        yield Start(target, kind, kind, 0, box)


def _temporal_starts(target: str, _: list[str], truth: Boxes) -> Iterator[Start]:
    # As in the toolkit: no start where the annotation has no area or begins outside the frame. Its
    # lists of frames with occlusion come with the toolkit only, and are not used here.
    usable = np.asarray((truth > 0).all(axis=1))
    for kind, frame in temporal_frames(usable).items():
        yield Start(target, kind, f"f{frame:04d}", frame, truth[frame])


class _StartsExperiment(experiments.ExperimentOTB):
    """got10k's experiment, with the protocol's name in its pictures."""

    protocol: str

    def plot_curves(self, tracker_names: Sequence[str]) -> None:
        """Draw the host's curves, which it entitles "of OPE", under the protocol's own name."""
        before = set(plt.get_fignums())
        super().plot_curves(tracker_names)
        folder = Path(self.report_dir) / tracker_names[0]
        drawn = sorted(set(plt.get_fignums()) - before)
        for kind, number in zip(("success", "precision"), drawn, strict=False):
            figure = plt.figure(number)
            axes = figure.axes[0]
            axes.set_title(axes.get_title().replace("OPE", self.protocol))
            figure.savefig(folder / f"{kind}_plots.png", dpi=300, bbox_inches="tight")
