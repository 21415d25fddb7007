import copy
import sys
import textwrap

import pytest
import torch

from crt_plugin.errors import FeatureError
from crt_plugin.features.backbone import Backbone, load_module

CPU = torch.device("cpu")

HELPER = """
    import torch
    from torch import nn

    class Means(nn.Module):
        '''Mean of each 4 x 4 px of the first two channels of three, and a dropout.'''

        stride = 4

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.eye(3)[:2, :, None, None])
            self.dropout = nn.Dropout(0.5)

        def forward(self, images):
            means = nn.functional.avg_pool2d(images, self.stride)
            return self.dropout(nn.functional.conv2d(means, self.weight))

    class InList(Means):
        def forward(self, images):
            return [super().forward(images)]

    class InDict(Means):
        def forward(self, images):
            return {"layer": super().forward(images)}

    class Nothing(Means):
        def forward(self, images):
            return []

    class SecondIsSmaller(Means):
        def forward(self, images):
            cells = super().forward(images)
            return [cells, cells[:, :, 1:]]

    class Two(Means):
        def forward(self, images):
            cells = super().forward(images)
            return {"means": cells, "first": cells[:, :1]}

    class Normalised(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Conv2d(3, 5, 4, 4, bias=False), nn.BatchNorm2d(5))
            generator = torch.Generator().manual_seed(2)
            for tensor in self.layers[1].state_dict().values():
                if tensor.is_floating_point():
                    tensor.copy_(torch.rand(5, generator=generator) + 0.5)

        def forward(self, images):
            return self.layers(images)

    class Shared(Normalised):
        '''One convolution before two normalisations.'''

        def __init__(self):
            super().__init__()
            self.other = nn.BatchNorm2d(5)
            self.other.running_mean.add_(1)

        def forward(self, images):
            convolution, normalisation = self.layers
            return [normalisation(convolution(images)), self.other(convolution(images))]

    class Untraceable(Normalised):
        def forward(self, images):
            if float(images.sum()) == -1:
                return None
            return super().forward(images)

    class Text(Means):
        def forward(self, images):
            return "features"

    class Vector(Means):
        def forward(self, images):
            return super().forward(images).mean(dim=(2, 3))

    class Scalar(Means):
        def forward(self, images):
            return images.mean()

    class Smaller(Means):
        def forward(self, images):
            return super().forward(images)[:, :, 1:]

    class Fails(Means):
        def forward(self, images):
            raise KeyError("lost weights")

    class WantsMultiplesOf32(Means):
        def forward(self, images):
            assert images.shape[2] % 32 == 0, "multiple of 32"
            return super().forward(images)

    ready = Means()
    traceable, untraceable, shared = Normalised(), Untraceable(), Shared()

    def function():
        return Means()

    def needs_argument(path):
        return Means()

    def wrong():
        return 3
"""


@pytest.fixture(autouse=True)
def helper(tmp_path, monkeypatch):
    (tmp_path / "crt_test_networks.py").write_text(textwrap.dedent(HELPER))
    (tmp_path / "crt_test_broken.py").write_text("import a_package_that_is_missing")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("crt_test_networks", None)


def backbone(name, stride=4, dtype=torch.float32):
    path = f"crt_test_networks:{name}"
    return Backbone(path, load_module(path), stride, CPU, dtype)


def noise(*shape):
    generator = torch.Generator().manual_seed(5)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("name", ["Means", "function", "ready", "InList", "InDict"])
def test_normalised_pixels_go_in_and_cells_come_out(name):
    network = backbone(name)
    patches = noise(2, 8, 12, 3)
    features = network(patches)
    assert features.shape == (2, 2, 3, 2) and features.dtype == torch.float32
    cell = patches[1, 4:8, 8:12].double().mean(dim=(0, 1)) / 255
    expected = [(cell[0] - 0.485) / 0.229, (cell[1] - 0.456) / 0.224]
    assert features[1, 1, 2].tolist() == pytest.approx([float(e) for e in expected], abs=1e-5)


def test_blue_has_its_own_mean():
    network = backbone("ready")
    with torch.no_grad():
        sys.modules["crt_test_networks"].ready.weight[0] = torch.tensor([0.0, 0, 1])[:, None, None]
    white = torch.full((1, 4, 4, 3), 255, dtype=torch.uint8)
    assert network(white)[0, 0, 0, 0].item() == pytest.approx((1 - 0.406) / 0.225, abs=1e-5)


def test_interface():
    network = backbone("Means")
    assert (network.stride, network.channels, network.rescaled) == (4, 2, True)
    assert network.name == "crt_test_networks:Means"


