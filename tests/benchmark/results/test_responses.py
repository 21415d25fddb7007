import numpy as np
import pytest

from crt_plugin.benchmark.results.responses import FIELDS, ResponseLog, ResponseMaps
from crt_plugin.errors import SourceError
from crt_plugin.hosts.got10k import GOT10kTracker
from tests.conftest import QUICK, scene

BOX = np.array([41.0, 51.0, 24.0, 16.0])  # counted from 1


def restore(maps):
    """Responses, to within half a level of 255."""
    low, high = maps.low[:, None, None], maps.high[:, None, None]
    return (low + maps.maps * ((high - low) / np.float32(255))).astype(np.float32)


@pytest.fixture
def tracked():
    """A tracker that keeps responses, and its own detections, over three frames."""
    tracker = GOT10kTracker("rgb", **{k: v for k, v in QUICK.items() if k != "features"})
    tracker.recorder = ResponseLog()
    tracker.init(scene(40, 50), BOX)
    detections = [tracker.tracker.last]
    for step in (1, 2):
        tracker.update(scene(40 + 3 * step, 50 + step))
        detections.append(tracker.tracker.last)
    return tracker, detections


def test_every_frame_s_response_is_kept_to_half_a_level(tracked):
    tracker, detections = tracked
    maps = tracker.recorder.maps
    assert len(restore(maps)) == 3
    for values, detection in zip(restore(maps), detections, strict=True):
        level = np.ptp(detection.response) / 255
        assert values == pytest.approx(detection.response, abs=0.5001 * float(level))
    assert maps.patch_rects == pytest.approx(np.array([d.patch_rect for d in detections]))
    assert maps.angles == pytest.approx([d.patch_angle for d in detections])


def test_a_cell_lies_around_the_centre_of_the_box_that_it_stands_for(tracked):
    tracker, detections = tracked
    maps, geometry = tracker.recorder.maps, tracker.tracker.geometry
    rows, columns = maps.maps.shape[1:]
    for rect, detection in zip(maps.map_rects, detections, strict=True):
        for row, column in ((0, 0), (rows - 1, columns - 1), (2, 5)):
            x, y, w, h = geometry.box_at(detection.patch_rect, row, column)
            cell = np.array([(column + 0.5) / columns, (row + 0.5) / rows])
            assert rect[:2] + cell * rect[2:] == pytest.approx([x + w / 2, y + h / 2], abs=1e-4)


def test_the_next_sequence_begins_anew(tracked):
    tracker, _ = tracked
    tracker.init(scene(40, 50), BOX)
    assert len(tracker.recorder.maps.maps) == 1


def test_nothing_is_kept_unless_asked_for():
    assert GOT10kTracker("rgb").recorder is None and ResponseLog().maps is None


def test_a_flat_response_and_one_that_is_not_finite():
    class Flat:
        response = np.full((2, 3), np.nan, dtype=np.float32)
        patch_rect = (0, 0, 9, 9)
        patch_angle = 0.0

    log = ResponseLog()
    log._geometry = GOT10kTracker("rgb").tracker  # of no use here, but there
    log.add(Flat)
    ((level, low, high, _, _),) = log._detections
    assert (level == 0).all() and low == high == 0


def test_what_is_written_is_read(tracked, tmp_path):
    maps = tracked[0].recorder.maps
    maps.save(tmp_path / "deep/Deer.npz")
    again = ResponseMaps.load(tmp_path / "deep/Deer.npz")
    assert (restore(again) == restore(maps)).all() and (again.map_rects == maps.map_rects).all()
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["Deer.npz"]


def test_files_of_something_else_are_refused(tracked, tmp_path):
    file = tmp_path / "Deer.npz"
    file.write_bytes(b"nothing")
    with pytest.raises(SourceError, match="cannot be read as response maps"):
        ResponseMaps.load(file)
    np.savez(file, maps=np.zeros(3))
    with pytest.raises(SourceError, match="cannot be read as response maps"):
        ResponseMaps.load(file)
    np.savez(
        file,
        **dict.fromkeys(("maps", "low", "high", "patch_rects", "angles", "cells"), np.zeros(2)),
        filter_size=np.zeros(2),
    )
    with pytest.raises(SourceError, match="arrays of other shapes"):
        ResponseMaps.load(file)
    evil = np.array([{"a": 1}], dtype=object)
    np.savez(file, **dict.fromkeys(FIELDS, evil))
    with pytest.raises(SourceError, match="cannot be read as response maps"):
        ResponseMaps.load(file)
