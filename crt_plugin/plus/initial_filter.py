"""A filter that starts at zero, so that no seed plays a part (ours)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from crt_plugin.algorithm.regression import ConvRegression


def start_at_zero(
    regression_type: Callable[..., ConvRegression], *args: Any, **kw: Any
) -> ConvRegression:
    """A regression of ``regression_type`` whose coefficients are all 0 before training.

    Training ends early, and what the first frame does not determine keeps its first value: of
    random values a noise in every response, which differs with the seed.
    """
    regression = regression_type(*args, **kw)
    with torch.no_grad():
        regression.weight.zero_()
    return regression
