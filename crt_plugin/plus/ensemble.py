"""An ensemble: the mean box of trackers that agree, and the weights of all of them (ours)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crt_plugin.features.network_weights import hash_weights
from crt_plugin.parameters import Parameters
from crt_plugin.parameters.ensemble import list_members

AGREEMENT = 0.4  # IoU with the lead's box


def average_boxes(
    lead: NDArray[np.float64], others: Sequence[NDArray[np.float64]], weight: float = 1.0
) -> NDArray[np.float64]:
    """Mean of the lead's box and of those that agree with it, in each of N frames.

    Corner, width and height are averaged, and so is the centre.

    Args:
        lead: N x 4, (x, y, w, h), frame px.
        others: each N x 4; in a frame in which one overlaps the lead's by an IoU of less than
            ``AGREEMENT``, or is not finite, it has no part.
        weight: of each of the others, against 1 of the lead.

    Returns:
        N x 4.
    """
    total, sum_of_weights = lead.copy(), np.ones(len(lead))
    for boxes in others:
        agrees = find_overlap(boxes, lead) >= AGREEMENT  # False where it is not a number
        total[agrees] += weight * boxes[agrees]
        sum_of_weights[agrees] += weight
    return total / sum_of_weights[:, None]


def find_overlap(some: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """IoU of the boxes of each row, N x 4 and N x 4; 0 or NaN where one is not finite."""
    start = np.maximum(some[:, :2], others[:, :2])
    end = np.minimum(some[:, :2] + some[:, 2:], others[:, :2] + others[:, 2:])
    with np.errstate(invalid="ignore"):
        shared = np.prod(np.maximum(end - start, 0), axis=1)
        areas = some[:, 2:].prod(axis=1) + others[:, 2:].prod(axis=1)
        return np.asarray(shared / (areas - shared))


def hash_all_weights(params: Parameters) -> list[str]:
    """SHA-256 of each file of network weights of a tracker and of those of its ensemble.

    Raises:
        WeightsError: a file is missing.
        ParameterError: see ``list_members``.
    """
    return [digest for each in list_members(params).values() for digest in hash_weights(each)]
