"""Networks that openvino runs against the same ones in torch."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import onnx
import pytest
import torch
from onnx import TensorProto, helper

from crt_plugin.errors import FeatureError, MissingExtraError
from crt_plugin.features.backbone import Backbone, load_network
from crt_plugin.features.engine import CompiledNetwork
from crt_plugin.features.pipeline import FeaturePipeline
from crt_plugin.parameters import Parameters
from crt_plugin.runtime.environment import advise_extra

CPU = torch.device("cpu")


@pytest.fixture
def patches(generator):
    return torch.randint(0, 256, (2, 80, 112, 3), dtype=torch.uint8, generator=generator)


@pytest.fixture
def pooling(tmp_path):
    """An ONNX file: the mean of each 4 x 4 px, and the largest value of each."""
    shape = ["n", 3, "h", "w"]
    options = {"kernel_shape": [4, 4], "strides": [4, 4]}
    graph = helper.make_graph(
        [
            helper.make_node("AveragePool", ["images"], ["mean"], **options),
            helper.make_node("MaxPool", ["images"], ["largest"], **options),
        ],
        "pooling",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, "y", "x"])
            for name in ("mean", "largest")
        ],
    )
    opset = helper.make_opsetid("", 17)
    file = tmp_path / "pooling.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), file)
    return file


@pytest.mark.parametrize("density", ["dilation", "interpolation"])
def test_mobilenet_has_the_same_features(patches, density):
    params = Parameters().copy(features="mobilenet", mobilenet_density=density)
    ours, torch_s = (
        FeaturePipeline(params.copy(engine=engine), CPU, torch.float32)
        for engine in ("openvino", "torch")
    )
    for part in (patches, patches[:1], patches[:, :64], patches[:, :72, :104]):
        expected = torch_s.extractors[0](part)
        features = ours.extractors[0](part)
        assert features.shape == expected.shape
        assert (features - expected).norm() < 1e-4 * expected.norm()


def test_an_onnx_file_with_two_outputs(pooling, patches):
    params = Parameters().copy(features="backbone", backbone=str(pooling), backbone_stride=4)
    extractor = FeaturePipeline(params, CPU, torch.float32).extractors[0]
    assert extractor.groups == (3, 3)
    cell = patches[1, 4:8, 8:12].double().reshape(16, 3) / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    normalised = (cell - mean) / std
    expected = [*normalised.mean(dim=0).tolist(), *normalised.amax(dim=0).tolist()]
    assert extractor(patches)[1, 1, 2].tolist() == pytest.approx(expected, abs=1e-5)


def test_an_onnx_file_of_another_stride_is_refused(pooling):
    with pytest.raises(FeatureError, match=r"returned a tensor of 1 x 3 x 30 x 54; expected for"):
        Backbone("pooling", load_network(str(pooling)), 8, CPU, torch.float32)


class MeanOfSixteenths(torch.nn.Module):
    """A grid of cells whose number is read from the input as a Python integer."""

    def forward(self, images):
        rows, columns = (int(side) // 4 for side in images.shape[2:])
        return torch.nn.functional.adaptive_avg_pool2d(images, (rows, columns))


def test_a_module_that_openvino_ties_to_one_size_is_refused(patches):
    expected = Backbone("mean", MeanOfSixteenths(), 4, CPU, torch.float32)(patches)
    assert expected.shape == (2, 20, 28, 3)
    with pytest.raises(FeatureError, match="computes something else than the module"):
        Backbone("mean", MeanOfSixteenths(), 4, CPU, torch.float32, "openvino")


@pytest.mark.parametrize(("content", "said"), [(None, "no such file"), (b"no model", "compile")])
def test_a_missing_or_damaged_file(tmp_path, content, said):
    file = tmp_path / "network.onnx"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(FeatureError, match=said) as caught:
        CompiledNetwork(file, CPU, torch.float32)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("device", "dtype"), [("cuda", torch.float32), ("cpu", torch.float16)], ids=str
)
def test_what_openvino_cannot_do_is_refused(device, dtype):
    with pytest.raises(FeatureError, match=f"openvino cannot .* device {device} in {dtype}"):
        CompiledNetwork(Path("network.onnx"), torch.device(device), dtype)


def test_without_openvino_the_extra_is_named(pooling, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=re.escape(advise_extra("engine"))):
        CompiledNetwork(pooling, CPU, torch.float32)
