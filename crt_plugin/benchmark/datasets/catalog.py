"""Which benchmarks there are: datasets as got10k knows them, and its experiments on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crt_plugin.errors import ParameterError
from crt_plugin.hosts.got10k.toolkit import datasets, experiments, require_got10k

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
        "<Sequence>/img/<images> and <Sequence>/groundtruth_rect.txt",
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
        "<Sequence>/img/<images> and <Sequence>/groundtruth_rect.txt",
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
