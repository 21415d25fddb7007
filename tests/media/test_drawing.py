"""Places of lines and labels, and the frames that a contact sheet shows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from crt_plugin.media import drawing
from crt_plugin.media.drawing import (
    ANNOTATED,
    COLORS,
    GAP,
    HEADER,
    TILE_WIDTH,
    TILES,
    TRACKED,
    ContactSheet,
    Letterbox,
    annotate,
    label,
)
from tests.helpers import track

GRAY = 120


def step(index=0, box=(60, 50, 80, 40), height=200, width=300, **changes):
    return track.step(index, box, np.full((height, width, 3), GRAY, np.uint8), **changes)


def near(picture, color, tolerance=25) -> np.ndarray:
    """Mask of the pixels close to that colour."""
    return (np.abs(picture.astype(int) - color) <= tolerance).all(axis=2)


def extent(mask) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_lines_run_on_the_edges_of_the_boxes():
    picture = annotate(step(box=(60.0, 50.0, 80.0, 40.0)), [np.array([160, 100, 90.0, 70.0])])
    for color, edges in ((TRACKED, (60, 50, 140, 90)), (ANNOTATED, (160, 100, 250, 170))):
        left, top, right, bottom = extent(near(picture, color))
        line = 2  # px at this size; half of it on either side of the edge
        assert np.abs(np.array((left, top)) - edges[:2] + line / 2).max() <= 1
        assert np.abs(np.array((right, bottom)) - edges[2:] - line / 2).max() <= 1


@pytest.mark.parametrize("box", [(60, 50, 80, 40), (60, 50, 160, 4), (20, 20, 250, 160)])
def test_the_box_of_a_lost_object_is_dashed(box):
    """Corners are drawn, about half of each side is not, and the label says so."""
    x, y, w, h = box
    whole, dashed = (
        near(annotate(step(box=box, is_lost=lost)), TRACKED, 60) for lost in (False, True)
    )
    for row, column in ((y, x), (y, x + w), (y + h, x), (y + h, x + w)):
        assert dashed[row - 3 : row + 3, column - 3 : column + 3].any()
    for side in (np.s_[y - 1 : y + 1, x : x + w], np.s_[y + h - 1 : y + h + 1, x : x + w]):
        drawn, there = whole[side].any(axis=0), dashed[side].any(axis=0)
        assert drawn.all() and 0.3 < there.mean() < 0.8
    assert label(step(3, score=0.25, is_lost=True)) == "frame 3   score 0.25   lost"


def test_half_a_pixel_is_visible():
    whole, moved = (annotate(step(box=(60 + d, 50, 80, 40))) for d in (0, 0.5))
    assert (whole[70] != moved[70]).any()


def test_the_frame_itself_is_not_drawn_on():
    given = step()
    assert (annotate(given, [given.objects[0].box]) != GRAY).any()
    assert (given.frame.picture == GRAY).all()


def test_a_box_may_be_anywhere_and_of_any_size():
    lost = annotate(step(box=(1e9, -1e9, 5, 5)))
    assert not near(lost, TRACKED).any()
    wide = near(annotate(step(box=(-1e9, 50, 2e9, 40))), TRACKED)
    np.testing.assert_allclose(extent(wide), (0, 49, 300, 91), atol=1)
    assert not wide[55:85].any()


def test_tiny_frames_are_no_trouble():
    assert annotate(step(height=1, width=1)).shape == (1, 1, 3)
    assert annotate(step(height=5, width=900)).shape == (5, 900, 3)


@pytest.mark.parametrize("size", [(144, 176), (400, 704), (1080, 1920)])
def test_the_label_is_light_on_dark_in_the_top_left_corner(size):
    height, width = size
    picture = annotate(step(box=(width - 9, height - 9, 5, 5), height=height, width=width))
    right, bottom = extent(picture.max(axis=2) != GRAY)[:2]
    assert (right, bottom) == (0, 0)
    field = picture[: height // 10, : width // 8]
    assert field.min() < 60 and field.max() > 225


def test_letterbox_by_hand():
    """A 40 x 100 picture on 60 x 50: half size, 20 x 50, with 20 black rows above and below."""
    letterbox = Letterbox.of((40, 100, 3), 60, 50)
    placed = letterbox.picture(np.full((40, 100, 3), 200, np.uint8))
    assert placed.shape == (60, 50, 3)
    assert (placed[20:40] == 200).all()
    assert not placed[:20].any() and not placed[40:].any()
    box = letterbox.box(np.array([10.0, 6, 20, 4]), (40, 100, 3))
    assert box.tolist() == [5, 23, 10, 2]


def write_sheet(indices, tmp_path, monkeypatch, truth=None):
    """Write frames; returns the indices that the sheet shows, and the most frames it held."""
    shown = []
    monkeypatch.setattr(
        drawing,
        "_draw_sheet",
        lambda tiles, *_: shown.extend(tiles) or np.zeros((2, 2, 3), np.uint8),
    )
    sheet = ContactSheet(tmp_path / "sheet.png", "name", {1: truth or {}})
    most = 0
    for index in indices:
        sheet.write(step(index))
        most = max(most, len(sheet._tiles))
    sheet.close()
    return [tile.step.frame.index for tile in shown], most


@pytest.mark.parametrize("count", [1, 2, 11, 12, 13, 24, 25, 100, 1000, 5000])
def test_some_frames_are_shown_evenly_and_few_are_held(tmp_path, monkeypatch, count):
    indices, most = write_sheet(range(count), tmp_path, monkeypatch)
    assert len(indices) == min(count, TILES)
    assert (indices[0], indices[-1]) == (0, count - 1)
    assert most <= 2 * TILES
    gaps = np.diff(indices)
    assert (gaps > 0).all()
    # Held frames are count / 12 to count / 24 apart, so a gap errs by one such step at most.
    assert all(abs(gap - (count - 1) / (TILES - 1)) <= max(1, count / TILES) for gap in gaps)


def test_annotated_frames_are_preferred(tmp_path, monkeypatch):
    truth = {i: np.array([1.0, 2, 3, 4]) for i in (*range(0, 132, 9), 131)}
    indices, most = write_sheet(range(132), tmp_path, monkeypatch, truth)
    assert len(indices) == TILES and most <= 2 * TILES
    assert sum(index in truth for index in indices) >= TILES - 1


def test_the_sheet_is_a_png_with_boxes_in_the_tiles(tmp_path):
    path = tmp_path / "sheet.png"
    box = np.array([60, 50, 80, 40.0])
    sheet = ContactSheet(path, "Deer", {1: {0: box + (100, 60, 0, 0)}})
    for index in range(12):
        sheet.write(step(index))
    sheet.close()
    picture = np.asarray(Image.open(path))
    tile = round(TILE_WIDTH * 200 / 300)
    assert picture.shape == (HEADER + 3 * (tile + GAP), GAP + 4 * (TILE_WIDTH + GAP), 3)
    scale = TILE_WIDTH / 300
    below = picture[HEADER + tile + GAP :, GAP : GAP + TILE_WIDTH][:tile]  # tile of frame 4
    left, top, right, bottom = extent(near(below, TRACKED))
    expected = np.array([60, 50, 140, 90]) * scale
    np.testing.assert_allclose((left, top, right, bottom), expected, atol=3)
    first = picture[HEADER : HEADER + tile, GAP : GAP + TILE_WIDTH]
    assert near(first, ANNOTATED).any() and not near(below, ANNOTATED).any()
    assert not list(tmp_path.glob(".*.part"))


def test_a_sheet_without_frames_is_not_written(tmp_path):
    ContactSheet(tmp_path / "sheet.png", "name", {}).close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shape", [(300, 200), (20, 2000), (2000, 20)])
def test_tall_and_flat_frames_make_a_sheet_of_bounded_size(tmp_path, shape):
    sheet = ContactSheet(tmp_path / "sheet.png", "name", {})
    for index in range(3):
        sheet.write(step(index, (1, 1, 9, 9), *shape))
    sheet.close()
    width, height = Image.open(tmp_path / "sheet.png").size
    assert 0 < width < 1700 and 0 < height < 1000


def test_several_objects_have_a_colour_and_a_tag_each():
    first = step(box=(60, 80, 80, 40))
    second = dataclasses.replace(first.objects[0], id="car", box=np.array([180, 120, 60, 40.0]))
    lost = dataclasses.replace(second, id=3, box=np.array([20, 2, 40, 30.0]), is_lost=True)
    several = track.with_objects(first, first.objects[0], second, lost)
    picture = annotate(several)
    for color, box in zip(COLORS, (first.objects[0].box, second.box, lost.box), strict=False):
        x, y, w, h = box.astype(int)
        edge = near(picture, color, 60)[y - 2 : y + h + 2, x - 2 : x + w + 2]
        assert edge.any(axis=0).sum() > w // 2
    # The tag of the second is above its box, that of the third below, where there is room.
    assert near(picture, COLORS[1], 60)[100:116, 182:240].any()
    assert near(picture, COLORS[2], 60)[36:52, 22:80].any()
    assert label(several) == "frame 0"


@pytest.mark.parametrize("box", [(800, -299, 400, 300), (800, 1079, 400, 300), (0, -10, 60, 30)])
def test_a_tag_covers_no_box_of_which_little_is_in_the_picture(box):
    """Above, below, and in the corner with the number of the frame."""
    one = step(box=box, height=1080, width=1920)
    two = track.with_objects(one, one.objects[0], ids=(1, 2))
    x, y, w, h = box
    row = np.clip(y + h, 1, 1079) if y < 0 else 1078  # of the lower edge, or the upper one
    across = near(annotate(two), COLORS[0], 60)[row - 1 : row + 1, x + 4 : x + w - 4]
    assert across.any(axis=0).all()


def test_tags_stay_in_the_picture():
    far = step(box=(1e9, -1e9, 5, 5), height=30, width=40)
    several = track.with_objects(far, *far.objects * 3, ids=(1, 2, 3))
    assert annotate(several).shape == (30, 40, 3)
