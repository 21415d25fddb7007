"""What a frame is measured against: the bare network, and the machine's matrix products."""

from __future__ import annotations

import statistics
from itertools import takewhile
from pathlib import Path

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from crt_plugin.bench.stages import time_call
from crt_plugin.features.backbone import load_network
from crt_plugin.features.pipeline import make_mobilenet
from crt_plugin.features.vgg import pooled_layers
from crt_plugin.features.vgg_weights import load_layers
from crt_plugin.parameters import Parameters

SIDES = (256, 512, 1024, 2048, 4096)  # of the matrices
LONG_ENOUGH = 0.1  # seconds of one product, to be measured well
REPETITIONS = 7


def bare_network(params: Parameters, device: torch.device, dtype: torch.dtype) -> nn.Module | None:
    """The network of the features, of library layers, channels last, without anything of ours.

    Takes N x 3 x H x W in ``dtype``. None if the first family is no torch module.
    """
    family = params.features.split("+")[0]
    network: nn.Module | Path | None = None
    if family == "vgg":
        network = _make_vgg(params)
    elif family == "mobilenet":
        network = make_mobilenet(params)
    elif family == "backbone":
        network = load_network(params.backbone)
    if not isinstance(network, nn.Module):
        return None
    network = network.eval().requires_grad_(False).to(device, dtype)
    # torch's types know no call with a memory format alone
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _make_vgg(params: Parameters) -> nn.Sequential:
    """VGG-16 to conv-``vgg_layer``."""
    layers: list[nn.Module] = []
    for number, (weight, bias) in enumerate(load_layers(params), start=1):
        convolution = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
        convolution.load_state_dict({"weight": weight, "bias": bias})
        layers += [convolution, nn.ReLU(inplace=True)]
        if number in pooled_layers(params.vgg_layer):
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


@torch.inference_mode()
def count_operations(network: nn.Module, images: torch.Tensor) -> float:
    """Operations of convolutions and matrix products; a product and its sum count as two."""
    with FlopCounterMode(display=False) as counter:
        network(images)
    return float(counter.get_total_flops())


@torch.inference_mode()
def product_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Operations per second of products of square matrices, the best of several sizes."""
    rates: list[float] = []
    times = [0.0]
    for side in takewhile(lambda _: times[-1] < LONG_ENOUGH, SIDES):
        times.append(_product_seconds(side, device, dtype))
        rates.append(2.0 * side**3 / times[-1])
    return max(rates)


def _product_seconds(side: int, device: torch.device, dtype: torch.dtype) -> float:
    """Median time of one product of side x side matrices."""
    a, b = (torch.randn(side, side).to(device, dtype) for _ in range(2))
    time_call(lambda: a @ b, device)
    return statistics.median(time_call(lambda: a @ b, device) for _ in range(REPETITIONS))
