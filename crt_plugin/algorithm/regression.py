"""Convolutional regression: one convolution layer with one output channel (section 3).

Shapes: N samples, H x W feature cells of C channels, filter of kh x kw cells, response
Ho x Wo = (H - kh + 1) x (W - kw + 1), one value for each real window of the patch.

Library convolutions and their gradients are slow for one output channel and a large
kernel. Here both are one matrix product between cells and filter taps, and sums or copies
along shifted views, which gives the same numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

from crt_plugin.algorithm.descent import OPTIMIZERS, Optimizer

GPU_CHECK_INTERVAL = 16  # steps of training between two looks at the objective (ours)


def truncate(error: torch.Tensor, threshold: float) -> torch.Tensor:
    """T(e) of eq. 3: e where abs(e) > th, else 0."""
    return torch.where(error.abs() > threshold, error, torch.zeros_like(error))


def label_weight(label: torch.Tensor, exponent: float, factor: float) -> torch.Tensor:
    """W(y) of eq. 4, exp(a y), times the reference's constant factor."""
    return factor * torch.exp(exponent * label)


def signal_to_noise(response: torch.Tensor) -> torch.Tensor:
    """SNR(M) of eq. 6: exp(max(M) - mean(M)) of each map; (..., Ho, Wo) -> (...)."""
    return torch.exp(response.amax(dim=(-2, -1)) - response.mean(dim=(-2, -1)))


@dataclass(frozen=True)
class Descent:
    """How a run of gradient descent went; kept on the device until it is asked for."""

    taken: torch.Tensor
    last_loss: torch.Tensor

    @property
    def steps(self) -> int:
        """Steps taken."""
        return int(self.taken)

    @property
    def loss(self) -> float:
        """Objective before the last step."""
        return float(self.last_loss)


