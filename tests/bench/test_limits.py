"""The bare network computes our features, and its operations are counted right."""

import pytest
import torch

from crt_plugin.bench import limits
from crt_plugin.bench.limits import bare_network, count_operations, product_rate
from crt_plugin.features.backbone import MEAN, STD
from crt_plugin.features.pipeline import FeaturePipeline
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
    bare = bare_network(params, CPU, torch.float32)(normalised).permute(0, 2, 3, 1)
    assert bare.shape == ours.shape
    assert (bare - ours).abs().max() < 3e-5 * ours.abs().max()


def test_the_bare_mobilenet_gives_our_features(generator):
    params = Parameters(features="mobilenet", mobilenet_density="interpolation")
    patches = torch.randint(0, 256, (1, 64, 96, 3), dtype=torch.uint8, generator=generator)
    ours = FeaturePipeline(params, CPU, torch.float32).extractors[0](patches)
    images = (patches / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
    bare = bare_network(params, CPU, torch.float32)(images.permute(0, 3, 1, 2))
    assert (bare.permute(0, 2, 3, 1) - ours).norm() < 1e-5 * ours.norm()


@pytest.mark.parametrize("changes", [{"features": "hog"}, {"features": "backbone"}])
def test_what_is_no_module_has_no_bare_network(changes):
    params = Parameters(backbone="a_file.onnx", **changes)
    assert bare_network(params, CPU, torch.float32) is None


def test_operations_by_hand():
    # conv-1: 3 x 3 x 3 to 64 on 8 x 4; conv-2, after a pool: 3 x 3 x 64 to 64 on 4 x 2
    vgg = bare_network(Parameters(vgg_layer=2), CPU, torch.float32)
    operations = count_operations(vgg, torch.zeros(3, 3, 8, 4))
    assert operations == 3 * 2 * (27 * 64 * 32 + 576 * 64 * 8)
    # 3 x 3 x 3 to 32 on 4 x 4; depthwise 3 x 3, then 1 x 1 to 16; 1 x 1 to 96; depthwise with
    # stride 2 to 2 x 2, then 1 x 1 to 24
    small = Parameters(features="mobilenet", mobilenet_blocks="2", mobilenet_stride=4)
    operations = count_operations(bare_network(small, CPU, torch.float32), torch.zeros(1, 3, 8, 8))
    first = 16 * 32 * 27 + 16 * 32 * 9 + 16 * 32 * 16
    second = 16 * 16 * 96 + 4 * 96 * 9 + 4 * 96 * 24
    assert operations == 2 * (first + second)


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
