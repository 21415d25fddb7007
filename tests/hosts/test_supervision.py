"""Detections as supervision itself reads them."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from crt_plugin import CRTTracker, MultiTracker
from crt_plugin.errors import MissingExtraError, NotInitialisedError
from crt_plugin.hosts.supervision import make_detections
from tests.conftest import scene

FRAMES = [scene(60 + 2 * i, 40 + i) for i in range(3)]
BOXES = {"cup": (60, 40, 24, 16), 7: (20, 70, 30, 20)}


@pytest.fixture
def supervision():
    return pytest.importorskip("supervision", reason="the package supervision is not installed")


def test_boxes_scores_and_ids(small, supervision):
    tracker = MultiTracker(small)
    tracker.init(FRAMES[0], BOXES)
    boxes = tracker.update(FRAMES[1])
    found = make_detections(tracker)
    assert isinstance(found, supervision.Detections) and len(found) == 2
    for k, (x, y, w, h) in enumerate(boxes.values()):
        np.testing.assert_allclose(found.xyxy[k], (x, y, x + w, y + h))
    np.testing.assert_allclose(found.box_area, [w * h for _, _, w, h in boxes.values()])
    assert found.confidence.tolist() == [last.score for last in tracker.last.values()]
    assert found.tracker_id.tolist() == [1, 2]
    assert found.data["class_name"].tolist() == ["cup", "7"]
    tracker.remove("cup")
    assert make_detections(tracker).tracker_id.tolist() == [7]
    tracker.remove(7)
    assert len(make_detections(tracker)) == 0


def test_an_annotator_draws_them(small, supervision):
    tracker = CRTTracker(small)
    tracker.init(FRAMES[0], BOXES["cup"])
    tracker.update(FRAMES[1])
    annotator = supervision.BoxAnnotator(thickness=1)
    drawn = annotator.annotate(FRAMES[1].copy(), make_detections(tracker))
    rows, columns = np.nonzero((drawn != FRAMES[1]).any(axis=2))
    x, y, w, h = tracker.last.box
    edges = (columns.min(), rows.min(), columns.max(), rows.max())
    np.testing.assert_allclose(edges, (x, y, x + w, y + h), atol=1.5)


def test_what_is_missing_is_named(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(MissingExtraError, match="pip install supervision"):
        make_detections(CRTTracker(small))


def test_a_tracker_without_an_object_is_refused(small, supervision):
    with pytest.raises(NotInitialisedError):
        make_detections(CRTTracker(small))
