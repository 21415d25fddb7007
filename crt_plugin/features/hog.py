"""HOG features: the 31 channels of Felzenszwalb et al., before their projection.

Felzenszwalb, Girshick, McAllester, Ramanan: "Object Detection with Discriminatively Trained
Part-Based Models", PAMI 2010, section 6. Factors and the order of the channels are those of
the code that the authors published with it.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

CELL = 4  # px; the paper uses 8
ORIENTATIONS = 18  # signed, 20 degrees apart
TRUNCATION = 0.2
TEXTURE_FACTOR = 0.2357  # about 1 / sqrt(18)
EPSILON = 1e-4  # squared grey levels, keeps flat blocks at 0

# A cell's histogram reaches half a cell beyond it, its normalisation one cell further, and a
# gradient one pixel.
BORDER = CELL + CELL // 2 + 1


class HOG:
    """Histograms of oriented gradients, in cells of 4 px.

    - Gradient of each pixel: central differences (right minus left, lower minus upper) of the
      colour channel in which they are largest; red before green before blue where equal.
    - Its magnitude is voted into the nearest of 18 orientations, and bilinearly into the four
      nearest cells: H.
    - G, the unsigned histogram, is H_o + H_{o+9} for o < 9. Each of the four blocks of 2 x 2
      cells that contain a cell has the energy sum G^2, and gives n = (energy + 1e-4)^(-1/2).
    - Channels 0 to 17: 1/2 sum over blocks of min(n H_o, 0.2).
    - Channels 18 to 26: 1/2 sum over blocks of min(n G_o, 0.2).
    - Channels 27 to 30: 0.2357 sum over o of min(n H_o, 0.2), for the blocks towards the lower
      right, upper right, lower left and upper left.

    Orientation o is the gradient's direction atan2(down, right) = 20 o degrees, within 10: a
    patch that is brighter on its right votes for 0, brighter at its bottom for 4. (90 degrees
    is as near to 4 as to 5, and goes to the former; 270 goes to 13.)

    The patch is continued by replicating its border pixels without end, so that there are
    H/4 x W/4 cells, all computed alike (ours; the published code drops the outermost cells).
    """

    name = "hog"
    stride = CELL
    channels = ORIENTATIONS + ORIENTATIONS // 2 + 4
    groups: tuple[int, ...] = (channels,)
    rescaled = True
    is_network = False

    def __init__(self) -> None:
        self._orientations = _orientation_table()
        self._votes = _vote_weights()

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """N x H x W x 3 uint8 to N x H/4 x W/4 x 31 float32, in 0 to 0.85.

        On CUDA the votes are summed in no fixed order: the last bits can differ between runs.
        """
        if self._votes.device != patches.device:
            self._orientations = self._orientations.to(patches.device)
            self._votes = self._votes.to(patches.device)
        dx, dy = _gradients(patches)
        orientations = self._orientations[((dy + 255) * 511 + dx + 255).long()]
        magnitudes = (dx.square() + dy.square()).sqrt()
        return _normalise(_histograms(orientations, magnitudes, self._votes))


def _orientation_table() -> torch.Tensor:
    """Orientation of each gradient: 511 * 511, index (dy + 255) * 511 + (dx + 255), int64.

    A table, since rounding then falls alike on every device for the one direction that is a
    tie, along y, which real images are full of.
    """
    d = torch.arange(-255, 256, dtype=torch.float64)
    dy, dx = torch.meshgrid(d, d, indexing="ij")
    steps = torch.atan2(dy, dx) * (ORIENTATIONS / (2 * math.pi))
    nearest = torch.ceil(steps - 0.5 - 1e-9)  # of two equally near, the lower
    return nearest.long().remainder(ORIENTATIONS).reshape(-1)


def _vote_weights() -> torch.Tensor:
    """4 x 4 x 4: the share of pixel (y, x) of a group in the cells that the group touches.

    A group is a 4 x 4 square of pixels between the centres of four cells; the first axis goes
    over those: upper left, upper right, lower left, lower right.
    """
    far = (torch.arange(CELL) + 0.5) / CELL
    shares = torch.stack([1 - far, far])
    return torch.einsum("ay,bx->abyx", shares, shares).reshape(4, CELL, CELL)


def _gradients(patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """dx and dy, N x (H + 12) x (W + 12) float32, of the strongest colour channel."""
    image = patches.permute(0, 3, 1, 2).float()
    image = functional.pad(image, (BORDER,) * 4, mode="replicate")
    dxs = image[:, :, 1:-1, 2:] - image[:, :, 1:-1, :-2]
    dys = image[:, :, 2:, 1:-1] - image[:, :, :-2, 1:-1]
    squares = dxs.square().add_(dys.square())  # integers up to 130050: exact
    dx, dy, largest = dxs[:, 0], dys[:, 0], squares[:, 0]
    for channel in (1, 2):
        stronger = squares[:, channel] > largest
        dx = torch.where(stronger, dxs[:, channel], dx)
        dy = torch.where(stronger, dys[:, channel], dy)
        largest = torch.maximum(squares[:, channel], largest)
    return dx, dy


def _histograms(
    orientations: torch.Tensor, magnitudes: torch.Tensor, votes: torch.Tensor
) -> torch.Tensor:
    """H of all cells and of one more on each side: N x (h + 2) x (w + 2) x 18.

    Each pixel is added once to each of the four histograms of its group; a cell then is the sum
    of one histogram of each of the four groups around it. (Measured on the CPU: a tenth of the
    time of dense planes of the 18 orientations and products with the bilinear kernel.)
    """
    n, height, width = magnitudes.shape
    rows, columns = height // CELL, width // CELL
    group = torch.arange(n * rows * columns, device=votes.device).view(n, rows, 1, columns, 1)
    bins = orientations.reshape(n, rows, CELL, columns, CELL) + ORIENTATIONS * group
    shares = magnitudes.reshape(n, rows, CELL, columns, CELL) * votes.view(4, 1, 1, CELL, 1, CELL)
    sums = magnitudes.new_zeros(4, n * rows * columns * ORIENTATIONS)
    sums.scatter_add_(1, bins.reshape(1, -1).expand(4, -1), shares.reshape(4, -1))
    to_upper_left, to_upper_right, to_lower_left, to_lower_right = sums.view(
        4, n, rows, columns, ORIENTATIONS
    )
    return (
        to_lower_right[:, :-1, :-1]
        + to_lower_left[:, :-1, 1:]
        + to_upper_right[:, 1:, :-1]
        + to_upper_left[:, 1:, 1:]
    )


def _normalise(histograms: torch.Tensor) -> torch.Tensor:
    """N x (h + 2) x (w + 2) x 18 histograms to N x h x w x 31 features."""
    half = ORIENTATIONS // 2
    unsigned = histograms[..., :half] + histograms[..., half:]
    energy = unsigned.square().sum(dim=-1)
    blocks = energy[:, :-1, :-1] + energy[:, :-1, 1:] + energy[:, 1:, :-1] + energy[:, 1:, 1:]
    factors = (blocks + EPSILON).rsqrt()
    around = (
        factors[:, 1:, 1:],
        factors[:, :-1, 1:],
        factors[:, 1:, :-1],
        factors[:, :-1, :-1],
    )
    factor = torch.stack(around, dim=-1)[..., None]  # N x h x w x 4 x 1
    inner = slice(1, -1)
    signed = (histograms[:, inner, inner, None] * factor).clamp_(max=TRUNCATION)
    unsigned = (unsigned[:, inner, inner, None] * factor).clamp_(max=TRUNCATION)
    features = (
        0.5 * signed.sum(dim=-2),
        0.5 * unsigned.sum(dim=-2),
        TEXTURE_FACTOR * signed.sum(dim=-1),
    )
    return torch.cat(features, dim=-1)
