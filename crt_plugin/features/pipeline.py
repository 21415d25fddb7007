"""From patches to the features that the regression sees: families, reduced and joined."""

from __future__ import annotations

from collections.abc import Callable

import torch

from crt_plugin.errors import FeatureError
from crt_plugin.features.backbone import Backbone, load_network
from crt_plugin.features.base import FeatureExtractor
from crt_plugin.features.color import RGB, ColorNames
from crt_plugin.features.hog import HOG
from crt_plugin.features.mobilenet import MobileNetV2
from crt_plugin.features.mobilenet_weights import load_convolutions
from crt_plugin.features.reduction import PCA, Rescaling
from crt_plugin.features.vgg import VGG
from crt_plugin.features.vgg_weights import load_layers
from crt_plugin.parameters.paper import FeatureSettings
from crt_plugin.parameters.settings import parse_numbers

Make = Callable[[FeatureSettings, torch.device, torch.dtype], FeatureExtractor]

FAMILIES: dict[str, Make] = {
    "vgg": lambda params, device, dtype: VGG(
        load_layers(params), device, dtype, params.vgg_shallow_layer
    ),
    "hog": lambda params, device, dtype: HOG(),
    "rgb": lambda params, device, dtype: RGB(),
    "color_names": lambda params, device, dtype: ColorNames(params.color_names_table),
    "mobilenet": lambda params, device, dtype: Backbone(
        f"mobilenet_{params.mobilenet_blocks.replace('+', '_')}",
        make_mobilenet(params),
        params.mobilenet_stride,
        device,
        dtype,
        params.engine,
    ),
    "backbone": lambda params, device, dtype: Backbone(
        f"backbone = {params.backbone!r}",
        load_network(params.backbone),
        params.backbone_stride,
        device,
        dtype,
        params.engine,
    ),
}


def make_mobilenet(params: FeatureSettings) -> MobileNetV2:
    """The network of the settings ``mobilenet_...``."""
    blocks = parse_numbers(params.mobilenet_blocks)
    return MobileNetV2(
        load_convolutions(params, blocks[-1]),
        blocks,
        params.mobilenet_stride,
        is_dilated=params.mobilenet_density == "dilation",
        expansion=params.mobilenet_output == "expansion",
    )


def make_extractors(
    params: FeatureSettings, device: torch.device, dtype: torch.dtype
) -> list[FeatureExtractor]:
    """The families that ``params.features`` names.

    Raises:
        FeatureError: families of different strides.
    """
    extractors = [FAMILIES[name](params, device, dtype) for name in params.features.split("+")]
    strides = {extractor.name: extractor.stride for extractor in extractors}
    if len(set(strides.values())) > 1:
        raise FeatureError(f"features of different strides cannot be joined: {strides}")
    return extractors


class FeaturePipeline:
    """Families of one stride, each reduced as the first frame's patch demands, then joined.

    Attributes:
        name: names of the families, joined by +.
        stride: input px per cell.
        precision: number type of networks.
    """

    def __init__(self, params: FeatureSettings, device: torch.device, dtype: torch.dtype) -> None:
        self.params = params
        self.extractors = make_extractors(params, device, dtype)
        self.name = "+".join(extractor.name for extractor in self.extractors)
        self.stride = self.extractors[0].stride
        self.precision = dtype
        self._reductions: list[list[PCA | Rescaling]] = []

    def fit(self, patch: torch.Tensor) -> torch.Tensor:
        """Learn the reductions from the first frame, and return its features.

        Args:
            patch: 1 x H x W x 3, uint8, RGB.

        Returns:
            1 x h x w x C, float32.
        """
        self._reductions = []
        parts = self.extract(patch)
        owners = [each for each in self.extractors for _ in each.groups]
        for part, owner in zip(parts, owners, strict=True):
            self._reductions.append(self._fit_reductions(part, owner))
        return self.reduce(parts)

    def _fit_reductions(
        self, features: torch.Tensor, owner: FeatureExtractor
    ) -> list[PCA | Rescaling]:
        """What one map of the first frame is reduced by, one after the other."""
        reductions: list[PCA | Rescaling] = []
        if owner.rescaled:
            reductions.append(Rescaling(features, self.params.feature_std))
            features = reductions[-1](features)
        if features.shape[-1] > self.params.pca_channels:
            reductions.append(PCA(features, self.params.pca_channels))
            features = reductions[-1](features)
        if self.params.network_std is not None and owner.is_network:
            reductions.append(Rescaling(features, self.params.network_std))
        return reductions

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """Features of later patches: N x H x W x 3, uint8 -> N x h x w x C, float32."""
        return self.reduce(self.extract(patches))

    def extract(self, patches: torch.Tensor) -> list[torch.Tensor]:
        """The maps of each family, N x h x w x their channels."""
        return [
            part
            for extractor in self.extractors
            for part in extractor(patches).split(extractor.groups, dim=-1)
        ]

    def reduce(self, parts: list[torch.Tensor]) -> torch.Tensor:
        """The families' maps, reduced as ``fit`` learned and joined."""
        reduced = []
        for part, reductions in zip(parts, self._reductions, strict=True):
            for reduction in reductions:
                part = reduction(part)
            reduced.append(part)
        return torch.cat(reduced, dim=-1)
