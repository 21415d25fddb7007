"""MobileNetV2, a network made for small devices, as features (ours).

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", arXiv 1801.04381.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from crt_plugin.errors import FeatureError
from crt_plugin.features.mobilenet_weights import BLOCKS, Convolution


class InvertedResidual(nn.Module):
    """One block: 1 x 1 expansion, 3 x 3 depthwise convolution, linear 1 x 1 projection.

    Args:
        convolutions: weight and bias of each; block 1 has no expansion.
        stride: of the depthwise convolution.
        dilation: of the depthwise convolution.
        is_residual: whether the input is added to the output.
    """

    def __init__(
        self, convolutions: Sequence[Convolution], stride: int, dilation: int, is_residual: bool
    ) -> None:
        super().__init__()
        *expansion, depthwise, projection = convolutions
        self.expansion = make_convolution(*expansion[0]) if expansion else None
        self.depthwise = make_convolution(*depthwise, stride, dilation)
        self.projection = make_convolution(*projection)
        self.is_residual = is_residual

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Outputs of the expansion and of the block."""
        hidden = x if self.expansion is None else clip(self.expansion(x))
        y = self.projection(clip(self.depthwise(hidden)))
        return hidden, x + y if self.is_residual else y


class MobileNetV2(nn.Module):
    """N x 3 x H x W to the joined outputs of some blocks, N x C x H/stride x W/stride.

    Takes RGB images of whole cells, normalised by ImageNet's mean and standard deviation. The
    outputs keep their range and are one map, so that one PCA chooses among the channels of all.

    Args:
        convolutions: of block 0 to the last one that is used, see ``load_convolutions``.
        blocks: numbers of the blocks whose outputs are joined.
        stride: input px per cell.
        is_dilated: where the network's own stride would be larger, the convolutions that follow
            are dilated instead, and see what they saw in training. Else the network is as it was
            trained, and its coarser outputs are interpolated, at a fraction of the cost.
        expansion: take the outputs of the blocks' expansions, not of the blocks.

    Raises:
        FeatureError: a block before the stride is reached.
    """

    def __init__(
        self,
        convolutions: Sequence[Sequence[Convolution]],
        blocks: Sequence[int],
        stride: int,
        is_dilated: bool,
        expansion: bool,
    ) -> None:
        super().__init__()
        self._stride, self._index = stride, 0 if expansion else 1
        self.first = make_convolution(*convolutions[0][0], BLOCKS[0].stride)
        self.blocks = nn.ModuleList()
        self._doublings: dict[int, int] = {}  # by block: how often its output is upsampled
        reached, dilation = BLOCKS[0].stride, 1
        for number, layers in enumerate(convolutions[1:], start=1):
            block = BLOCKS[number]
            is_replaced = is_dilated and block.stride > 1 and reached == stride
            step = 1 if is_replaced else block.stride
            self.blocks.append(InvertedResidual(layers, step, dilation, block.is_residual))
            cell = reached if expansion else reached * step
            if number in blocks and cell < stride:
                raise FeatureError(
                    f"the output of block {number} has a stride of {cell} px; expected "
                    f"mobilenet_blocks that have reached mobilenet_stride = {stride}"
                )
            if number in blocks:
                self._doublings[number] = (cell // stride).bit_length() - 1
            reached *= step
            dilation *= block.stride if is_replaced else 1

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The outputs of the blocks, side by side."""
        x = clip(self.first(images))
        taken = []
        for number, block in enumerate(self.blocks, start=1):
            outputs = block(x)
            if number in self._doublings:
                output = outputs[self._index]
                for _ in range(self._doublings[number]):
                    output = upsample(output)
                taken.append(output)
            x = outputs[1]
        height, width = images.shape[2] // self._stride, images.shape[3] // self._stride
        return torch.cat([output[:, :, :height, :width] for output in taken], dim=1)


def upsample(x: torch.Tensor) -> torch.Tensor:
    """Twice the cells, N x C x 2 H x 2 W, by linear interpolation.

    A convolution of stride 2 centres its cell k on cell 2 k of its input, so cell k stays there,
    and the mean of cells k and k + 1 lies between.
    """
    height, width = x.shape[2:]
    padded = functional.pad(x, (0, 1, 0, 1), mode="replicate")
    size = (2 * height + 1, 2 * width + 1)
    twice = functional.interpolate(padded, size, mode="bilinear", align_corners=True)
    return twice[:, :, :-1, :-1]


def clip(x: torch.Tensor) -> torch.Tensor:
    """ReLU6, in place."""
    return functional.hardtanh(x, 0.0, 6.0, inplace=True)


def make_convolution(
    weight: torch.Tensor, bias: torch.Tensor, stride: int = 1, dilation: int = 1
) -> nn.Conv2d:
    """1 x 1 or 3 x 3, padded so that stride 1 keeps the size; depthwise if it has one input."""
    outputs, inputs, size, _ = weight.shape
    groups = outputs if inputs == 1 else 1
    convolution = nn.Conv2d(
        inputs * groups,
        outputs,
        size,
        stride,
        padding=dilation * (size // 2),
        dilation=dilation,
        groups=groups,
    )
    convolution.load_state_dict({"weight": weight, "bias": bias})
    return convolution
