import pytest
import torch

from crt_plugin.errors import FeatureError, ParameterError
from crt_plugin.features.pipeline import FeaturePipeline
from crt_plugin.parameters import Parameters

CPU = torch.device("cpu")


def pipeline(features, **changes):
    return FeaturePipeline(Parameters().copy(features=features, **changes), CPU, torch.float32)


@pytest.fixture
def patches(generator):
    return torch.randint(0, 256, (2, 40, 56, 3), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize(
    ("features", "changes", "channels"),
    [
        ("vgg", {"vgg_layer": 5}, 64),  # 256 reduced by PCA
        ("vgg", {"vgg_layer": 2}, 64),  # 64 as they are
        ("vgg", {"vgg_layer": 5, "vgg_shallow_layer": 4}, 128),  # 128 and 256, each reduced
        ("vgg", {"vgg_layer": 5, "vgg_shallow_layer": 4, "pca_channels": 200}, 328),
        ("hog", {}, 31),
        ("rgb", {}, 3),
        ("color_names", {}, 11),
        ("hog+color_names", {}, 42),
        ("hog", {"pca_channels": 5}, 5),
    ],
)
def test_channels_and_shape(features, changes, channels, patches):
    joined = pipeline(features, **changes)
    fitted = joined.fit(patches[:1])
    assert fitted.shape == (1, 10, 14, channels)
    assert fitted.dtype == torch.float32
    assert torch.allclose(joined(patches)[:1], fitted, rtol=1e-4, atol=1e-3)


def test_vgg_without_reduction_keeps_its_range(patches):
    """conv-2 has 64 channels: the pipeline passes them on untouched."""
    joined = pipeline("vgg", vgg_layer=2)
    assert torch.equal(joined.fit(patches), joined.extractors[0](patches))


def test_hand_crafted_families_are_rescaled_each_by_its_own(patches):
    joined = pipeline("hog+rgb", network_std=127.0)  # is not theirs
    fitted = joined.fit(patches[:1])
    for part in (fitted[..., :31], fitted[..., 31:]):
        assert part.mean().item() == pytest.approx(0, abs=1e-2)
        assert part.std(correction=0).item() == pytest.approx(100, rel=1e-4)


def test_each_layer_is_reduced_by_itself_and_rescaled_after_it(patches):
    """Of two layers: the PCA of each alone; ``network_std`` makes them weigh the same."""
    settings = {"vgg_layer": 5, "pca_channels": 16}
    both = pipeline("vgg", vgg_shallow_layer=4, **settings).fit(patches[:1])
    alone = pipeline("vgg", vgg_layer=4, pca_channels=16).fit(patches[:1])
    assert torch.equal(both[..., :16], alone)
    assert torch.equal(both[..., 16:], pipeline("vgg", **settings).fit(patches[:1]))
    assert both[..., :16].std().item() != pytest.approx(both[..., 16:].std().item(), rel=0.1)

    even = pipeline("vgg", vgg_shallow_layer=4, network_std=127.0, **settings).fit(patches[:1])
    for part, before in zip(even.split(16, -1), both.split(16, -1), strict=True):
        assert part.std(correction=0).item() == pytest.approx(127, rel=1e-4)
        factor = (part / before).flatten()
        assert torch.allclose(factor, factor.median().expand_as(factor), rtol=1e-2)


def test_network_std_is_for_every_network(patches):
    changes = {"mobilenet_blocks": "3", "mobilenet_stride": 4, "pca_channels": 16}
    for settings, std in (({}, None), ({"network_std": 127.0}, 127.0)):
        fitted = pipeline("mobilenet", **changes, **settings).fit(patches[:1])
        assert fitted.shape == (1, 10, 14, 16)
        found = fitted.std(correction=0).item()
        assert found == pytest.approx(127, rel=1e-4) if std else abs(found - 127) > 5


@pytest.mark.parametrize(("shallow", "layer"), [(5, 5), (7, 5), (4, 2)])
def test_the_second_layer_comes_before_the_first(shallow, layer):
    with pytest.raises(
        ParameterError, match=f"vgg_shallow_layer = {shallow} with vgg_layer = {layer}"
    ):
        pipeline("vgg", vgg_layer=layer, vgg_shallow_layer=shallow)


def test_reductions_come_from_the_first_frame_only(patches):
    joined = pipeline("rgb")
    joined.fit(patches[:1])
    before = joined(patches[1:])
    joined(patches)
    assert torch.equal(joined(patches[1:]), before)


@pytest.mark.parametrize("features", ["sift", "", "hog+", "hog+hog", "HOG"])
def test_unknown_features_name_the_families(features):
    with pytest.raises(ParameterError, match="vgg, mobilenet, hog, rgb, color_names, backbone"):
        pipeline(features)


def test_families_of_different_strides_are_not_joined(monkeypatch):
    from crt_plugin.features import pipeline as module

    class Coarse:
        name, stride, channels, rescaled = "coarse", 8, 2, True

    monkeypatch.setattr(module, "_shared", {})
    monkeypatch.setitem(module.FAMILIES, "rgb", module.Family(lambda *_: Coarse()))
    with pytest.raises(FeatureError, match=r"different strides.*'hog': 4.*'coarse': 8"):
        pipeline("hog+rgb")
