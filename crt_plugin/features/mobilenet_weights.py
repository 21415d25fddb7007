"""The convolutions of MobileNetV2, with batch normalisation folded, and where they come from.

Order: the setting ``mobilenet_weights``, the environment variable ``CRT_MOBILENET_WEIGHTS``, the
file inside this package. A file has the names of github.com/tonylins/pytorch-mobilenet-v2, whose
weights are the packaged ones, or of torchvision, whose weights are of another training: the
network is the same, the features are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from crt_plugin.errors import WeightsError
from crt_plugin.features.weight_files import (
    find_named_files,
    hash_file,
    read_file,
    read_packaged,
    take,
)
from crt_plugin.parameters.paper import FeatureSettings

PACKAGED = Path(__file__).parent / "weights" / "mobilenet_v2_block13.safetensors"
PACKAGED_SHA256 = "e0445239a89fa22cad2c5c0de7530e9667108bed8ade9632911c82cfd8b419df"
LAST_PACKAGED = 13
ENVIRONMENT = "CRT_MOBILENET_WEIGHTS"
NETWORK = "MobileNetV2"
EPSILON = 1e-5  # of batch normalisation
ADVICE = (
    "expected the file of torchvision's mobilenet_v2 (.pth), that of tonylins' "
    "pytorch-mobilenet-v2, or a .safetensors file of either"
)

Convolution = tuple[torch.Tensor, torch.Tensor]  # weight, bias


@dataclass(frozen=True)
class Block:
    """Shape of a block.

    Attributes:
        inputs, outputs: channels.
        hidden: channels of the depthwise convolution.
        stride: of the depthwise convolution.
    """

    inputs: int
    outputs: int
    hidden: int
    stride: int

    @property
    def is_residual(self) -> bool:
        """Whether the input is added to the output."""
        return self.stride == 1 and self.inputs == self.outputs

    @property
    def shapes(self) -> list[tuple[int, int, int, int]]:
        """Of the weights of its convolutions."""
        expansion = [(self.hidden, self.inputs, 1, 1)] if self.hidden > self.inputs else []
        return [*expansion, (self.hidden, 1, 3, 3), (self.outputs, self.hidden, 1, 1)]


def list_blocks() -> list[Block]:
    """Table 2 of arXiv 1801.04381; block 0 is the first convolution."""
    blocks = [Block(3, 32, 32, 2)]
    for expansion, outputs, repetitions, stride in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for index in range(repetitions):
            inputs = blocks[-1].outputs
            blocks.append(Block(inputs, outputs, expansion * inputs, 1 if index else stride))
    return blocks


BLOCKS = list_blocks()


def find_files(params: FeatureSettings) -> list[Path]:
    """Files that the user names, see ``find_named_files``."""
    return find_named_files(params.mobilenet_weights, ENVIRONMENT)


def list_files(params: FeatureSettings) -> list[Path]:
    """Files that hold the weights of ``params``, whether they are there or not."""
    return find_files(params) or [PACKAGED]


def find_origin(params: FeatureSettings) -> str:
    """One line that says which weights ``params`` would use."""
    files = find_files(params)
    return "file " + ", ".join(map(str, files)) if files else f"packaged (to block {LAST_PACKAGED})"


def hash_weights(params: FeatureSettings) -> list[str]:
    """SHA-256 of each file of weights that ``params`` uses.

    Raises:
        WeightsError: a file is missing.
    """
    files = find_files(params)
    return [hash_file(file, ADVICE) for file in files] or [PACKAGED_SHA256]


def load_convolutions(params: FeatureSettings, last: int) -> list[list[Convolution]]:
    """The convolutions of block 0 to block ``last``, float32, batch normalisation folded.

    Raises:
        WeightsError: missing, damaged or of another network.
    """
    files = find_files(params)
    if not files and last > LAST_PACKAGED:
        raise WeightsError(
            f"mobilenet_blocks = {params.mobilenet_blocks!r} needs block {last}, and the packaged "
            f"weights end with block {LAST_PACKAGED}; put a file into {ENVIRONMENT} or the setting "
            f"mobilenet_weights: {ADVICE}"
        )
    state: dict[str, torch.Tensor] = {}
    for file in files:
        state |= read_file(file, NETWORK, ADVICE)
    if not files:
        state = read_packaged(PACKAGED, PACKAGED_SHA256)
    origin = ", ".join(map(str, files or [PACKAGED]))
    return fold_convolutions(state, last, origin)


def fold_convolutions(
    state: dict[str, torch.Tensor], last: int, origin: str
) -> list[list[Convolution]]:
    """See ``load_convolutions``; from the tensors of the file ``origin``."""
    folded = [[_fold(state, ("features.0.0", "features.0.1"), (32, 3, 3, 3), origin)]]
    for number, block in enumerate(BLOCKS[1 : last + 1], start=1):
        names = _list_names(state, f"features.{number}.conv", len(block.shapes))
        layers = zip(names, block.shapes, strict=True)
        folded.append([_fold(state, pair, shape, origin) for pair, shape in layers])
    return folded


def _list_names(state: dict[str, torch.Tensor], prefix: str, count: int) -> list[tuple[str, str]]:
    """Names of a block's convolutions, each with that of its batch normalisation."""
    if f"{prefix}.0.0.weight" in state:  # torchvision's
        pairs = [(f"{index}.0", f"{index}.1") for index in range(count - 1)]
        pairs.append((f"{count - 1}", f"{count}"))
    else:
        pairs = [(f"{3 * index}", f"{3 * index + 1}") for index in range(count)]
    return [(f"{prefix}.{a}", f"{prefix}.{b}") for a, b in pairs]


def _fold(
    state: dict[str, torch.Tensor],
    names: tuple[str, str],
    shape: tuple[int, int, int, int],
    origin: str,
) -> Convolution:
    """Weight and bias of a convolution with its batch normalisation, if the file has one."""
    convolution, normalisation = names
    weight = take(state, f"{convolution}.weight", shape, NETWORK, origin)
    channels = shape[:1]
    if f"{convolution}.bias" in state:
        return weight, take(state, f"{convolution}.bias", channels, NETWORK, origin)
    scale, offset, mean, variance = (
        take(state, f"{normalisation}.{name}", channels, NETWORK, origin).double()
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    factor = scale / torch.sqrt(variance + EPSILON)
    folded = weight.double() * factor.view(-1, 1, 1, 1)
    return folded.float(), (offset - mean * factor).float()
