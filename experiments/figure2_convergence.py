"""Figure 2: how fast gradient descent converges, with and without hard negative mining.

    python experiments/figure2_convergence.py --data OTB_FOLDER --sequences Couple

Plain gradient descent on the first frame's train patch, learning rate 1e-10, lambda 1e3:
SNR (eq. 6) against the step for (th, a) = (0, 0), (0.05, 0) and (0.05, 1), and the regression
maps at 500, 1000, 1500 and 2000 steps, beside the patch and the target map. The paper does not
say which patch; the first of the sequences is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

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
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput
from crt_plugin.paper.script import main
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.report.plots import Curves, Line, Panel, draw_curves, draw_panels
from crt_plugin.report.result_table import ResultTable, cells
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


@dataclass(frozen=True)
class TrainPair:
    """The train patch, its features and its target map."""

    params: Parameters
    geometry: PatchGeometry
    patch: np.ndarray
    features: torch.Tensor
    label: torch.Tensor


def make(reproduction: Reproduction) -> ScriptOutput:
    """Descend three times, and draw."""
    name = (reproduction.part.names if reproduction.part else [""])[0]
    sequence = reproduction.sequence(name)
    if sequence is None:
        return ScriptOutput(findings=["Figure 2: not made, as there are no frames."])
    files, truth = sequence
    pair = make_pair(np.asarray(Image.open(files[0]).convert("RGB")), truth[0] - FIRST_PIXEL)
    runs = {label: descend(pair, label) for label in SETTINGS}
    provenance = [*reproduction.provenance([name], [OURS]), CHANGED]
    ratios = {label: snr for label, (snr, _) in runs.items()}
    figures = _plot(reproduction, name, ratios, provenance) + _show(
        reproduction, pair, runs, provenance
    )
    rows = [cells(label, *(snr[step - 1] for step in SHOWN)) for label, snr in ratios.items()]
    title = f"Figure 2: SNR after steps of gradient descent, {name}"
    table = ResultTable("figure2_convergence", title, ("setting", *map(str, SHOWN)), rows)
    return ScriptOutput([reproduction.save(table, provenance)], figures, [_compare(ratios)])


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


def _plot(
    reproduction: Reproduction, name: str, ratios: dict[str, np.ndarray], provenance: list[str]
) -> list:
    lines = [Line(label, label, snr) for label, snr in ratios.items()]
    title = f"Convergence of gradient descent, {name}"
    steps = np.arange(1.0, STEPS + 1)
    panel = Curves(title, "step", "SNR = exp(max M - mean M)", steps, lines)
    return draw_curves([panel], 1, reproduction.output / "figure2_convergence", provenance)


def _show(reproduction: Reproduction, pair: TrainPair, runs: dict, provenance: list[str]) -> list:
    """The first row: patch and target; then a row of maps a setting."""
    target = pair.label[0].cpu().numpy()
    rows = [[Panel("train patch", pair.patch), Panel("target map", target, limits=(0, 1))]]
    for label in ("th = 0.05, a = 1", "th = 0.00, a = 0"):
        maps = runs[label][1]
        rows.append([Panel(f"{label}, step {step}", maps[step], limits=(0, 1)) for step in SHOWN])
    return draw_panels(rows, reproduction.output / "figure2_maps", provenance)


def _compare(ratios: dict[str, np.ndarray]) -> str:
    """Whether truncation and weighting speed the convergence up."""
    last = {label: snr[-1] for label, snr in ratios.items()}
    order = sorted(last, key=lambda label: -last[label])
    agrees = order == list(SETTINGS)
    return (
        f"SNR after {STEPS} steps: "
        + ", ".join(f"{last[label]:.3f} with {label}" for label in order)
        + (": the paper's order." if agrees else ": not the paper's order.")
    )


if __name__ == "__main__":
    main(make, __doc__ or "")
