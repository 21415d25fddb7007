"""How often a box is right, as a logistic function of its peak and the frames before (ours).

Evidence is N x 3: of each frame the peak, and the two parts of ``TrackRecord.evidence``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from crt_plugin.algorithm.tracker import LEAST_PEAK
from crt_plugin.errors import ParameterError
from crt_plugin.parameters import Parameters
from crt_plugin.plus.confidence import calibrate

RIGHT = 0.5  # IoU above which a box is right
STEPS = 200  # of the fit, at most
# Weight of the squares: without it evidence that separates right from wrong has no best slopes.
FLATNESS = 1e-3

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Bin:
    """Frames whose score lies between two bounds.

    Attributes:
        low, high: the bounds.
        frames: how many there are.
        score: their mean score.
        right: fraction of their boxes that are right.
    """

    low: float
    high: float
    frames: int
    score: float
    right: float


def fit_score(
    evidence: Values, right: NDArray[np.bool_], weights: Values | None = None
) -> Parameters:
    """The settings of the score with the greatest likelihood.

    Args:
        evidence: of frames, N x 3.
        right: whether their boxes are right, N.
        weights: of frames, N; without them all count the same.

    Raises:
        ParameterError: all boxes are right, or all wrong, or the peak does not rise with it.
    """
    if right.all() or not right.any():
        raise ParameterError(
            f"{right.sum()} of {len(right)} boxes are right; expected some right and some wrong"
        )
    x = torch.from_numpy(evidence).clone()
    x[:, 0] = x[:, 0].clamp(min=LEAST_PEAK).log()
    y = torch.from_numpy(right.astype(float))
    w = torch.ones_like(y) if weights is None else torch.from_numpy(weights)
    line = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # slope, offset
    # The roots of the two weights of doubt, which are squares, so that none is below 0.
    roots = torch.ones(2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([line, roots], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        logits = line[0] * x[:, 0] + line[1] - x[:, 1:] @ roots**2
        each = torch.nn.functional.binary_cross_entropy_with_logits(logits, y, reduction="none")
        value = (w * each).sum() + FLATNESS * (line[0] ** 2 + (roots**4).sum())
        value.backward()
        return value

    optimizer.step(loss)
    slope, offset = (float(value) for value in line.detach())
    if slope <= 0:
        raise ParameterError(f"boxes of higher peaks are not more often right: slope {slope:.3g}")
    shape, color = (roots.detach() ** 2).tolist()
    return Parameters().copy(
        score_exponent=slope,
        score_midpoint=math.exp(-offset / slope),
        score_shape_weight=shape,
        score_color_weight=color,
    )


def scores_of(evidence: Values, params: Parameters) -> Values:
    """Score of each frame."""
    exponent, midpoint = params.score_exponent, params.score_midpoint
    assert exponent is not None and midpoint is not None  # they are calibrated
    doubts = evidence[:, 1:] @ [params.score_shape_weight or 0, params.score_color_weight or 0]
    rows = zip(evidence[:, 0].tolist(), doubts.tolist(), strict=True)
    return np.array([calibrate(peak, exponent, midpoint, doubt) for peak, doubt in rows])


def held_out_scores(
    evidence: Mapping[str, Values], right: Mapping[str, NDArray[np.bool_]]
) -> dict[str, Values]:
    """Scores of each sequence's frames, N, by a fit to all others, all of the same weight.

    Two targets of the same frames (OTB's Skating2.1 and Skating2.2) are left out together.
    """
    found = {}
    for name in evidence:
        others = [o for o in evidence if o.partition(".")[0] != name.partition(".")[0]]
        weights = [np.full(len(right[o]), 100.0 / len(right[o])) for o in others]
        params = fit_score(
            np.concatenate([evidence[o] for o in others]),
            np.concatenate([right[o] for o in others]),
            np.concatenate(weights),
        )
        found[name] = scores_of(evidence[name], params)
    return found


def reliability(scores: Values, right: NDArray[np.bool_], bins: int = 10) -> list[Bin]:
    """Frames by score, in bins of the same width; empty ones are left out."""
    bounds = np.linspace(0, 1, bins + 1)
    places = np.clip(np.searchsorted(bounds, scores, side="right") - 1, 0, bins - 1)
    found = []
    for k in range(bins):
        here = places == k
        if here.any():
            low, high = bounds[k : k + 2].tolist()
            score, fraction = float(scores[here].mean()), float(right[here].mean())
            found.append(Bin(low, high, int(here.sum()), score, fraction))
    return found


def calibration_error(found: list[Bin]) -> float:
    """Mean over frames of the distance between score and fraction that is right (ECE)."""
    frames = sum(each.frames for each in found)
    return sum(each.frames * abs(each.score - each.right) for each in found) / frames
