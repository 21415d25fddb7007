"""Which benchmarks there are: got10k's datasets and ours, and the experiments on them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from crt_plugin.benchmark.datasets.layouts import (
    LASOT_EXTENSION,
    AVisT,
    LaSOT,
    LaSOTExtension,
    NfSOfPytracking,
    OwnSequences,
    TrackingNet,
    UAV123At10,
    VOTSequences,
)
from crt_plugin.errors import ParameterError
from crt_plugin.hosts.got10k.experiments import GOT10kExperiment, OnePassExperiment
from crt_plugin.hosts.got10k.toolkit import datasets, experiments, require_got10k

OTB_METRICS = {"AUC": "auc", "OS": "os", "DP": "dp"}
OWN = "Own"
SUBSETS = ("val", "test")  # of GOT-10k
GOT10K_METADATA = ("meta_info.ini", "cover.label", "absence.label", "cut_by_image.label")


@dataclass(frozen=True)
class Benchmark:
    """A dataset in got10k's form.

    Attributes:
        folder: subfolder of results and reports, as the host names it.
        experiment: got10k's experiment class, or ours on it.
        dataset: got10k's dataset class, or ours.
        listed: number of targets in the complete benchmark; 0 where there is no such number.
        layout: what the dataset's folder holds.
        options: arguments of the dataset class beside the folder.
        settings: attributes that the experiment's constructor sets.
        gaps: whether annotations may be NaN where the object is not to be seen.
        metrics: attributes of ``results.scores.Score`` by the heading of their column.
        is_hidden: whether only the first boxes are public, and a server scores results.
    """

    folder: str
    experiment: type
    dataset: type
    listed: int
    layout: str
    options: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=lambda: {"nbins_iou": 21, "nbins_ce": 51})
    gaps: bool = False
    metrics: dict[str, str] = field(default_factory=lambda: dict(OTB_METRICS))
    is_hidden: bool = False

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


def _one_pass(
    folder: str, dataset: type, listed: int, layout: str, counts_absent: bool = False
) -> Benchmark:
    """A dataset that ours read, scored by OTB's curves and normalised precision."""
    return Benchmark(
        folder,
        OnePassExperiment,
        dataset,
        listed,
        layout,
        settings={"nbins_iou": 21, "nbins_ce": 51, "counts_absent": counts_absent},
        gaps=True,
        metrics={**OTB_METRICS, "NP": "normalised"},
    )


_LASOT = "<class>/<sequence>/img/<images>, groundtruth.txt, full_occlusion.txt and out_of_view.txt"

BENCHMARKS = {
    "otb": _otb(2015, 100),
    "otb2013": _otb(2013, 51),
    "otb2015": _otb(2015, 100),
    "tb50": _otb("tb50", 50),
    "tb100": _otb("tb100", 100),
    "got10k": Benchmark(
        "GOT-10k",
        GOT10kExperiment,
        datasets.GOT10k,
        180,
        "val/list.txt, val/<sequence>/*.jpg, groundtruth.txt and " + ", ".join(GOT10K_METADATA),
        {"subset": "val"},
        {"subset": "val", "nbins_iou": 101, "repetitions": 3},
        metrics={"AO": "auc", "SR0.5": "os", "SR0.75": "os75"},
    ),
    "lasot": _one_pass("LaSOT", LaSOT, 280, _LASOT, counts_absent=True),
    "lasot-ext": _one_pass(
        "LaSOT-ext", LaSOTExtension, len(LASOT_EXTENSION), _LASOT, counts_absent=True
    ),
    "trackingnet": replace(
        _one_pass(
            "TrackingNet",
            TrackingNet,
            511,
            "TEST/anno/<sequence>.txt and TEST/frames/<sequence>/<images>",
        ),
        is_hidden=True,
    ),
    "uav123": _uav("UAV123", 123),
    "uav123-10fps": _one_pass(
        "UAV123_10fps",
        UAV123At10,
        123,
        "anno/UAV123_10fps/<sequence>.txt and data_seq/UAV123_10fps/<sequence>/<images>",
    ),
    "uav20l": _uav("UAV20L", 20),
    "nfs": _nfs(240),
    "nfs240": _nfs(240),
    "nfs30": _nfs(30),
    "nfs-pytracking": _one_pass(
        "NfS-pytracking",
        NfSOfPytracking,
        100,
        "anno/nfs_<sequence>.txt and sequences/<sequence>/<images>",
    ),
    "avist": replace(
        _one_pass(
            "AVisT",
            AVisT,
            120,
            "anno/<sequence>.txt, sequences/<sequence>/<images>, full_occlusion/ and out_of_view/",
        ),
        metrics={"AUC": "auc", "OP50": "os", "OP75": "os75"},
    ),
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
    "vot": _one_pass(
        "VOT", VOTSequences, 0, "<sequence>/groundtruth.txt and <sequence>/color/<images>"
    ),
    "own": _one_pass(
        OWN,
        OwnSequences,
        0,
        "<sequence>/groundtruth_rect.txt or <sequence>/groundtruth.txt, and images in img/, color/ "
        "or beside it",
    ),
}


def find_benchmark(name: str, subset: str | None = None) -> Benchmark:
    """The benchmark of a name.

    Args:
        subset: of GOT-10k, "val" or "test"; None is "val".

    Raises:
        ParameterError: not a key of ``BENCHMARKS``, or no such subset of it.
        MissingExtraError: got10k is too old.
    """
    require_got10k()
    if name not in BENCHMARKS:
        raise ParameterError(f"no dataset {name!r}; expected {', '.join(BENCHMARKS)}")
    benchmark = BENCHMARKS[name]
    if subset is None:
        return benchmark
    if not benchmark.is_got10k or subset not in SUBSETS:
        raise ParameterError(
            f"no subset {subset!r} of dataset {name!r}; expected {' or '.join(SUBSETS)}, of got10k"
        )
    if subset == "val":
        return benchmark
    # The experiment stays that of "val": that of "test" waits two seconds before each sequence.
    layout = "test/list.txt, test/<sequence>/*.jpg and groundtruth.txt with the first box"
    return replace(benchmark, options={"subset": "test"}, layout=layout, gaps=True, is_hidden=True)
