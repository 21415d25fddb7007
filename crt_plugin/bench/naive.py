"""The tracker as one would write it first: library convolutions, autograd, torch.optim.

Its boxes are those of ``CRTTracker`` in float32, up to rounding; its speed is for comparison.
"""

from __future__ import annotations

import torch
from torch import nn

from crt_plugin.algorithm.literal import LiteralRegression
from crt_plugin.bench.limits import bare_network
from crt_plugin.features.vgg import MEAN_COLOR, VGG
from crt_plugin.parameters import Parameters
from crt_plugin.plus.filter_window import LiteralWindowedRegression
from crt_plugin.plus.tracker import CRTTracker


class PlainVGG:
    """VGG-16 in float32 of library layers, on all patches at once."""

    stride = VGG.stride
    rescaled, is_network = VGG.rescaled, VGG.is_network

    def __init__(self, params: Parameters, device: torch.device, like: VGG) -> None:
        self.name, self.channels, self.groups = like.name, like.channels, like.groups
        self._shallow = params.vgg_shallow_layer
        network = bare_network(params.copy(features="vgg"), device, torch.float32)
        assert isinstance(network, nn.Sequential)
        self._network = network
        self._mean = torch.tensor(MEAN_COLOR, device=device)

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """N x 4h x 4w x 3, uint8, RGB -> N x h x w x C, float32."""
        x = (patches.float() - self._mean).permute(0, 3, 1, 2)
        taken, number = [], 0
        for module in self._network:
            if isinstance(module, nn.Conv2d):
                if number and number == self._shallow:
                    taken.append(x)
                number += 1
            x = module(x)
        return torch.cat([*taken, x], dim=1).permute(0, 2, 3, 1)


class NaiveTracker(CRTTracker):
    """``CRTTracker`` with ``PlainVGG`` and ``LiteralRegression``."""

    regression_type = LiteralRegression
    windowed_type = LiteralWindowedRegression

    def __init__(self, params: Parameters | None = None) -> None:
        super().__init__(params)
        self.features.extractors = [
            PlainVGG(self.params, self.device, like=extractor)
            if isinstance(extractor, VGG)
            else extractor
            for extractor in self.features.extractors
        ]

    def _make_member(self, params: Parameters) -> CRTTracker:
        return NaiveTracker(params)
