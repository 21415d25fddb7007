"""The bare network is VGG-16, and its operations are counted right."""

import pytest
import torch
from torch import nn

from crt_plugin.bench import limits
from crt_plugin.bench.limits import bare_vgg, product_rate, vgg_operations
from crt_plugin.features.vgg import MEAN_COLOR, VGG
from crt_plugin.features.vgg_weights import load_layers
from crt_plugin.parameters import Parameters

CPU = torch.device("cpu")


@pytest.mark.parametrize("layer", [2, 4, 5, 10])
def test_the_bare_network_gives_our_features(layer, generator):
    params = Parameters(vgg_layer=layer)
    patches = torch.randint(0, 256, (1, 24, 40, 3), dtype=torch.uint8, generator=generator)
    ours = VGG(load_layers(params), CPU, torch.float32)(patches)
    normalised = (patches.float() - torch.tensor(MEAN_COLOR)).permute(0, 3, 1, 2)
    bare = bare_vgg(params, CPU, torch.float32)(normalised).permute(0, 2, 3, 1)
    assert bare.shape == ours.shape
    assert (bare - ours).abs().max() < 3e-5 * ours.abs().max()


@pytest.mark.parametrize("layer", [2, 4, 7, 10])
def test_operations_are_those_of_its_layers(layer):
    """Two for each weight and output: counted by hooks on the real network."""
    network = bare_vgg(Parameters(vgg_layer=layer), CPU, torch.float32)
    counted = []
    for module in network:
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(
                lambda m, _, out: counted.append(2 * m.weight[0].numel() * out.numel())
            )
    network(torch.zeros(1, 3, 40, 72))
    assert vgg_operations(layer, 40, 72) == sum(counted)


def test_operations_by_hand():
    # conv-1: 3 x 3 x 3 to 64 on 8 x 4; conv-2, after a pool: 3 x 3 x 64 to 64 on 4 x 2
    assert vgg_operations(2, 8, 4) == 2 * (27 * 64 * 32 + 576 * 64 * 8)


def test_the_rate_of_products(monkeypatch):
    """Of products that take as long as they are said to: the best size counts."""
    seconds = {256: 0.01, 512: 0.04, 1024: 0.2, 2048: 1.0, 4096: 9.0}
    asked = []

    def product_seconds(side, device, dtype):
        asked.append(side)
        return seconds[side]

    monkeypatch.setattr(limits, "_product_seconds", product_seconds)
    assert product_rate(CPU, torch.float32) == pytest.approx(2 * 1024**3 / 0.2)
    assert asked == [256, 512, 1024]  # 0.2 s are long enough


def test_the_rate_of_this_machine_is_possible():
    """A processor does between 0.1 and 100,000 GFLOP/s; more is an error of units."""
    assert 1e8 < product_rate(CPU, torch.float32) < 1e14
