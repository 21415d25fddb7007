"""The settings of ``fast``: place before scale, sub-cell maxima, scale every n-th frame."""

import cv2
import numpy as np
import pytest
import torch

from crt_plugin.plus.pose import Pose
from tests.conftest import scene, start_tracker

BOX = (60.0, 40.0, 24.0, 16.0)


def zoom(size, dx=0.0, dy=0.0):
    """The scene with its object at BOX, ``size`` times as large around the same centre, moved."""
    zoom = np.array([[size, 0, 72 * (1 - size) + dx], [0, size, 48 * (1 - size) + dy]])
    return cv2.warpAffine(scene(60, 40), zoom, (160, 120), borderMode=cv2.BORDER_REPLICATE)


def center(box):
    return box[:2] + box[2:] / 2


def test_two_steps_follow_a_growing_object(small):
    tracker = start_tracker(
        small, search="two_step", scale_step=0.03, subcell="gaussian", filter_cells=100.0
    )
    for size in (1.03, 1.06, 1.09, 1.12, 1.15):
        box = tracker.update(zoom(size, dx=2.0))
    assert box[2] / 24 == pytest.approx(1.15, abs=0.1)
    assert box[2] / box[3] == pytest.approx(24 / 16)
    assert center(box) == pytest.approx((74, 48), abs=1)


def test_the_place_is_searched_on_one_patch_and_the_scale_on_three(small):
    tracker = start_tracker(small, search="two_step", scale_margin=2)
    shapes = []
    extract = tracker.features.extract
    tracker.features.extract = lambda patches: (
        shapes.append(tuple(patches.shape)) or extract(patches)
    )
    tracker.update(scene(64, 40))
    kh, kw = tracker.geometry.filter_h, tracker.geometry.filter_w
    stride = tracker.geometry.stride
    assert shapes == [
        (1, *tracker.geometry.input_size, 3),
        (3, (kh + 4) * stride, (kw + 4) * stride, 3),
    ]


@pytest.mark.parametrize("size", [0.9, 0.96, 1.0, 1.05, 1.12])
def test_the_scale_is_the_one_that_whole_patches_prefer_at_that_place(small, size):
    """Colours of a cell do not depend on the patch size, so responses are the same."""
    tracker = start_tracker(small, search="two_step", scale_step=0.05)
    tracker.regression.descend = lambda *_: None  # keep the weights that find the place
    box = tracker.update(zoom(size))
    place = tracker.geometry.box_at(tracker.last.patch_rect, *tracker.last.cell)
    assert center(box) == pytest.approx(center(place))
    assert box[2:] == pytest.approx(tracker.last.scale * place[2:])

    row, column = tracker.geometry.center
    best = {}
    for factor in (0.95, 1.0, 1.05):
        with torch.inference_mode():
            patches = tracker._cut(zoom(size), [Pose(place).scale(factor)], tracker.geometry)
            response = tracker.regression.response(tracker.features(patches))[0]
        best[factor] = response[row - 1 : row + 2, column - 1 : column + 2].max().item()
    assert tracker.last.scale == max(best, key=best.get)


def test_the_scale_is_searched_in_every_nth_frame(small):
    tracker = start_tracker(small, search="two_step", scale_interval=3)
    batches = []
    extract = tracker.features.extract

    def note_and_extract(patches):
        batches.append(len(patches))
        return extract(patches)

    tracker.features.extract = note_and_extract
    for k in range(1, 7):
        tracker.update(scene(60 + k, 40))
    assert batches == [1, 1, 1, 3, 1, 1, 1, 3]


def test_between_the_cells(small):
    """A cell is 4 px; moves of 1.5 px right and 1 px up are found to a fraction of it."""
    errors = {}
    for subcell in ("off", "gaussian"):
        tracker = start_tracker(small, subcell=subcell, scale_count=1)
        boxes = [tracker.update(zoom(1.0, dx=1.5 * k, dy=-1.0 * k)) for k in range(1, 7)]
        truth = [(72 + 1.5 * k, 48 - 1.0 * k) for k in range(1, 7)]
        distances = [np.abs(center(b) - t) for b, t in zip(boxes, truth, strict=True)]
        errors[subcell] = np.mean(distances)
    assert errors["gaussian"] < 0.6
    assert errors["gaussian"] < 0.7 * errors["off"]


def test_the_label_is_centred_between_the_cells_too(small):
    tracker = start_tracker(small, subcell="gaussian", scale_count=1)
    tracker.update(zoom(1.0, dx=1.5))
    row, column = tracker.last.cell
    assert column != round(column)
    top = np.unravel_index(int(tracker._history.kept[-1].label.argmax()), tracker._motion_map.shape)
    assert top == (round(row), round(column))
    assert tracker._history.kept[-1].label.max() < 1
    box = tracker.geometry.box_at(tracker.last.patch_rect, row, column)
    assert tracker.last.box == pytest.approx(box)
