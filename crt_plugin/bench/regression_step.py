"""One step of the regression, ours against conv2d, autograd and torch.optim."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import torch

from crt_plugin.algorithm.literal import LiteralRegression
from crt_plugin.algorithm.regression import ConvRegression
from crt_plugin.algorithm.tracker import objective_of
from crt_plugin.bench.measure import OnStep, Result
from crt_plugin.bench.stages import time_call
from crt_plugin.parameters import Parameters
from crt_plugin.runtime.device import choose_device

FILTER = (10, 10)
CELLS = (50, 90)
CHANNELS = 64
SAMPLES = (1, 5)  # of training, and of an update
REPETITIONS = 41


@torch.inference_mode()
def measure_regression(on_step: OnStep) -> Result:
    """Response, gradient and Adam on the paper's sizes, in turns; and whether they agree."""
    device = choose_device("auto")
    measured = {}
    for samples in SAMPLES:
        on_step(f"regression, {samples} samples")
        measured[str(samples)] = _compare(samples, device)
    return {"regression": measured, "threads": torch.get_num_threads()}


def _compare(samples: int, device: torch.device) -> dict[str, float]:
    generator = torch.Generator().manual_seed(0)
    features = 30 * torch.randn(samples, *CELLS, CHANNELS, generator=generator)
    ho, wo = (side - reach + 1 for side, reach in zip(CELLS, FILTER, strict=True))
    label = torch.rand(samples, ho, wo, generator=generator).to(device)
    features = features.to(device)
    params = Parameters()
    objective = objective_of(params)
    both = [
        kind(FILTER, features, torch.Generator().manual_seed(1), **objective)
        for kind in (ConvRegression, LiteralRegression)
    ]
    difference = _difference(both, features, label)
    optimizers = [each.make_optimizer("adam", params.train_learning_rate) for each in both]
    times: list[list[float]] = [[], []]
    for _ in range(REPETITIONS):
        for each, optimizer, spent in zip(both, optimizers, times, strict=True):
            arguments = (optimizer, features, label, 1, 0.0)
            spent.append(time_call(lambda: each.descend(*arguments), device))  # noqa: B023
    ours, naive = (spent[1:] for spent in times)
    return {
        "ours_ms": 1e3 * statistics.median(ours),
        "naive_ms": 1e3 * statistics.median(naive),
        "ratio": statistics.median(n / o for o, n in zip(ours, naive, strict=True)),
        "difference": difference,
    }


def _difference(
    both: Sequence[ConvRegression], features: torch.Tensor, label: torch.Tensor
) -> float:
    """Of responses and gradients at the same coefficients, relative to the largest."""
    ours, naive = both
    response = ours.response(features)
    gradient, _ = ours.gradients(features, response, label, ours.weigh(label))
    expected = naive.response(features).detach()
    naive.descend(naive.make_optimizer("adam", 1.0), features, label, 1, 0.0)
    assert naive.weight.grad is not None
    pairs = (response, expected), (gradient, naive.weight.grad)
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in pairs)
