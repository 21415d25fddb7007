"""The regression as one would write it first: conv2d, autograd, torch.optim.

The same numbers as ``regression.py`` up to rounding, and several times slower: to read, to test
against, and to measure against.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch.nn import functional

from crt_plugin.algorithm.regression import ConvRegression, Descent

LIBRARY = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}


class LiteralRegression(ConvRegression):
    """The response by ``conv2d``, its gradient by autograd, the steps by ``torch.optim``."""

    @torch.inference_mode(False)
    def __init__(self, *args: Any, **objective: Any) -> None:
        super().__init__(*args, **objective)
        self.weight.requires_grad_()
        self.bias.requires_grad_()

    def response(self, features: torch.Tensor) -> torch.Tensor:
        """N x H x W x C -> N x Ho x Wo."""
        kernel = self.filter.permute(2, 0, 1)[None].contiguous()
        return functional.conv2d(features.permute(0, 3, 1, 2), kernel)[:, 0] + self.bias

    def make_optimizer(  # type: ignore[override]
        self, name: Literal["adam", "sgd"], learning_rate: float
    ) -> torch.optim.Optimizer:
        """The library's."""
        return LIBRARY[name]([self.weight, self.bias], lr=learning_rate)

    @torch.inference_mode(False)
    @torch.enable_grad()
    def descend(  # type: ignore[override]
        self,
        optimizer: torch.optim.Optimizer,
        features: torch.Tensor,
        label: torch.Tensor,
        steps: int,
        stop_loss: float,
    ) -> Descent:
        """See ``ConvRegression.descend``."""
        # Copies: autograd refuses what was made in inference mode.
        features, label = features.clone(), label.clone()
        label_weights = self.weigh(label)
        taken = 0
        while taken < steps:
            optimizer.zero_grad()
            loss = self.objective(self.response(features), label, label_weights)
            loss.backward()
            optimizer.step()
            taken += 1
            if loss.item() < stop_loss:
                break
        return Descent(torch.tensor(taken), loss.detach())
