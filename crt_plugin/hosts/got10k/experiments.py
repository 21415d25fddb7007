"""got10k's experiments with metrics that it lacks: absent objects, normalised precision, SR0.75.

Both write what they add into ``performance.json`` beside the host's values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.hosts.got10k.toolkit import center_error, experiments, rect_iou

Array = NDArray[np.float64]
NORMALISED_STEPS = np.arange(51) / 100  # of the object's size: LaSOT's and TrackingNet's 0 ... 0.5


def normalised_error(boxes: Array, truth: Array) -> Array:
    """Error of the centre in widths and heights of the annotated box, N.

    As the toolkits of LaSOT and TrackingNet take it: x by the width, y by the height.

    Args:
        boxes, truth: N x 4, (x, y, w, h), px.
    """
    difference = (boxes[:, :2] + boxes[:, 2:] / 2) - (truth[:, :2] + truth[:, 2:] / 2)
    # Centres are at (w - 1) / 2 there, of both boxes, which is the same difference.
    return np.asarray(np.hypot(*(difference / truth[:, 2:]).T))


class OnePassExperiment(experiments.ExperimentOTB):
    """OTB's curves where objects may be absent (NaN in the annotation), and normalised precision.

    Attributes:
        counts_absent: whether a frame without the object counts as missed under every threshold, as
            in LaSOT's toolkit, which divides by the number of all frames. Otherwise such frames are
            left out, as got10k does for UAV123, and pytracking for AVisT.
    """

    counts_absent: bool

    def report(self, tracker_names: Sequence[str]) -> dict[str, Any]:
        """The host's report, with the curve ``normalised_precision_curve`` and its mean."""
        performance: dict[str, Any] = super().report(tracker_names)
        for name, values in performance.items():
            curves = {}
            for sequence, (_, truth) in zip(self.dataset.seq_names, self.dataset, strict=True):
                boxes = np.loadtxt(Path(self.result_dir) / name / f"{sequence}.txt", delimiter=",")
                boxes[0] = truth[0]
                curves[sequence] = self._calc_normalised(boxes, truth)
                _add_curve(values["seq_wise"][sequence], curves[sequence])
            _add_curve(values["overall"], np.mean(list(curves.values()), axis=0))
        _rewrite(self.report_dir, tracker_names, performance)
        return performance

    def _calc_metrics(self, boxes: Array, anno: Array) -> tuple[Array, Array]:
        there = np.isfinite(anno).all(axis=1)
        overlap, error = np.full(len(anno), -1.0), np.full(len(anno), np.inf)
        overlap[there] = rect_iou(boxes[there], anno[there])
        error[there] = center_error(boxes[there], anno[there])
        counted = slice(None) if self.counts_absent else there
        return overlap[counted], error[counted]

    def _calc_normalised(self, boxes: Array, truth: Array) -> Array:
        there = np.isfinite(truth).all(axis=1)
        error = normalised_error(boxes[there], truth[there])
        frames = len(truth) if self.counts_absent else np.count_nonzero(there)
        return np.asarray((error[:, None] <= NORMALISED_STEPS).sum(axis=0) / frames)


class GOT10kExperiment(experiments.ExperimentGOT10k):
    """GOT-10k's with the success curve of each sequence, from which SR0.75 is read."""

    def report(self, tracker_names: Sequence[str]) -> dict[str, Any]:
        """The host's report, with ``succ_curve`` for sequences as well."""
        self._curves: list[Array] = []  # in the order in which the host evaluates
        performance: dict[str, Any] = super().report(tracker_names)
        curves = iter(self._curves)
        for name in tracker_names:
            for values in performance[name]["seq_wise"].values():
                values["succ_curve"] = next(curves).tolist()
            next(curves)  # of all frames together
        _rewrite(self.report_dir, tracker_names, performance)
        return performance

    def _evaluate(self, ious: Array, times: Array) -> tuple[Any, ...]:
        values: tuple[Any, ...] = super()._evaluate(ious, times)
        self._curves.append(values[-1])
        return values


def _add_curve(values: dict[str, Any], curve: Array) -> None:
    values["normalised_precision_curve"] = curve.tolist()
    values["normalised_precision_score"] = float(curve.mean())


def _rewrite(reports: str, names: Sequence[str], performance: dict[str, Any]) -> None:
    file = Path(reports) / names[0] / "performance.json"
    file.write_text(json.dumps(performance, indent=4), encoding="utf-8")
