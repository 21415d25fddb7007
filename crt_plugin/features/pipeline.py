"""From patches to the features that the regression sees: families, reduced and joined."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import torch

from crt_plugin.errors import FeatureError
from crt_plugin.features import mobilenet_weights, vgg_weights
from crt_plugin.features.backbone import Backbone, find_network, load_network
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


@dataclass(frozen=True)
class Family:
    """A feature family.

    Attributes:
        make: an extractor, which keeps nothing from one call to the next.
        settings: names of those that ``make`` reads.
        find_origins: what beside the settings decides on the extractor: files of weights, or what a
            setting names.
    """

    make: Make
    settings: tuple[str, ...] = ()
    find_origins: Callable[[FeatureSettings], list[Any]] = lambda params: []


FAMILIES: dict[str, Family] = {
    "vgg": Family(
        lambda params, device, dtype: VGG(
            load_layers(params), device, dtype, params.vgg_shallow_layer
        ),
        ("vgg_layer", "vgg_shallow_layer", "vgg_weights"),
        vgg_weights.list_files,
    ),
    "hog": Family(lambda params, device, dtype: HOG()),
    "rgb": Family(lambda params, device, dtype: RGB()),
    "color_names": Family(
        lambda params, device, dtype: ColorNames(params.color_names_table),
        ("color_names_table",),
        lambda params: [Path(params.color_names_table)],
    ),
    "mobilenet": Family(
        lambda params, device, dtype: Backbone(
            f"mobilenet_{params.mobilenet_blocks.replace('+', '_')}",
            make_mobilenet(params),
            params.mobilenet_stride,
            device,
            dtype,
            params.engine,
        ),
        (
            *("mobilenet_blocks", "mobilenet_output", "mobilenet_stride", "mobilenet_density"),
            *("mobilenet_weights", "engine"),
        ),
        mobilenet_weights.list_files,
    ),
    "backbone": Family(
        lambda params, device, dtype: Backbone(
            f"backbone = {params.backbone!r}",
            load_network(params.backbone),
            params.backbone_stride,
            device,
            dtype,
            params.engine,
        ),
        ("backbone", "backbone_stride", "engine"),
        lambda params: [find_network(params.backbone)],
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


def share_extractors(
    params: FeatureSettings, device: torch.device, dtype: torch.dtype
) -> list[FeatureExtractor]:
    """The families that ``params.features`` names.

    Trackers of one process share an extractor, and so a network's weights, as long as its settings,
    device, number type and files are the same; it is freed with the last of them.

    Raises:
        FeatureError: families of different strides.
    """
    extractors = []
    for name in params.features.split("+"):
        family = FAMILIES[name]
        key = (
            name,
            *(getattr(params, setting) for setting in family.settings),
            *(_Origin.of(origin) for origin in family.find_origins(params)),
            *(device, dtype),
            torch.get_num_threads(),  # which openvino compiles for
        )
        extractor = _shared.get(key)
        if extractor is None:
            extractor = _shared[key] = family.make(params, device, dtype)
        extractors.append(extractor)
    strides = {extractor.name: extractor.stride for extractor in extractors}
    if len(set(strides.values())) > 1:
        raise FeatureError(f"features of different strides cannot be joined: {strides}")
    return extractors


@dataclass(frozen=True, eq=False)
class _Origin:
    """A file as it is now, or a Python object, which equals itself only."""

    thing: Any
    version: tuple[int, int] | None

    @classmethod
    def of(cls, thing: Any) -> _Origin:
        if not isinstance(thing, Path) or not thing.is_file():
            return cls(thing, None)
        found = thing.stat()
        return cls(thing.absolute(), (found.st_mtime_ns, found.st_size))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Origin):
            return False
        is_file = isinstance(self.thing, Path) and isinstance(other.thing, Path)
        is_same = self.thing == other.thing if is_file else self.thing is other.thing
        return is_same and self.version == other.version

    def __hash__(self) -> int:
        return hash((self.thing if isinstance(self.thing, Path) else id(self.thing), self.version))


_shared: WeakValueDictionary[Any, FeatureExtractor] = WeakValueDictionary()
if hasattr(os, "register_at_fork"):  # the threads of an engine do not survive a fork
    os.register_at_fork(after_in_child=_shared.clear)


class FeaturePipeline:
    """Families of one stride, each reduced as the first frame's patch demands, then joined.

    Pickled and copied without the weights of its networks, which are loaded again, or shared.

    Attributes:
        name: names of the families, joined by +.
        stride: input px per cell.
        precision: number type of networks.
    """

    def __init__(self, params: FeatureSettings, device: torch.device, dtype: torch.dtype) -> None:
        self.params, self._device = params, device
        self.extractors = share_extractors(params, device, dtype)
        self.name = "+".join(extractor.name for extractor in self.extractors)
        self.stride = self.extractors[0].stride
        self.precision = dtype
        self._reductions: list[list[PCA | Rescaling]] = []

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "extractors"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.extractors = share_extractors(self.params, self._device, self.precision)

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