def test_several_outputs_stand_side_by_side():
    network = backbone("Two")
    features = network(noise(1, 8, 12, 3))
    assert network.groups == (2, 1) and features.shape == (1, 2, 3, 3)
    assert torch.equal(features[..., 0], features[..., 2])


@pytest.mark.parametrize(
    ("name", "is_folded"), [("traceable", True), ("untraceable", False), ("shared", False)]
)
def test_batch_normalisation_is_folded_if_that_computes_the_same(name, is_folded):
    patches = noise(2, 8, 12, 3)
    module = copy.deepcopy(load_module(f"crt_test_networks:{name}")).eval()
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        expected = module(((patches / 255 - mean) / std).permute(0, 3, 1, 2))
    if name == "shared":
        expected = torch.cat(expected, dim=1)
    expected = expected.permute(0, 2, 3, 1)
    network = backbone(name)
    torch.testing.assert_close(network(patches), expected, rtol=1e-4, atol=1e-5)
    kinds = {type(part) for part in network._network.modules()}
    assert (torch.nn.BatchNorm2d not in kinds) == is_folded


def test_no_gradients_but_the_features_can_be_used_with_some():
    features = backbone("Means")(noise(1, 8, 8, 3))
    assert not features.requires_grad
    weight = torch.ones(2, requires_grad=True)
    (features @ weight).sum().backward()
    torch.testing.assert_close(weight.grad, features.sum(dim=(0, 1, 2)))


def test_a_batch_equals_its_single_patches():
    patches = noise(3, 8, 12, 3)
    network = backbone("Means")
    torch.testing.assert_close(network(patches[1:2]), network(patches)[1:2])


def test_low_precision_is_inside_only():
    patches = noise(1, 8, 12, 3)
    features = backbone("Means", dtype=torch.bfloat16)(patches)
    exact = backbone("Means")(patches)
    assert features.dtype == torch.float32
    assert not torch.equal(features, exact)
    torch.testing.assert_close(features, exact, atol=0.05, rtol=0)


@pytest.mark.parametrize(
    ("name", "returned"),
    [
        ("Nothing", "returned nothing"),
        ("SecondIsSmaller", "returned a tensor of 1 x 2 x 14 x 27"),
        ("Text", "returned a str"),
        ("Vector", "returned a tensor of 1 x 2;"),
        ("Scalar", "returned a tensor of no axes"),
        ("Smaller", "returned a tensor of 1 x 2 x 14 x 27"),
        ("Fails", "failed: KeyError: 'lost weights'"),
        ("WantsMultiplesOf32", "failed: AssertionError: multiple of 32"),
    ],
)
def test_another_output_is_refused(name, returned):
    with pytest.raises(FeatureError, match=returned) as caught:
        backbone(name)
    assert f"crt_test_networks:{name}" in str(caught.value)
    assert "1 x 3 x 60 x 108" in str(caught.value)
    if "failed" not in returned and name != "Nothing":
        assert "for a stride of 4: tensors of 1 x C x 15 x 27" in str(caught.value)


def test_another_stride_is_refused():
    with pytest.raises(FeatureError, match="returned a tensor of 1 x 2 x 30 x 54; expected"):
        backbone("Means", stride=8)


@pytest.mark.parametrize(
    ("import_path", "problem"),
    [
        ("", "not of the form"),
        ("crt_test_networks", "not of the form"),
        (":Means", "not of the form"),
        ("crt_test_networks:", "not of the form"),
        ("crt_test_absent:Means", "ModuleNotFoundError"),
        (".relative:Means", "TypeError"),
        ("crt_test_broken:Means", "a_package_that_is_missing"),
        ("crt_test_networks:absent", "AttributeError.*absent"),
        ("crt_test_networks:torch", "not callable"),
        ("crt_test_networks:needs_argument", "missing 1 required positional argument"),
        ("crt_test_networks:wrong", "returned a int"),
    ],
)
def test_a_wrong_path_is_refused(import_path, problem):
    with pytest.raises(FeatureError, match=problem) as caught:
        load_module(import_path)
    assert repr(import_path) in str(caught.value)
    assert "expected module:callable" in str(caught.value)


def test_resnet_of_torchvision_as_in_the_docstring(tmp_path):
    pytest.importorskip("torchvision")
    (tmp_path / "crt_test_resnet.py").write_text(
        textwrap.dedent("""
            import torch, torchvision

            def network():
                layers = torchvision.models.resnet18().children()
                return torch.nn.Sequential(*list(layers)[:6])
        """)
    )
    network = Backbone("resnet", load_module("crt_test_resnet:network"), 8, CPU, torch.float32)
    assert network.channels == 128
    assert network(noise(1, 40, 72, 3)).shape == (1, 5, 9, 128)
