"""The tracker as one would write it first: library convolutions, autograd, torch.optim.

The same boxes as ``CRTTracker`` in float32 (up to rounding), to compare the speed with.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from crt_plugin.algorithm.regression import ConvRegression, Descent
from crt_plugin.algorithm.tracker import CRTTracker
from crt_plugin.bench.limits import bare_vgg
from crt_plugin.features.vgg import MEAN_COLOR, VGG
from crt_plugin.parameters import Parameters

LIBRARY = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}


class PlainVGG:
    """VGG-16 in float32 of library layers, on all patches at once."""

    stride = VGG.stride
    rescaled = VGG.rescaled

    def __init__(self, params: Parameters, device: torch.device, like: VGG) -> None:
        self.name, self.channels, self.groups = like.name, like.channels, like.groups
        self._shallow = params.vgg_shallow_layer
        self._network = bare_vgg(params, device, torch.float32)
        self._mean = torch.tensor(MEAN_COLOR, device=device)

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """N x 4h x 4w x 3, uint8, RGB -> N x h x w x C, float32."""
        normalised = (patches.float() - self._mean).permute(0, 3, 1, 2)
        taken = []
        x, number = normalised, 0
        for module in self._network:
            if isinstance(module, nn.Conv2d):
                if number and number == self._shallow:
                    taken.append(x)
                number += 1
            x = module(x)
        return torch.cat([*taken, x], dim=1).permute(0, 2, 3, 1)


class NaiveRegression(ConvRegression):
    """The response by ``conv2d``, its gradient by autograd, the steps by torch.optim."""

    @torch.inference_mode(False)
    def __init__(
        self,
        filter_size: tuple[int, int],
        features: torch.Tensor,
        params: Parameters,
        generator: torch.Generator,
    ) -> None:
        super().__init__(filter_size, features, params, generator)
        self.weight.requires_grad_()
        self.bias.requires_grad_()

    def response(self, features: torch.Tensor) -> torch.Tensor:
        """N x H x W x C -> N x Ho x Wo."""
        kernel = self.weight.permute(2, 0, 1)[None].contiguous()
        return functional.conv2d(features.permute(0, 3, 1, 2), kernel)[:, 0] + self.bias

    def optimizer(self, learning_rate: float) -> torch.optim.Optimizer:  # type: ignore[override]
        """The library's."""
        return LIBRARY[self.params.optimizer]([self.weight, self.bias], lr=learning_rate)

    @torch.inference_mode(False)
    @torch.enable_grad()
    def descend(  # type: ignore[override]
        self,
        optimizer: torch.optim.Optimizer,
        features: torch.Tensor,
        label: torch.Tensor,
        steps: int,
    ) -> Descent:
        """See ``ConvRegression.descend``."""
        # Copies: autograd refuses what was made in inference mode.
        features, label = features.clone(), label.clone()
        taken = 0
        while taken < steps:
            optimizer.zero_grad()
            loss = self.objective(self.response(features), label)
            loss.backward()
            optimizer.step()
            taken += 1
            if loss.item() < self.params.stop_loss:
                break
        return Descent(torch.tensor(taken), loss.detach())


class NaiveTracker(CRTTracker):
    """``CRTTracker`` of the parts above."""

    regression_type = NaiveRegression

    def __init__(self, params: Parameters | None = None) -> None:
        super().__init__(params)
        self.features.extractors = [
            PlainVGG(self.params, self.device, like=extractor)
            if isinstance(extractor, VGG)
            else extractor
            for extractor in self.features.extractors
        ]
