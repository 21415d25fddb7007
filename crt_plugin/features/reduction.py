"""What is learned from the first frame's features, and kept: PCA or a rescaling (section 5.2)."""

from __future__ import annotations

import torch


class PCA:
    """Projection on the leading eigenvectors of the covariance of all cells; no whitening.

    Attributes:
        mean: C.
        components: C x K, orthonormal columns, largest variance first.
    """

    def __init__(self, features: torch.Tensor, channels: int) -> None:
        """Fit to ``features``, N x h x w x C, and keep ``channels`` (K < C) directions."""
        cells = features.reshape(-1, features.shape[-1])
        self.mean = cells.mean(dim=0)
        centered = cells - self.mean
        covariance = centered.T @ centered / len(cells)
        _, vectors = torch.linalg.eigh(covariance)  # ascending
        self.components = vectors.flip(1)[:, :channels].contiguous()
        self._offset = -self.mean @ self.components

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """(x - mean) components, as one product: N x h x w x C -> N x h x w x K."""
        cells = features.reshape(-1, features.shape[-1])
        reduced = torch.addmm(self._offset, cells, self.components)
        return reduced.view(*features.shape[:-1], -1)


class Rescaling:
    """Features with mean 0 and standard deviation ``std`` over the first frame's patch.

    One offset and one factor for all channels (reference).
    """

    def __init__(self, features: torch.Tensor, std: float) -> None:
        """Fit to ``features``, N x h x w x C. Constant features are only centred."""
        self.offset = features.mean()
        deviation = features.std(correction=0)
        self.factor = torch.where(deviation > 0, std / deviation, torch.ones_like(deviation))

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """(x - offset) factor, N x h x w x C."""
        return (features - self.offset) * self.factor
