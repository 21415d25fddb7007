"""Layers against a plain functional forward pass, and where the weights come from."""

import os
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

from crt_plugin.errors import WeightsError
from crt_plugin.features import vgg as vgg_module
from crt_plugin.features import vgg_weights
from crt_plugin.features.vgg import VGG
from crt_plugin.features.vgg_weights import ENVIRONMENT, PACKAGED, find_origin, load_layers
from crt_plugin.parameters import Parameters

CPU = torch.device("cpu")
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2e-2}

# Configuration D, written out: convolution numbers, and P for a kept max-pool.
PLAIN = {
    2: [1, "P", 2, "P"],
    4: [1, 2, "P", 3, 4, "P"],
    5: [1, 2, "P", 3, 4, "P", 5],
    7: [1, 2, "P", 3, 4, "P", 5, 6, 7],
    10: [1, 2, "P", 3, 4, "P", 5, 6, 7, 8, 9, 10],
}


def params(layer, **changes):
    return Parameters().copy(vgg_layer=layer, **changes)


def plain_forward(layer, patches):
    """In float64, N x C x H x W, from the file's tensors."""
    state = load_file(PACKAGED)
    mean_rgb = torch.tensor([123.68, 116.779, 103.939], dtype=torch.float64)
    x = (patches.double() - mean_rgb).permute(0, 3, 1, 2)
    for step in PLAIN[layer]:
        if step == "P":
            x = functional.max_pool2d(x, 2)
        else:
            name = f"features.{vgg_weights.INDICES[step - 1]}"
            weight, bias = state[f"{name}.weight"].double(), state[f"{name}.bias"].double()
            x = functional.relu(functional.conv2d(x, weight, bias, padding=1))
    return x.permute(0, 2, 3, 1)


@pytest.fixture
def patches(generator):
    return torch.randint(0, 256, (2, 40, 56, 3), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("layer", PLAIN)
def test_layers_against_a_plain_forward_pass(layer, patches):
    vgg = VGG(load_layers(params(layer)), CPU, torch.float32)
    expected = plain_forward(layer, patches)
    features = vgg(patches)
    assert features.shape == expected.shape == (2, 10, 14, vgg.channels)
    assert features.dtype == torch.float32
    error = (features - expected).abs().max() / expected.abs().max()
    assert error < TOLERANCE[torch.float32]


@pytest.mark.parametrize(("shallow", "layer"), [(4, 5), (5, 7), (7, 10)])
def test_two_layers_stand_side_by_side(shallow, layer, patches):
    both = VGG(load_layers(params(layer)), CPU, torch.float32, shallow)
    features = both(patches)
    assert both.name == f"vgg_conv{shallow}_{layer}"
    assert features.shape[-1] == both.channels == sum(both.groups)
    for part, number in zip(features.split(both.groups, -1), (shallow, layer), strict=True):
        alone = VGG(load_layers(params(number)), CPU, torch.float32)
        assert torch.equal(part, alone(patches))


def test_half_precision_is_close(patches):
    expected = plain_forward(4, patches[:1])
    features = VGG(load_layers(params(4)), CPU, torch.bfloat16)(patches[:1])
    assert features.dtype == torch.float32
    error = (features - expected).abs().max() / expected.abs().max()
    assert 0 < error < TOLERANCE[torch.bfloat16]


def test_a_patch_has_the_same_features_alone_and_in_a_batch(patches):
    vgg = VGG(load_layers(params(5)), CPU, torch.float32)
    assert torch.equal(vgg(patches)[1:], vgg(patches[1:]))


@pytest.mark.parametrize("together", [1, 2, 3, 7])
def test_however_many_patches_go_together(together, generator, monkeypatch):
    """Five patches of 6 x 8 cells, in passes of one, two, ..."""
    patches = torch.randint(0, 256, (5, 24, 32, 3), dtype=torch.uint8, generator=generator)
    vgg = VGG(load_layers(params(4)), CPU, torch.float32)
    expected = torch.cat([vgg(patch[None]) for patch in patches])
    monkeypatch.setattr(vgg_module, "CELLS_AT_ONCE", 48 * together)
    found = vgg(patches)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() < 1e-5 * expected.abs().max()


def test_damaged_package_data_is_noticed(tmp_path, monkeypatch):
    damaged = bytearray(PACKAGED.read_bytes())
    damaged[-1] ^= 1
    copy = tmp_path / PACKAGED.name
    copy.write_bytes(damaged)
    monkeypatch.setattr(vgg_weights, "PACKAGED", copy)
    with pytest.raises(WeightsError, match="damaged: its SHA-256"):
        load_layers(params(2))


def test_file_by_parameter_and_by_environment(tmp_path, monkeypatch):
    state = {key: value.float() for key, value in load_file(PACKAGED).items()}
    state["features.0.bias"] += 1
    own, other = tmp_path / "own.safetensors", tmp_path / "own.pth"
    save_file(state, own)
    torch.save(state, other)
    expected = state["features.0.bias"]
    assert torch.equal(load_layers(params(2, vgg_weights=str(own)))[0][1], expected)
    assert torch.equal(load_layers(params(2, vgg_weights=str(other)))[0][1], expected)
    monkeypatch.setenv(ENVIRONMENT, str(own))
    assert torch.equal(load_layers(params(2))[0][1], expected)
    assert str(own) in find_origin(params(2))


def test_the_parameter_goes_before_the_environment(tmp_path, monkeypatch):
    own = tmp_path / "own.safetensors"
    shutil.copy(PACKAGED, own)
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "nothing.safetensors"))
    chosen = params(2, vgg_weights=str(own))
    assert find_origin(chosen) == f"file {own}"
    assert len(load_layers(chosen)) == 2


