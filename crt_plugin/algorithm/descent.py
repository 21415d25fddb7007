"""Steps of gradient descent on w and b: Adam, and plain gradient descent (section 5.1).

The numbers are those of ``torch.optim``, bit for bit. That library's first step imports the
compiler of torch, which takes longer than the training itself; and its steps cannot be
withdrawn on the device, which ``active`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

MEAN_DECAY = 0.9
SQUARE_DECAY = 0.999
EPSILON = 1e-8


class Optimizer(Protocol):
    """Changes coefficients in place, against their gradients.

    Attributes:
        state: what it remembers of earlier steps; it may be copied into, in place.
    """

    state: list[torch.Tensor]

    def step(self, gradients: Sequence[torch.Tensor], active: torch.Tensor) -> None:
        """One step; none, and no change of the state, where ``active`` (0-dim, bool) is False.

        ``active`` is not read by the host: a GPU goes on without waiting.
        """


class GradientDescent:
    """x - learning_rate g."""

    def __init__(self, coefficients: Sequence[torch.Tensor], learning_rate: float) -> None:
        self._coefficients = coefficients
        self._learning_rate = learning_rate
        self.state: list[torch.Tensor] = []

    def step(self, gradients: Sequence[torch.Tensor], active: torch.Tensor) -> None:
        """See ``Optimizer``."""
        for x, g in zip(self._coefficients, gradients, strict=True):
            x.copy_(torch.where(active, x.add(g, alpha=-self._learning_rate), x))


class Adam:
    """Adam of Kingma and Ba (arXiv 1412.6980), with the decays and epsilon that they suggest.

    After t steps, from the running means m of g and s of g^2, both 0 at first:
    x - learning_rate m / (1 - 0.9^t) / (sqrt(s / (1 - 0.999^t)) + epsilon).
    """

    def __init__(self, coefficients: Sequence[torch.Tensor], learning_rate: float) -> None:
        self._coefficients = coefficients
        self._learning_rate = learning_rate
        self._means = [torch.zeros_like(x) for x in coefficients]
        self._squares = [torch.zeros_like(x) for x in coefficients]
        self._steps = torch.zeros((), dtype=torch.float64, device=coefficients[0].device)
        self.state = [*self._means, *self._squares, self._steps]

    def step(self, gradients: Sequence[torch.Tensor], active: torch.Tensor) -> None:
        """See ``Optimizer``."""
        self._steps += active
        # float32, as the factors of the coefficients' own type are
        size = (-self._learning_rate / (1 - MEAN_DECAY**self._steps)).float()
        correction = (1 - SQUARE_DECAY**self._steps).sqrt().float()
        for x, mean, square, g in zip(
            self._coefficients, self._means, self._squares, gradients, strict=True
        ):
            mean.copy_(torch.where(active, mean.lerp(g, 1 - MEAN_DECAY), mean))
            new_square = (square * SQUARE_DECAY).addcmul_(g, g, value=1 - SQUARE_DECAY)
            square.copy_(torch.where(active, new_square, square))
            deviation = (square.sqrt() / correction).add_(EPSILON)
            x.copy_(torch.where(active, x.addcdiv(size * mean, deviation), x))


OPTIMIZERS: dict[str, type[Adam] | type[GradientDescent]] = {"adam": Adam, "sgd": GradientDescent}
