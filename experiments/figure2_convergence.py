"""Figure 2: how fast gradient descent converges, with and without hard negative mining.

    python experiments/figure2_convergence.py --data OTB_FOLDER

Plain gradient descent on the first frame's train patch, learning rate 1e-10, lambda 1e3:
SNR (eq. 6) against the step for (th, a) = (0, 0), (0.05, 0) and (0.05, 1), and the regression
maps at 500, 1000, 1500 and 2000 steps, beside the patch and the target map. The paper shows one
patch and does not say of which sequence. Curves and table are over the first ten targets, the
maps are those of the first of them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.progress import track

from crt_plugin.algorithm.geometry import PatchGeometry, cut_patches
from crt_plugin.algorithm.maps import label_map
from crt_plugin.algorithm.regression import ConvRegression, signal_to_noise
from crt_plugin.algorithm.tracker import objective_of
from crt_plugin.features.pipeline import FeaturePipeline
from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.paper.quality import verdict
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput
from crt_plugin.paper.script import main
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.report.plots import Curves, Line, Panel, draw_curves, draw_panels
from crt_plugin.report.result_table import ResultTable, cells
from crt_plugin.report.statistics.bootstrap import paired_difference
from crt_plugin.runtime.device import choose_device, choose_precision
from crt_plugin.runtime.image import as_rgb

OURS = "default"  # parameter file
SETTINGS = {  # th and a, and the settings that are the paper's section 3.2 for all three
    "th = 0.05, a = 1": {"loss_threshold": 0.05, "loss_exponent": 1.0},
    "th = 0.05, a = 0": {"loss_threshold": 0.05, "loss_exponent": 0.0},
    "th = 0.00, a = 0": {"loss_threshold": 0.0, "loss_exponent": 0.0},
}
SAME = {"optimizer": "sgd", "regularization": 1e3, "stop_loss": 0.0}
LEARNING_RATE = 1e-10
CHANGED = "Changed settings: th and a as shown, plain gradient descent with learning rate 1e-10"
STEPS = 2000
SHOWN = (500, 1000, 1500, 2000)
TARGETS = 10  # whose first frames are trained on

Ratios = dict[str, dict[str, np.ndarray]]  # SNR after each step, by setting and target


@dataclass(frozen=True)
class TrainPair:
    """The train patch, its features and its target map."""

    params: Parameters
    geometry: PatchGeometry
    patch: np.ndarray
    features: torch.Tensor
    label: torch.Tensor


def make(reproduction: Reproduction) -> ScriptOutput:
    """Descend three times on each patch, and draw."""
    names = (reproduction.part.names if reproduction.part else [])[:TARGETS]
    if not names:
        return ScriptOutput(findings=["Figure 2: not made, as there are no frames."])
    pairs = {name: read_pair(reproduction, name) for name in names}
    runs = {n: {label: descend(pair, label) for label in SETTINGS} for n, pair in pairs.items()}
    ratios = {label: {n: run[label][0] for n, run in runs.items()} for label in SETTINGS}
    provenance = [*reproduction.provenance(names, [OURS]), CHANGED]
    figures = _plot(reproduction, ratios, provenance)
    figures += _show(reproduction, pairs[names[0]], runs[names[0]], provenance)
    table = reproduction.save(_tabulate(ratios), provenance)
    return ScriptOutput([table], figures, _compare(ratios))


def read_pair(reproduction: Reproduction, name: str) -> TrainPair:
    """The train patch of a target that has frames."""
    sequence = reproduction.sequence(name)
    assert sequence is not None  # its name is one of those with frames
    files, truth = sequence
    return make_pair(np.asarray(Image.open(files[0]).convert("RGB")), truth[0] - FIRST_PIXEL)


def make_pair(image: np.ndarray, box: np.ndarray) -> TrainPair:
    """What ``CRTTracker.init`` trains on, with the paper's best parameters."""
    params = load_parameters(OURS).copy(**SAME)
    device = choose_device(params.device)
    pipeline = FeaturePipeline(params, device, choose_precision(params.precision, device))
    geometry = PatchGeometry.of_object(
        (box[2], box[3]),
        filter_cells=params.filter_cells,
        patch_size=(params.patch_height, params.patch_width),
        stride=pipeline.stride,
    )
    patch = cut_patches(as_rgb(image), [geometry.patch_rect(box)], geometry.input_size)
    with torch.inference_mode():
        features = pipeline.fit(torch.from_numpy(patch).to(device))
    label = label_map(geometry, params.label_sigma, geometry.center).to(device)[None]
    return TrainPair(params, geometry, patch[0], features, label)