def test_missing_file_says_where_to_get_it_and_where_to_put_it(tmp_path):
    missing = tmp_path / "none.safetensors"
    with pytest.raises(WeightsError) as caught:
        load_layers(params(13, vgg_weights=str(missing)))
    message = str(caught.value)
    assert str(missing) in message
    assert vgg_weights.TORCHVISION_URL in message
    assert ENVIRONMENT in message and "vgg_weights" in message


def test_failed_download_says_the_same(tmp_path, monkeypatch):
    """A server that cannot be reached: the real download against a closed port."""
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(vgg_weights, "TORCHVISION_URL", "http://127.0.0.1:9/vgg.pth")
    assert find_origin(params(13)).startswith("missing: conv-13")
    with pytest.raises(WeightsError) as caught:
        load_layers(params(13))
    assert "conv-13 needs weights that are not packaged" in str(caught.value)
    assert str(tmp_path / "checkpoints" / vgg_weights.TORCHVISION_FILE) in str(caught.value)
    assert not list((tmp_path / "checkpoints").iterdir()), "a part of a download was left"


def test_hub_cache_is_used(tmp_path, monkeypatch):
    """A conv-11 of random numbers in the place where torch.hub would put the file."""
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    state = dict(load_file(PACKAGED))
    state["features.24.weight"] = torch.randn(512, 512, 3, 3)
    state["features.24.bias"] = torch.randn(512)
    (tmp_path / "checkpoints").mkdir()
    torch.save(state, vgg_weights.hub_file())
    assert "torch.hub's cache" in find_origin(params(11))
    assert torch.equal(load_layers(params(11))[10][1], state["features.24.bias"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("features.0.weight", torch.zeros(64, 3, 5, 5)),
        ("features.0.bias", torch.full((64,), float("nan"))),
        ("features.0.bias", None),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path, key, value):
    state = dict(load_file(PACKAGED))
    state.pop(key)
    if value is not None:
        state[key] = value
    file = tmp_path / "other.safetensors"
    save_file(state, file)
    with pytest.raises(WeightsError, match=rf"{key} of VGG-16 conv-1 must be finite and of shape"):
        load_layers(params(2, vgg_weights=str(file)))


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_unreadable_file(tmp_path, suffix):
    file = tmp_path / f"broken{suffix}"
    file.write_bytes(b"not weights")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_layers(params(2, vgg_weights=str(file)))


def test_conv_13_from_two_real_files(shared, generator):
    parts = [
        shared / "weights" / "vgg16_conv10_fp16.safetensors",
        shared / "weights" / "vgg16_conv11_to_13_fp16.safetensors",
    ]
    if not all(part.is_file() for part in parts):
        pytest.skip(f"no weights of conv-11 to conv-13 in {shared / 'weights'}")
    layers = load_layers(params(13, vgg_weights=os.pathsep.join(map(str, parts))))
    patch = torch.randint(0, 256, (1, 24, 32, 3), dtype=torch.uint8, generator=generator)
    features = VGG(layers, CPU, torch.float32)(patch)
    assert features.shape == (1, 6, 8, 512)
    assert torch.isfinite(features).all() and features.std() > 0


def test_a_copy_of_the_packaged_file_gives_the_same_features(tmp_path, patches):
    copy = tmp_path / "copy.safetensors"
    shutil.copy(PACKAGED, copy)
    own = VGG(load_layers(params(2, vgg_weights=str(copy))), CPU, torch.float32)
    packaged = VGG(load_layers(params(2)), CPU, torch.float32)
    assert torch.equal(own(patches), packaged(patches))
