"""Features of any torch module that the user names."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from crt_plugin.errors import FeatureError

# Of ImageNet's images in the range 0 to 1, R, G, B: what torchvision's and timm's weights expect.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

# Odd, like the patches that the tracker cuts: no power of two above the stride divides them.
PROBE_CELLS = (15, 27)


class Backbone:
    """A torch module, named by where it is: ``module:callable``.

    The callable, called without arguments, returns an ``nn.Module``; or it is one already. That
    takes N x 3 x H x W, RGB, normalised with ImageNet's mean (0.485, 0.456, 0.406) and standard
    deviation (0.229, 0.224, 0.225) of the range 0 to 1, and returns N x C x H/stride x W/stride:
    as a tensor, or as the only one in a list, tuple or dict. A module without those means
    subtracts them itself. It is run as is, in eval mode and without gradients.

    Attributes:
        channels: C, found by a trial run.

    Example:
        A file ``my_backbone.py`` where Python finds modules; ``resnet18`` of torchvision up to
        its stride of 8, for ``params.backbone = "my_backbone:network"``::

            import torch, torchvision

            def network():
                weights = torchvision.models.ResNet18_Weights.IMAGENET1K_V1
                layers = torchvision.models.resnet18(weights=weights).children()
                return torch.nn.Sequential(*list(layers)[:6])  # to layer2

        The same with timm (its scales are of strides 2, 4, 8, ...)::

            import timm

            def network():
                return timm.create_model(
                    "resnet18", pretrained=True, features_only=True, out_indices=(2,)
                )
    """

    rescaled = True

    def __init__(
        self, import_path: str, stride: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        """Import, move to ``device`` in ``dtype``, and try the module.

        Raises:
            FeatureError: no such module or callable, it fails, or its output is of another shape.
        """
        self.name = f"backbone ({import_path})"
        self.stride = stride
        self._import_path = import_path
        self._module = load_module(import_path).to(device, dtype).eval()
        self._mean = 255 * torch.tensor(MEAN, device=device).view(3, 1, 1)
        self._std = 255 * torch.tensor(STD, device=device).view(3, 1, 1)
        self._dtype = dtype
        self.channels = self._probe(device)
        self.groups: tuple[int, ...] = (self.channels,)

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """N x H x W x 3 uint8 to N x H/stride x W/stride x C float32."""
        return self._run(patches).float().permute(0, 2, 3, 1)

    # Not inference mode: the regression's gradient needs the features, as constants.
    @torch.no_grad()
    def _run(self, patches: torch.Tensor) -> Any:
        normalised = (patches.permute(0, 3, 1, 2).float() - self._mean) / self._std
        output = self._module(normalised.to(self._dtype))
        if isinstance(output, Mapping):
            output = list(output.values())
        if isinstance(output, (list, tuple)) and len(output) == 1:
            output = output[0]
        return output

    def _probe(self, device: torch.device) -> int:
        """C, of a run on a black patch; ``FeatureError`` if the output is not as it should be."""
        h, w = PROBE_CELLS
        height, width = h * self.stride, w * self.stride
        patch = torch.zeros(1, height, width, 3, dtype=torch.uint8, device=device)
        wrong = f"backbone = {self._import_path!r}, for an input of 1 x 3 x {height} x {width},"
        try:
            output = self._run(patch)
        except Exception as error:  # a user's module can fail in any way; the message names it
            raise FeatureError(f"{wrong} failed: {type(error).__name__}: {error}") from error
        shape = tuple(output.shape) if isinstance(output, torch.Tensor) else ()
        if len(shape) != 4 or (shape[0], *shape[2:]) != (1, h, w):
            raise FeatureError(
                f"{wrong} returned {_description(output)}; expected for backbone_stride = "
                f"{self.stride}: a tensor of 1 x C x {h} x {w}, or a list, tuple or dict of one"
            )
        return shape[1]


def load_module(import_path: str) -> nn.Module:
    """The module that ``module:callable`` names.

    Raises:
        FeatureError: it is not of that form, cannot be imported or called, or is something else.
    """
    wrong = f"backbone = {import_path!r}"
    accepted = (
        "expected module:callable, where the module can be imported (its folder is in "
        "PYTHONPATH) and the callable, without arguments, returns a torch.nn.Module, or is one"
    )
    name, _, attribute = import_path.partition(":")
    if not name or not attribute:
        raise FeatureError(f"{wrong} is not of the form module:callable; {accepted}")
    try:
        found = getattr(importlib.import_module(name), attribute)
        module = found if isinstance(found, nn.Module) else found()
    except Exception as error:  # a user's code can fail in any way; the message names it
        raise FeatureError(
            f"{wrong} failed: {type(error).__name__}: {error}; {accepted}"
        ) from error
    if not isinstance(module, nn.Module):
        raise FeatureError(f"{wrong} returned a {type(module).__name__}; {accepted}")
    return module


def _description(output: Any) -> str:
    if isinstance(output, torch.Tensor):
        return f"a tensor of {' x '.join(map(str, output.shape)) or 'no axes'}"
    if isinstance(output, (list, tuple)):
        return f"a {type(output).__name__} of {len(output)}"
    return f"a {type(output).__name__}"
