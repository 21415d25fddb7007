"""What a feature family is, to the tracker."""

from __future__ import annotations

from typing import Protocol

import torch


class FeatureExtractor(Protocol):
    """Turns a batch of patches into maps of feature cells.

    Attributes:
        name: as results and messages show it.
        stride: input pixels per feature cell, the same in both directions.
        channels: C, features per cell.
        groups: C of each of the maps that are joined in it, and reduced each by itself.
        rescaled: whether the tracker rescales the features to ``feature_std`` on the first
            frame; False for VGG-16, whose range the learning rates presuppose.
        is_network: whether ``network_std`` is for it.
    """

    name: str
    stride: int
    channels: int
    groups: tuple[int, ...]
    rescaled: bool
    is_network: bool

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """Features of each cell.

        Args:
            patches: N x (stride * h) x (stride * w) x 3, uint8, RGB, on the extractor's device.

        Returns:
            N x h x w x C, float32, on the same device. Cell (i, j) stands for the input pixels
            [stride * i, stride * (i + 1)) x [stride * j, stride * (j + 1)).
        """
        ...
