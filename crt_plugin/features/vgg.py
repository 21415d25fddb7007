"""VGG-16 features (section 5.2): configuration D with only the first two max-pools kept."""

from __future__ import annotations

import torch
from torch.nn import functional

from crt_plugin.features import winograd
from crt_plugin.features.vgg_weights import CHANNELS, Layer

# Colour mean of the training images, RGB, in the range 0..255 (the original Caffe model).
MEAN_COLOR = (123.68, 116.779, 103.939)

# From conv-4 on there are many channels on few cells: where Winograd's transform pays.
FIRST_WINOGRAD_LAYER = 4

CELLS_AT_ONCE = 5000  # of several patches in one pass on a CPU


def pooled_layers(layer: int) -> tuple[int, int]:
    """The two convolution layers that a 2 x 2 max-pool follows, so that the stride is 4.

    The network's own are conv-2 and conv-4. For conv-2, the reference pools after conv-1 too.
    """
    return (1, 2) if layer == 2 else (2, 4)


class VGG:
    """Output of conv-x after ReLU, and after the pool where one follows conv-x.

    Args:
        layers: weight and bias of conv-1 to conv-x.
        device: where it computes.
        dtype: number type of the convolutions; the result is always float32.
        shallow: number of a layer on the way, from conv-4 on, whose output stands before that
            of conv-x; None: only conv-x.
    """

    stride = 4
    rescaled = False
    is_network = True

    def __init__(
        self,
        layers: list[Layer],
        device: torch.device,
        dtype: torch.dtype,
        shallow: int | None = None,
    ) -> None:
        self.layer = len(layers)
        self._taken = (shallow, self.layer) if shallow else (self.layer,)
        self.name = "vgg_conv" + "_".join(map(str, self._taken))
        self.groups = tuple(CHANNELS[number] for number in self._taken)
        self.channels = sum(self.groups)
        self.dtype = dtype
        self._pooled = pooled_layers(self.layer)
        self._mean = torch.tensor(MEAN_COLOR, device=device)
        self._winograd = winograd.choose_transform(device, dtype)
        self._biases = [bias.to(device, dtype) for _, bias in layers]
        self._weights = [
            self._winograd.transform_filter(weight)
            if self._winograd and x >= FIRST_WINOGRAD_LAYER
            else weight.to(device, dtype).contiguous(memory_format=torch.channels_last)
            for x, (weight, _) in enumerate(layers, start=1)
        ]

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """N x 4h x 4w x 3, uint8, RGB -> N x h x w x C, float32."""
        if patches.device.type == "cuda":
            return self._forward(patches)
        # One patch of the paper's size at a time bounds the memory; small ones go together.
        cells = patches.shape[1] * patches.shape[2] // self.stride**2
        at_once = max(1, CELLS_AT_ONCE // cells)
        return torch.cat([self._forward(some) for some in patches.split(at_once)])

    def _forward(self, patches: torch.Tensor) -> torch.Tensor:
        x = (patches.float() - self._mean).to(self.dtype)  # N x H x W x 3
        taken = []
        for number in range(1, self.layer + 1):
            x = functional.relu_(self._convolve(number, x))
            if number in self._pooled:
                x = functional.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
            if number in self._taken:
                taken.append(x.float().contiguous())
        return torch.cat(taken, dim=-1) if len(taken) > 1 else taken[0]

    def _convolve(self, number: int, x: torch.Tensor) -> torch.Tensor:
        """conv-``number``, zero padding 1: N x H x W x C -> N x H x W x K."""
        weight, bias = self._weights[number - 1], self._biases[number - 1]
        if self._winograd and number >= FIRST_WINOGRAD_LAYER:
            return self._winograd.convolve(x.contiguous(), weight, bias)
        # Channels are last in memory; conv2d wants them second in order.
        return functional.conv2d(x.permute(0, 3, 1, 2), weight, bias, padding=1).permute(0, 2, 3, 1)
