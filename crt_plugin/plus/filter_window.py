"""A window on the filter, which keeps it from learning what is around the object (ours)."""

from __future__ import annotations

from typing import Any

import torch

from crt_plugin.algorithm.literal import LiteralRegression
from crt_plugin.algorithm.maps import gaussian_map
from crt_plugin.algorithm.regression import ConvRegression


def window_filter(size: tuple[int, int], sigma: float) -> torch.Tensor:
    """Gaussian around the filter's middle, kh x kw x 1, float32, of mean square 1.

    Args:
        size: kh, kw.
        sigma: standard deviation along each axis, half filter sizes.
    """
    kh, kw = size
    middle = (kh - 1) / 2, (kw - 1) / 2
    window = gaussian_map(size, middle, (sigma * kh / 2, sigma * kw / 2))
    return (window / window.square().mean().sqrt())[:, :, None]


class WindowedRegression(ConvRegression):
    """f(z) = (g w) . z + b, with a fixed window g on the filter.

    Features of deep layers see far beyond the object's box, so that the filter's border learns
    the background of the first frame. The penalty on w is, of the filter g w, one that grows
    towards the border as 1 / g^2: the spatial regularisation of SRDCF (Danelljan et al., ICCV
    2015).

    Attributes:
        window: g, kh x kw x 1.
    """

    def __init__(
        self,
        filter_size: tuple[int, int],
        features: torch.Tensor,
        *args: Any,
        sigma: float,
        **kw: Any,
    ) -> None:
        """See ``ConvRegression``; ``sigma`` of ``window_filter``."""
        self.window = window_filter(filter_size, sigma).to(features.device)
        super().__init__(filter_size, features, *args, **kw)

    @property
    def filter(self) -> torch.Tensor:
        """What is applied to every window, kh x kw x C: g w."""
        return self.weight * self.window

    def _differentiate_filter(self, by_filter: torch.Tensor) -> torch.Tensor:
        return by_filter * self.window


class LiteralWindowedRegression(WindowedRegression, LiteralRegression):
    """The same by autograd."""

    @torch.inference_mode(False)
    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
