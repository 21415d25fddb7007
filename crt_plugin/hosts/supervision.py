"""Boxes as roboflow's supervision takes them, for its annotators, zones and counters."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from crt_plugin.errors import MissingExtraError
from crt_plugin.plus.multi_tracker import MultiTracker
from crt_plugin.plus.tracker import CRTTracker


def make_detections(tracker: CRTTracker | MultiTracker) -> Any:
    """The last boxes of a tracker as ``supervision.Detections``.

    ``xyxy`` in px, 0-based; ``confidence`` is the score; ``tracker_id`` the object's id, or its
    place from 1 unless all ids are integers, and so is ``class_id``, which annotators take their
    colours from; ``data["class_name"]`` is the id as text.

    Raises:
        NotInitialisedError: the tracker has no object yet.
        MissingExtraError: supervision is not installed.
    """
    try:
        supervision = importlib.import_module("supervision")
    except ImportError as error:
        raise MissingExtraError(
            f"detections need the package supervision, and {error}: pip install supervision"
        ) from error
    found = tracker.last if isinstance(tracker, MultiTracker) else {1: tracker.last}
    if not found:
        return supervision.Detections.empty()
    boxes = np.array([last.box for last in found.values()])
    has_numbers = all(isinstance(id, int) for id in found)
    numbers = np.array(list(found) if has_numbers else range(1, len(found) + 1), int)
    return supervision.Detections(
        xyxy=np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1),
        confidence=np.array([last.score for last in found.values()]),
        tracker_id=numbers,
        class_id=numbers,
        data={"class_name": np.array([str(id) for id in found])},
    )