@torch.inference_mode()
def descend(pair: TrainPair, label: str) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """SNR before each step, and the regression maps of ``SHOWN``."""
    params = pair.params.copy(**SETTINGS[label])
    size = (pair.geometry.filter_h, pair.geometry.filter_w)
    generator = torch.Generator().manual_seed(params.seed)
    regression = ConvRegression(size, pair.features, generator, **objective_of(params))
    optimizer = regression.make_optimizer(params.optimizer, LEARNING_RATE)
    ratios, maps = [], {}
    for step in track(range(1, STEPS + 1), description=label, console=Console(stderr=True)):
        regression.descend(optimizer, pair.features, pair.label, 1, params.stop_loss)
        response = regression.response(pair.features)
        ratios.append(float(signal_to_noise(response)))
        if step in SHOWN:
            maps[step] = response[0].cpu().numpy()
    return np.array(ratios), maps


def _plot(reproduction: Reproduction, ratios: Ratios, provenance: list[str]) -> list[Path]:
    """Means over the targets."""
    lines = [
        Line(label, label, np.mean(list(snr.values()), axis=0)) for label, snr in ratios.items()
    ]
    count = len(next(iter(ratios.values())))
    title = f"Convergence of gradient descent, mean of {count} targets"
    steps = np.arange(1.0, STEPS + 1)
    panel = Curves(title, "step", "SNR = exp(max M - mean M)", steps, lines)
    return draw_curves([panel], 1, reproduction.output / "figure2_convergence", provenance)


def _tabulate(ratios: Ratios) -> ResultTable:
    """A row for each target, and one for their mean: each setting at each of the shown steps."""
    columns = [(label, step) for label in ratios for step in SHOWN]
    values = {
        name: [float(ratios[label][name][step - 1]) for label, step in columns]
        for name in next(iter(ratios.values()))
    }
    values["mean"] = list(np.mean(list(values.values()), axis=0))
    rows = [cells(name, *row) for name, row in values.items()]
    heads = [f"{label}: {step}" for label, step in columns]
    title = "Figure 2: SNR after steps of gradient descent"
    return ResultTable("figure2_convergence", title, ("target", *heads), rows)


def _show(
    reproduction: Reproduction, pair: TrainPair, runs: dict, provenance: list[str]
) -> list[Path]:
    """The first row: patch and target; then a row of maps a setting."""
    target = pair.label[0].cpu().numpy()
    rows = [[Panel("train patch", pair.patch), Panel("target map", target, limits=(0, 1))]]
    for label in ("th = 0.05, a = 1", "th = 0.00, a = 0"):
        maps = runs[label][1]
        rows.append([Panel(f"{label}, step {step}", maps[step], limits=(0, 1)) for step in SHOWN])
    return draw_panels(rows, reproduction.output / "figure2_maps", provenance)


def _compare(ratios: Ratios) -> list[str]:
    """Whether truncation and weighting speed the convergence up."""
    last = {label: {n: float(r[-1]) for n, r in snr.items()} for label, snr in ratios.items()}
    found = []
    for better, worse in itertools.pairwise(SETTINGS):
        difference = paired_difference(last[better], last[worse])
        if difference is not None:
            found.append(
                f"SNR after {STEPS} steps is higher with {better} than with {worse}: {difference}, "
                f"{verdict(difference)}."
            )
    return found or ["Figure 2: no interval of a single target."]


if __name__ == "__main__":
    main(make, __doc__ or "")
