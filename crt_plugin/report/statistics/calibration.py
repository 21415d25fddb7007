"""How often a box is right, as a logistic function of its peak's logarithm (ours)."""

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
# Weight of slope^2: without it peaks that separate right from wrong perfectly have no best slope.
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


def fit_score(peaks: Values, right: NDArray[np.bool_], weights: Values | None = None) -> Parameters:
    """Settings with the ``score_exponent`` and ``score_midpoint`` of the greatest likelihood.

    Args:
        peaks: of frames, N.
        right: whether their boxes are right, N.
        weights: of frames, N; without them all count the same.

    Raises:
        ParameterError: all boxes are right, or all wrong, or the peak does not rise with it.
    """
    if right.all() or not right.any():
        raise ParameterError(
            f"{right.sum()} of {len(right)} boxes are right; expected some right and some wrong"
        )
    x = torch.from_numpy(peaks).clamp(min=LEAST_PEAK).log()
    y = torch.from_numpy(right.astype(float))
    w = torch.ones_like(x) if weights is None else torch.from_numpy(weights)
    line = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # slope, offset
    optimizer = torch.optim.LBFGS([line], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        logits = line[0] * x + line[1]
        each = torch.nn.functional.binary_cross_entropy_with_logits(logits, y, reduction="none")
        value = (w * each).sum() + FLATNESS * line[0] ** 2
        value.backward()
        return value

    optimizer.step(loss)
    slope, offset = (float(value) for value in line.detach())
    if slope <= 0:
        raise ParameterError(f"boxes of higher peaks are not more often right: slope {slope:.3g}")
    return Parameters().copy(score_exponent=slope, score_midpoint=math.exp(-offset / slope))


def scores_of(peaks: Values, params: Parameters) -> Values:
    """Score of each peak."""
    exponent, midpoint = params.score_exponent, params.score_midpoint
    assert exponent is not None and midpoint is not None  # they are calibrated
    return np.array([calibrate(float(peak), exponent, midpoint) for peak in peaks])


def held_out_scores(
    peaks: Mapping[str, Values], right: Mapping[str, NDArray[np.bool_]]
) -> dict[str, Values]:
    """Scores of each sequence's frames, N, by a fit to all others, all of the same weight."""
    found = {}
    for name in peaks:
        others = [other for other in peaks if other != name]
        weights = [np.full(len(peaks[o]), 100.0 / len(peaks[o])) for o in others]
        params = fit_score(
            np.concatenate([peaks[o] for o in others]),
            np.concatenate([right[o] for o in others]),
            np.concatenate(weights),
        )
        found[name] = scores_of(peaks[name], params)
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
