"""What two departures from the published code change: boxes of whole pixels, features of 16 bits.

    python experiments/studies/departures.py --data OTB_FOLDER --sequences Skiing Deer

Prints the success AUC of each sequence: as the package tracks, with every box truncated to whole
pixels as the published code does, with VGG's weights and layers rounded to bfloat16 in between
(as a CPU that computes in it would, but at the speed of float32), and with both.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch.nn import functional

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.run.evaluate import Options, run_trackers
from crt_plugin.features.base import FeatureExtractor
from crt_plugin.features.vgg import MEAN_COLOR, VGG, pooled_layers
from crt_plugin.features.vgg_weights import load_layers
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.parameters import Parameters
from crt_plugin.plus.tracker import CRTTracker


class WholePixelTracker(CRTTracker):
    """Every box loses its fractions of a pixel, place and size."""

    def update(self, image: Any) -> np.ndarray:
        """Box of the next frame, whole pixels."""
        super().update(image)
        pose = self.last.pose.place_box(np.floor(self.last.box))
        self._last = replace(self.last, pose=pose)
        return self.last.box.copy()


class RoundedVGG:
    """VGG-16 whose weights and layers are rounded to bfloat16; sums in float32."""

    stride, rescaled, is_network = VGG.stride, VGG.rescaled, VGG.is_network

    def __init__(self, params: Parameters, like: FeatureExtractor) -> None:
        self.name, self.channels, self.groups = like.name, like.channels, like.groups
        self._layers = [tuple(map(round_to_bfloat16, layer)) for layer in load_layers(params)]

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """N x 4h x 4w x 3, uint8, RGB -> N x h x w x C, float32."""
        x = patches.float() - torch.tensor(MEAN_COLOR)
        x = round_to_bfloat16(x).permute(0, 3, 1, 2)
        for number, (weight, bias) in enumerate(self._layers, start=1):
            x = functional.relu(functional.conv2d(x, weight, bias, padding=1))
            x = round_to_bfloat16(x)
            if number in pooled_layers(len(self._layers)):
                x = functional.max_pool2d(x, 2)
        return x.permute(0, 2, 3, 1).contiguous()


def round_to_bfloat16(x: torch.Tensor) -> torch.Tensor:
    """To the nearest bfloat16, as float32."""
    return x.bfloat16().float()


def make_variant(name: str) -> GOT10kTracker:
    """CRT with some of the departures taken back, called ``CRT-<name>``."""
    host = GOT10kTracker("default", name=f"CRT-{name}", precision="float32")
    if "whole pixels" in name:
        host.tracker = WholePixelTracker(host.tracker.params)
    if "bfloat16" in name:
        features = host.tracker.features
        features.extractors = [RoundedVGG(host.tracker.params, features.extractors[0])]
    return host


VARIANTS = ("as it is", "whole pixels", "bfloat16", "whole pixels, bfloat16")


def main() -> None:
    """Run, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sequences", nargs="+")
    parser.add_argument("--variants", nargs="+", default=VARIANTS, choices=VARIANTS)
    parser.add_argument("--results", type=Path, default=Path("results/departures"))
    args = parser.parse_args()

    part = open_part("otb", args.data, args.sequences, args.results)
    trackers = [make_variant(name) for name in args.variants]
    scores = run_trackers(part, trackers, Options()).report.scores
    table = Table("AUC", *args.variants)
    for name in part.names:
        table.add_row(name, *(f"{score.by_sequence[name]:.3f}" for score in scores))
    table.add_row("mean", *(f"{score.auc:.3f}" for score in scores))
    Console().print(table)


if __name__ == "__main__":
    main()
