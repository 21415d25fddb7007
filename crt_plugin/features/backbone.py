"""Features of any torch module that the user names."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from torch.fx.experimental.optimization import fuse

from crt_plugin.errors import FeatureError
from crt_plugin.features.engine import CompiledNetwork

# Of ImageNet's images in the range 0 to 1, R, G, B: what torchvision's and timm's weights expect.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

# Odd, like the patches that the tracker cuts: no power of two above the stride divides them.
PROBE_CELLS = (15, 27)
# Neither the batch nor the size that openvino is given as an example: what depends on it shows.
CHECK_SIZE = (2, 3, 192, 128)
FOLDED_ERROR = 1e-3
ACCEPTED = (
    "expected module:callable, where the module can be imported (its folder is in "
    "PYTHONPATH) and the callable, without arguments, returns a torch.nn.Module, or is one"
)
COMPILED_ERROR = {torch.float32: 1e-3, torch.bfloat16: 0.1}


class Backbone:
    """Cells of a torch module, or of a network in an ONNX file.

    The network takes N x 3 x H x W, RGB, normalised with ImageNet's mean (0.485, 0.456, 0.406) and
    standard deviation (0.229, 0.224, 0.225) of the range 0 to 1, and returns
    N x C x H/stride x W/stride: one tensor, or several in a list, tuple or dict, each of which is
    reduced by itself. A network for another range changes it itself. A module is run in eval mode,
    without gradients, channels last in memory, and with batch normalisation folded into the
    convolutions if torch.fx can trace it; none of it changes a number beyond rounding. Trackers of
    the same settings share it: it must not keep anything from one call to the next.

    Attributes:
        groups: C of each output, found by a trial run.

    Example:
        A file ``my_backbone.py`` where Python finds modules; ``resnet18`` of torchvision up to
        its stride of 8, for ``params.backbone = "my_backbone:network"``:

            import torch, torchvision

            def network():
                weights = torchvision.models.ResNet18_Weights.IMAGENET1K_V1
                layers = torchvision.models.resnet18(weights=weights).children()
                return torch.nn.Sequential(*list(layers)[:6])  # to layer2

        The same with timm (its scales are of strides 2, 4, 8, ...):

            import timm

            def network():
                return timm.create_model(
                    "resnet18", pretrained=True, features_only=True, out_indices=(2,)
                )
    """

    rescaled = True
    is_network = True

    def __init__(
        self,
        name: str,
        network: nn.Module | Path,
        stride: int,
        device: torch.device,
        dtype: torch.dtype,
        engine: Literal["torch", "openvino"] = "torch",
    ) -> None:
        """Move the network to ``device`` in ``dtype``, and try it.

        Args:
            name: as results and messages show it.
            network: a module, or the path of an ONNX file, which openvino runs.
            engine: what runs a module.

        Raises:
            FeatureError: it fails, or its output is of another shape.
            MissingExtraError: openvino is needed and not installed.
        """
        self.name = name
        self.stride = stride
        self._network = prepare_network(network, device, dtype, engine)
        self._mean = 255 * torch.tensor(MEAN, device=device)
        self._std = 255 * torch.tensor(STD, device=device)
        self._dtype = dtype
        self.groups = self._probe(device)
        self.channels = sum(self.groups)

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """N x H x W x 3 uint8 to N x H/stride x W/stride x C float32."""
        outputs = [output.permute(0, 2, 3, 1).float() for output in self._run(patches)]
        return torch.cat(outputs, dim=-1)

    # Not inference mode: the regression's gradient needs the features, as constants.
    @torch.no_grad()
    def _run(self, patches: torch.Tensor) -> list[Any]:
        normalised = ((patches.float() - self._mean) / self._std).to(self._dtype)
        return list_outputs(self._network(normalised.permute(0, 3, 1, 2)))

    def _probe(self, device: torch.device) -> tuple[int, ...]:
        """C of each output, of a run on a black patch.

        Raises:
            FeatureError: the outputs are not as they should be.
        """
        h, w = PROBE_CELLS
        height, width = h * self.stride, w * self.stride
        patch = torch.zeros(1, height, width, 3, dtype=torch.uint8, device=device)
        wrong = f"{self.name}, for an input of 1 x 3 x {height} x {width},"
        try:
            outputs = self._run(patch)
        except Exception as error:  # a user's module can fail in any way; the message names it
            raise FeatureError(f"{wrong} failed: {type(error).__name__}: {error}") from error
        for output in outputs:
            shape = tuple(output.shape) if isinstance(output, torch.Tensor) else ()
            if len(shape) != 4 or (shape[0], *shape[2:]) != (1, h, w):
                raise FeatureError(
                    f"{wrong} returned {describe_output(output)}; expected for a stride of "
                    f"{self.stride}: tensors of 1 x C x {h} x {w}, one or a list, tuple or dict"
                )
        if not outputs:
            raise FeatureError(f"{wrong} returned nothing")
        return tuple(output.shape[1] for output in outputs)


def prepare_network(
    network: nn.Module | Path, device: torch.device, dtype: torch.dtype, engine: str
) -> Callable[[torch.Tensor], Any]:
    """The network as ``engine`` runs it.

    Raises:
        FeatureError: openvino computes something else than the module.
    """
    if isinstance(network, Path):
        return CompiledNetwork(network, device, dtype)
    module = fold_normalisation(network.eval())
    if engine == "openvino":
        compiled = CompiledNetwork(module, device, dtype)
        if not is_same(compiled, module, COMPILED_ERROR[dtype]):
            raise FeatureError(
                "openvino computes something else than the module, whose operations may depend on "
                "the size or the values of its input; expected engine = 'torch'"
            )
        return compiled
    module = module.to(device, dtype)
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def fold_normalisation(module: nn.Module) -> nn.Module:
    """The module with batch normalisation folded into the convolutions before it.

    A module that torch.fx cannot trace, or folds wrongly (a convolution that is used twice), is
    returned as it is: it computes the same, slower.
    """
    if not any(isinstance(part, nn.BatchNorm2d) for part in module.modules()):
        return module
    try:
        folded = fuse(module)
        return folded if is_same(folded, module, FOLDED_ERROR) else module
    except Exception:  # noqa: BLE001  a user's code can fail in any way
        return module


@torch.no_grad()
def is_same(network: Callable[[torch.Tensor], Any], module: nn.Module, tolerance: float) -> bool:
    """Whether ``network`` computes what ``module`` does, for a random batch on the CPU.

    Args:
        tolerance: norm of the difference of an output, relative to the norm of the output.
    """
    images = torch.randn(CHECK_SIZE, generator=torch.Generator().manual_seed(0))
    ours, theirs = list_outputs(network(images)), list_outputs(module(images))
    return len(ours) == len(theirs) and all(
        a.shape == b.shape and bool((a - b).norm() <= tolerance * b.norm())
        for a, b in zip(ours, theirs, strict=True)
    )


def list_outputs(output: Any) -> list[Any]:
    """The outputs of a network that returns one, or several in a list, tuple or dict."""
    if isinstance(output, Mapping):
        return list(output.values())
    return list(output) if isinstance(output, (list, tuple)) else [output]


def load_network(name: str) -> nn.Module | Path:
    """The module that ``module:callable`` names, or the path of an ONNX file."""
    return Path(name) if name.endswith(".onnx") else load_module(name)


def find_network(name: str) -> Any:
    """What ``module:callable`` names, not called, or the path of an ONNX file."""
    return Path(name) if name.endswith(".onnx") else find_callable(name)


def load_module(import_path: str) -> nn.Module:
    """The module that ``module:callable`` names.

    Raises:
        FeatureError: it is not of that form, cannot be imported or called, or is something else.
    """
    found = find_callable(import_path)
    try:
        module = found if isinstance(found, nn.Module) else found()
    except Exception as error:  # a user's code can fail in any way; the message names it
        raise _fail(import_path, error) from error
    if not isinstance(module, nn.Module):
        returned = type(module).__name__
        raise FeatureError(f"backbone = {import_path!r} returned a {returned}; {ACCEPTED}")
    return module


def find_callable(import_path: str) -> Any:
    """What ``module:callable`` names, not called.

    Raises:
        FeatureError: it is not of that form, or cannot be imported.
    """
    name, _, attribute = import_path.partition(":")
    if not name or not attribute:
        wrong = f"backbone = {import_path!r} is not of the form module:callable"
        raise FeatureError(f"{wrong}; {ACCEPTED}")
    try:
        return getattr(importlib.import_module(name), attribute)
    except Exception as error:  # a user's code can fail in any way; the message names it
        raise _fail(import_path, error) from error


def _fail(import_path: str, error: Exception) -> FeatureError:
    reason = f"{type(error).__name__}: {error}"
    return FeatureError(f"backbone = {import_path!r} failed: {reason}; {ACCEPTED}")


def describe_output(output: Any) -> str:
    """What a module returned, for a message."""
    if isinstance(output, torch.Tensor):
        return f"a tensor of {' x '.join(map(str, output.shape)) or 'no axes'}"
    if isinstance(output, (list, tuple)):
        return f"a {type(output).__name__} of {len(output)}"
    return f"a {type(output).__name__}"
