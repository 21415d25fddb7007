"""From patches to the features that the regression sees: families, reduced and joined."""

from __future__ import annotations

from collections.abc import Callable

import torch

from crt_plugin.errors import FeatureError
from crt_plugin.features.backbone import Backbone
from crt_plugin.features.base import FeatureExtractor
from crt_plugin.features.color import RGB, ColorNames
from crt_plugin.features.hog import HOG
from crt_plugin.features.reduction import PCA, Rescaling
from crt_plugin.features.vgg import VGG
from crt_plugin.features.vgg_weights import load_layers
from crt_plugin.parameters import Parameters

Make = Callable[[Parameters, torch.device, torch.dtype], FeatureExtractor]

FAMILIES: dict[str, Make] = {
    "vgg": lambda params, device, dtype: VGG(load_layers(params), device, dtype),
    "hog": lambda params, device, dtype: HOG(),
    "rgb": lambda params, device, dtype: RGB(),
    "color_names": lambda params, device, dtype: ColorNames(params.color_names_table),
    "backbone": lambda params, device, dtype: Backbone(
        params.backbone, params.backbone_stride, device, dtype
    ),
}


def make_extractors(
    params: Parameters, device: torch.device, dtype: torch.dtype
) -> list[FeatureExtractor]:
    """The families that ``params.features`` names.

    Raises:
        FeatureError: an unknown family, or families of different strides.
    """
    names = params.features.split("+")
    unknown = [name for name in names if name not in FAMILIES]
    if unknown or len(set(names)) < len(names):
        raise FeatureError(
            f"features = {params.features!r}; accepted: one or several of "
            f"{', '.join(FAMILIES)}, each once, joined by +"
        )
    extractors = [FAMILIES[name](params, device, dtype) for name in names]
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

    def __init__(self, params: Parameters, device: torch.device, dtype: torch.dtype) -> None:
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
        parts = []
        self._reductions = []
        for extractor in self.extractors:
            features = extractor(patch)
            reductions: list[PCA | Rescaling] = []
            if extractor.rescaled:
                reductions.append(Rescaling(features, self.params.feature_std))
                features = reductions[-1](features)
            if extractor.channels > self.params.pca_channels:
                reductions.append(PCA(features, self.params.pca_channels))
                features = reductions[-1](features)
            self._reductions.append(reductions)
            parts.append(features)
        return torch.cat(parts, dim=-1)

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """Features of later patches: N x H x W x 3, uint8 -> N x h x w x C, float32."""
        return self.reduce(self.extract(patches))

    def extract(self, patches: torch.Tensor) -> list[torch.Tensor]:
        """What each family gives, N x h x w x its channels."""
        return [extractor(patches) for extractor in self.extractors]

    def reduce(self, parts: list[torch.Tensor]) -> torch.Tensor:
        """The families' features, reduced as ``fit`` learned and joined."""
        reduced = []
        for part, reductions in zip(parts, self._reductions, strict=True):
            for reduction in reductions:
                part = reduction(part)
            reduced.append(part)
        return torch.cat(reduced, dim=-1)