class ConvRegression:
    """f(z) = w . z + b on every window z of a feature map, with the objective of eq. 5.

    Attributes:
        weight: w, kh x kw x C, float32.
        bias: b, a single number.
    """

    def __init__(
        self,
        filter_size: tuple[int, int],
        features: torch.Tensor,
        generator: torch.Generator,
        *,
        threshold: float,
        exponent: float,
        factor: float,
        regularization: float,
    ) -> None:
        """Draw w from N(0, s^2), s = min(1, 1 / (4 n mean abs x)), n = kh kw C; b = 0 (reference).

        Args:
            filter_size: kh, kw.
            features: of the first frame, N x H x W x C; they set s, C and the device.
            threshold: th of eq. 3.
            exponent: a of eq. 4.
            factor: on W of eq. 4.
            regularization: lambda of eq. 5.
        """
        kh, kw = filter_size
        channels = features.shape[-1]
        count = kh * kw * channels
        mean_abs = features.abs().mean().item()
        deviation = min(1.0, 1.0 / (4 * count * mean_abs)) if mean_abs > 0 else 1.0
        weight = torch.randn(kh, kw, channels, generator=generator) * deviation
        self.weight = weight.to(features.device)
        self.bias = torch.zeros((), device=features.device)
        self.threshold, self.exponent, self.factor = threshold, exponent, factor
        self.regularization = regularization

    @property
    def filter(self) -> torch.Tensor:
        """What is applied to every window, kh x kw x C: w."""
        return self.weight

    def response(self, features: torch.Tensor) -> torch.Tensor:
        """Regression map M of each patch: N x H x W x C -> N x Ho x Wo."""
        n, h, w, c = features.shape
        kh, kw, _ = self.weight.shape
        ho, wo = h - kh + 1, w - kw + 1
        # taps[u, v, n, y, x] = filter[u, v] . features[n, y, x]
        taps = self.filter.reshape(-1, c) @ features.reshape(-1, c).T
        # M[n, i, j] = sum over (u, v) of taps[u, v, n, i + u, j + v]: first u, then v
        tap = n * h * w
        shifted_rows = taps.as_strided((kw, kh, n, ho, w), (tap, kw * tap + w, h * w, w, 1))
        rows = shifted_rows.sum(dim=1)  # kw x n x ho x w
        shifted_columns = rows.as_strided((kw, n, ho, wo), (n * ho * w + 1, ho * w, w, 1))
        return shifted_columns.sum(dim=0) + self.bias

    def weigh(self, label: torch.Tensor) -> torch.Tensor:
        """W(y) of eq. 4, N x Ho x Wo, of labels of that shape."""
        return label_weight(label, self.exponent, self.factor)

    def objective(
        self, response: torch.Tensor, label: torch.Tensor, label_weights: torch.Tensor
    ) -> torch.Tensor:
        """L of eq. 5: mean over samples of sum (W T(e))^2, plus lambda / 2 (|w|^2 + b^2).

        e = response - label. The mean over samples and the half are the reference's.

        Args:
            response, label: N x Ho x Wo.
            label_weights: of ``weigh``; they stay the same while the filter learns.
        """
        weighted = label_weights * truncate(response - label, self.threshold)
        fit = weighted.square().sum() / len(label)
        return fit + self.regularization / 2 * (self.weight.square().sum() + self.bias.square())

    def gradients(
        self,
        features: torch.Tensor,
        response: torch.Tensor,
        label: torch.Tensor,
        label_weights: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients of the objective by w (kh x kw x C) and b.

        dL/dM = 2 W^2 T(e) / N, as T has slope 1 where it is not 0; it is scattered back to
        the cells of each window, and multiplied with them.
        """
        n, h, w, c = features.shape
        kh, kw, _ = self.weight.shape
        by_response = truncate(response - label, self.threshold) * (2 / n * label_weights.square())
        # dL/dtaps[n, y, x, u, v] = by_response[n, y - u, x - v], 0 where there is no window.
        # Strides cannot be negative, so that the views, and the product, are in reversed taps.
        padded = torch.nn.functional.pad(by_response, (kw - 1, kw - 1, kh - 1, kh - 1))
        rows, columns = padded.shape[1:]
        by_taps = padded.as_strided((kh, kw, n, h, w), (columns, 1, rows * columns, columns, 1))
        reversed_taps = by_taps.reshape(kh * kw, -1) @ features.reshape(-1, c)
        by_filter = reversed_taps.view(kh, kw, c).flip(0, 1)
        return (
            self._differentiate_filter(by_filter) + self.regularization * self.weight,
            by_response.sum() + self.regularization * self.bias,
        )

    def _differentiate_filter(self, by_filter: torch.Tensor) -> torch.Tensor:
        """Gradient by w, from that by the filter."""
        return by_filter

    def make_optimizer(self, name: Literal["adam", "sgd"], learning_rate: float) -> Optimizer:
        """A fresh optimizer of w and b."""
        return OPTIMIZERS[name]([self.weight, self.bias], learning_rate)

    def descend(
        self,
        optimizer: Optimizer,
        features: torch.Tensor,
        label: torch.Tensor,
        steps: int,
        stop_loss: float,
    ) -> Descent:
        """Take steps until the objective is below ``stop_loss``, or ``steps`` of them.

        The step at which the objective is found below is still taken (reference), so that
        every call takes at least one. A GPU is not waited for at each objective:
        steps after the last are still computed there, and change nothing.

        Args:
            features: N x H x W x C.
            label: N x Ho x Wo.
        """
        check_interval = 1 if features.device.type == "cpu" else GPU_CHECK_INTERVAL
        label_weights = self.weigh(label)  # the same in each step
        active = torch.ones((), dtype=torch.bool, device=features.device)
        taken = torch.zeros((), dtype=torch.int64, device=features.device)
        last_loss = torch.full((), math.inf, device=features.device)
        for step in range(1, steps + 1):
            response = self.response(features)
            loss = self.objective(response, label, label_weights)
            last_loss = torch.where(active, loss, last_loss)
            optimizer.step(self.gradients(features, response, label, label_weights), active)
            taken += active
            active = active & ~(last_loss < stop_loss)
            if step % check_interval == 0 and not active:
                break
        return Descent(taken, last_loss)
