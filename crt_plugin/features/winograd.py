"""3 x 3 convolution with a fifth or a quarter of the multiplications, on a CPU.

Winograd's minimal filtering F(m x m, 3 x 3): a tile of m x m outputs comes from (m + 2)^2 inputs
by as many multiplications in place of 9 m^2 (Lavin and Gray, arXiv 1509.09308). Where a layer has
many channels, products dominate and this is more than twice as fast as the library's direct
convolution; with few channels the transforms cost more than they save.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from crt_plugin.runtime.device import cpu_support

Matrix = tuple[tuple[float, ...], ...]

# Y = A^T [(G g G^T) * (B^T d B)] A, for the points 0, 1, -1, 2, -2, 1/2, -1/2, infinity.
_B_T_6: Matrix = (
    (1, 0, -21 / 4, 0, 21 / 4, 0, -1, 0),
    (0, 1, 1, -17 / 4, -17 / 4, 1, 1, 0),
    (0, -1, 1, 17 / 4, -17 / 4, -1, 1, 0),
    (0, 1 / 2, 1 / 4, -5 / 2, -5 / 4, 2, 1, 0),
    (0, -1 / 2, 1 / 4, 5 / 2, -5 / 4, -2, 1, 0),
    (0, 2, 4, -5 / 2, -5, 1 / 2, 1, 0),
    (0, -2, 4, 5 / 2, -5, -1 / 2, 1, 0),
    (0, -1, 0, 21 / 4, 0, -21 / 4, 0, 1),
)
_G_6: Matrix = (
    (1, 0, 0),
    (-2 / 9, -2 / 9, -2 / 9),
    (-2 / 9, 2 / 9, -2 / 9),
    (1 / 90, 1 / 45, 2 / 45),
    (1 / 90, -1 / 45, 2 / 45),
    (32 / 45, 16 / 45, 8 / 45),
    (32 / 45, -16 / 45, 8 / 45),
    (0, 0, 1),
)
_A_T_6: Matrix = (
    (1, 1, 1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 1 / 2, -1 / 2, 0),
    (0, 1, 1, 4, 4, 1 / 4, 1 / 4, 0),
    (0, 1, -1, 8, -8, 1 / 8, -1 / 8, 0),
    (0, 1, 1, 16, 16, 1 / 16, 1 / 16, 0),
    (0, 1, -1, 32, -32, 1 / 32, -1 / 32, 1),
)

# For the points 0, 1, -1, 1/2, -2, infinity: of B and A each product of two entries is exact in
# bfloat16, and they lose fewer digits than 2 or 1/2 with both signs.
_B_T_4: Matrix = (
    (1, -3 / 2, -2, 3 / 2, 1, 0),
    (0, -1, 1 / 2, 5 / 2, 1, 0),
    (0, 1, -5 / 2, 1 / 2, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 1 / 2, -1, -1 / 2, 1, 0),
    (0, 1, -3 / 2, -2, 3 / 2, 1),
)
_G_4: Matrix = (
    (1, 0, 0),
    (1 / 3, 1 / 3, 1 / 3),
    (-1 / 3, 1 / 3, -1 / 3),
    (-16 / 15, -8 / 15, -4 / 15),
    (1 / 15, -2 / 15, 4 / 15),
    (0, 0, 1),
)
_A_T_4: Matrix = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 1 / 2, -2, 0),
    (0, 1, 1, 1 / 4, 4, 0),
    (0, 1, -1, 1 / 8, -8, 1),
)


def _both_directions(matrix: Matrix, dtype: torch.dtype) -> torch.Tensor:
    """The transform of rows and columns as one matrix on flattened tiles."""
    one = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(one, one).to(dtype)


@dataclass(frozen=True, eq=False)
class Filtering:
    """F(m x m, 3 x 3) in one number type.

    Attributes:
        tile: m.
        g: G, (m + 2) x 3; transforms filters.
        b_t: B^T of rows and columns, (m + 2)^2 x (m + 2)^2; transforms inputs.
        a_t: A^T of rows and columns, m^2 x (m + 2)^2; transforms products to outputs.
    """

    tile: int
    g: Matrix
    b_t: torch.Tensor
    a_t: torch.Tensor

    @property
    def reach(self) -> int:
        """Inputs of a tile in each direction."""
        return self.tile + 2

    def transform_filter(self, weight: torch.Tensor) -> torch.Tensor:
        """K x C x 3 x 3 -> (m + 2)^2 x C x K, for ``convolve``."""
        g = torch.tensor(self.g, dtype=torch.float64)
        k, c = weight.shape[:2]
        filters = torch.empty(self.reach**2, c, k, dtype=self.b_t.dtype)
        # Some outputs at a time: in float64 all would be the largest thing ever in memory.
        for start in range(0, k, 32):
            some = weight[start : start + 32].double()
            transformed = torch.einsum("ij,kcjl,ml->imck", g, some, g)
            filters[:, :, start : start + 32] = transformed.reshape(self.reach**2, c, -1)
        return filters

    def convolve(self, x: torch.Tensor, filters: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """3 x 3 convolution with zero padding of 1 and stride 1, plus bias.

        Args:
            x: N x H x W x C, of the filtering's number type, channels last in memory and in order.
            filters: (m + 2)^2 x C x K, of ``transform_filter``.
            bias: K.

        Returns:
            N x H x W x K, within rounding of the direct convolution.
        """
        n, h, w, c = x.shape
        k = filters.shape[2]
        m, reach = self.tile, self.reach
        th, tw = -(-h // m), -(-w // m)  # tiles in each direction
        padded = torch.nn.functional.pad(x, (0, 0, 1, tw * m + 1 - w, 1, th * m + 1 - h))
        sn, sh, sw, sc = padded.stride()
        tiles = padded.as_strided((reach, reach, n, th, tw, c), (sh, sw, sn, m * sh, m * sw, sc))
        transformed = (self.b_t @ tiles.reshape(reach**2, -1)).view(reach**2, n * th * tw, c)
        products = torch.bmm(transformed, filters).view(reach**2, -1)
        outputs = (self.a_t @ products).view(m, m, n, th, tw, k)
        image = outputs.permute(2, 3, 0, 4, 1, 5).reshape(n, th * m, tw * m, k)
        return image[:, :h, :w] + bias


def _filtering(b_t: Matrix, g: Matrix, a_t: Matrix, dtype: torch.dtype) -> Filtering:
    return Filtering(len(a_t), g, _both_directions(b_t, dtype), _both_directions(a_t, dtype))


# float32: a fifth of the multiplications; relative to the largest output, 1e-5 off.
SIX = _filtering(_B_T_6, _G_6, _A_T_6, torch.float32)
# bfloat16: a quarter of them, as F(6 x 6) has no digit left. Of VGG's conv-10, 2.1 to 2.5 % are
# noise on three OTB patches, 0.9 to 1.6 % with the direct convolution (ours).
FOUR = _filtering(_B_T_4, _G_4, _A_T_4, torch.bfloat16)


def choose_transform(device: torch.device, dtype: torch.dtype) -> Filtering | None:
    """The filtering that is faster here than the library's convolution; None: neither is.

    Measured with float32, and with bfloat16 on a CPU that multiplies it in AVX-512. AMX has
    products so fast that transforms are the larger part.
    """
    if device.type != "cpu":
        return None
    if dtype == torch.float32:
        return SIX
    found = cpu_support(dtype)
    return FOUR if "avx512_bf16" in found and "amx_bf16" not in found else None
