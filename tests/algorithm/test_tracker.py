"""Section 4 on small scenes with a known truth. Real sequences: test_real_sequences.py."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from crt_plugin.algorithm.maps import label_map
from crt_plugin.algorithm.tracker import PaperTracker
from crt_plugin.errors import BoxError, ImageError, NotInitialisedError, ParameterError
from crt_plugin.parameters import Parameters
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import ROOT, scene, start_tracker

BOX = np.array([60.0, 40.0, 24.0, 16.0])


def center(box):
    return box[:2] + box[2:] / 2


def test_follows_a_moving_object(small):
    tracker = start_tracker(small)
    for x, y in [(63, 41), (67, 41), (72, 38), (76, 36)]:
        box = tracker.update(scene(x, y))
        assert np.abs(center(box) - (x + 12, y + 8)).max() < 2.5


def test_right_is_right_and_down_is_down(small):
    """An asymmetric move: 8 px right and 4 px down, in (x, y, w, h)."""
    box = start_tracker(small).update(scene(68, 44))
    assert center(box) - center(BOX) == pytest.approx([8, 4], abs=2)


def test_moving_image_and_box_moves_the_result(small):
    """The features of a patch do not depend on its place, so boxes differ by the shift."""
    frames = [scene(60, 40), scene(64, 41)]
    wide = [np.pad(frame, ((0, 0), (30, 0), (0, 0)), mode="edge") for frame in frames]
    near, far = CRTTracker(small), CRTTracker(small)
    near.init(frames[0], BOX)
    shift = np.array([30, 0, 0, 0])
    far.init(wide[0], BOX + shift)
    assert far.update(wide[1]) == pytest.approx(near.update(frames[1]) + shift, abs=1e-6)


def test_whole_cells_of_the_patch_move_the_response(small):
    """The object fills 24 x 16 px with kw x kh = 6 x 4 cells: one cell is 4 px.

    With one scale and a frame shifted by (2, -1) cells, the response shifts by (-1, 2) in
    (row, column), apart from the patch's border.
    """
    tracker = start_tracker(small.copy(scale_count=1))
    kh, kw = tracker.geometry.filter_h, tracker.geometry.filter_w
    assert (kh, kw) == (4, 6)
    history = tracker._history.kept[0].features
    shifted = torch.roll(history, (-1, 2), dims=(0, 1))
    with torch.inference_mode():
        before = tracker.regression.response(history[None])[0]
        after = tracker.regression.response(shifted[None])[0]
    assert torch.allclose(after[:-1, 2:], before[1:, :-2], atol=1e-4)


def test_scale_of_a_growing_object(small):
    import cv2

    tracker = start_tracker(small.copy(scale_step=0.03))
    first = scene(60, 40)
    for size in (1.03, 1.06, 1.09, 1.12, 1.15):
        zoom = np.array([[size, 0, 72 * (1 - size)], [0, size, 48 * (1 - size)]])
        box = tracker.update(cv2.warpAffine(first, zoom, (160, 120), borderMode=1))
    assert box[2] / 24 == pytest.approx(1.15, abs=0.1)
    assert box[2] / box[3] == pytest.approx(24 / 16)


def test_last_detection_holds_together(small):
    tracker = start_tracker(small)
    box = tracker.update(scene(68, 44))
    last = tracker.last
    assert np.array_equal(last.box, box)
    assert last.response.shape == last.motion_map.shape == tracker.geometry.response_size
    prediction = last.response * last.motion_map
    assert np.unravel_index(prediction.argmax(), prediction.shape) == last.cell
    assert last.score == pytest.approx(min(1, prediction.max()), abs=1e-6)
    assert tracker.geometry.box_at(last.patch_rect, *last.cell) == pytest.approx(box)


def test_returned_box_is_a_copy(small):
    tracker = start_tracker(small)
    tracker.update(scene(60, 40))[:] = 0
    assert (tracker.last.box[2:] > 0).all()


def test_after_init_last_is_the_given_box_with_a_high_score(small):
    tracker = start_tracker(small)
    assert np.array_equal(tracker.last.box, BOX)
    assert tracker.last.score > 0.5
    assert tracker.last.cell == tracker.geometry.center


def test_samples_are_frames_t_t2_t4_t6_t8_with_labels_where_found(small):
    """Features are those of the chosen scale, with the label at the maximum."""
    tracker = start_tracker(small)
    seen = []
    descend = tracker.regression.descend

    def record_and_descend(optimizer, features, label, steps, stop_loss):
        seen.append((features, label, steps))
        return descend(optimizer, features, label, steps, stop_loss)

    tracker.regression.descend = record_and_descend
    samples = [tracker._history.kept[-1]]
    for k in range(1, 13):
        tracker.update(scene(60 + 2 * k, 40))
        samples.append(tracker._history.kept[-1])
        expected = label_map(tracker.geometry, 0.1, tracker.last.cell)
        assert torch.equal(samples[-1].label, expected)
        features, label, steps = seen[-1]
        frames = [k - 2 * i for i in range(5) if k - 2 * i >= 0]
        assert steps == 2
        assert torch.equal(features, torch.stack([samples[f].features for f in frames]))
        assert torch.equal(label, torch.stack([samples[f].label for f in frames]))
    assert len(tracker._history.kept) == 9


def test_the_stored_response_is_that_of_the_stored_sample(small):
    """For any chosen scale; the smallest is first in the batch, and not always chosen."""
    tracker = start_tracker(small)
    tracker.regression.descend = lambda *args: None  # keep the weights that made the response
    scales = set()
    for x, y in [(60, 40), (62, 41), (66, 43)]:
        tracker.update(scene(x, y))
        scales.add(tracker.last.scale)
        with torch.inference_mode():
            again = tracker.regression.response(tracker._history.kept[-1].features[None])[0]
        assert np.allclose(again.numpy(), tracker.last.response, atol=1e-5)
    assert max(scales) >= 1


def test_frames_of_low_score_are_remembered_but_not_learned_from(small):
    tracker = start_tracker(small.copy(confidence_threshold=1.0))
    weight = tracker.regression.weight.clone()
    tracker.update(scene(62, 40, seed=9))  # another texture: score below 1
    assert tracker.last.score < 1
    assert torch.equal(tracker.regression.weight, weight)
    assert len(tracker._history.kept) == 2

    learning = start_tracker(small.copy(confidence_threshold=0.0))
    learning.update(scene(62, 40, seed=9))
    assert not torch.equal(learning.regression.weight, weight)


def test_init_starts_anew(small):
    tracker = start_tracker(small)
    tracker.update(scene(66, 44))
    tracker.init(scene(60, 40), BOX)
    expected = start_tracker(small).update(scene(64, 41))
    assert tracker.update(scene(64, 41)).tolist() == expected.tolist()


def test_same_seed_same_boxes_in_one_process(small):
    def boxes(seed):
        tracker = start_tracker(small.copy(seed=seed))
        return [tracker.update(scene(60 + 3 * k, 40 + k)).tolist() for k in range(1, 5)] + [
            tracker.regression.weight.flatten().tolist()
        ]

    assert boxes(1) == boxes(1)
    assert boxes(1) != boxes(2)


PROGRAM = """
from tests.conftest import scene
from tests.conftest import scene, start_tracker
from crt_plugin.parameters import Parameters
from crt_plugin.plus.tracker import CRTTracker
tracker = CRTTracker(Parameters().copy(vgg_layer=5, filter_cells=25.0, patch_width=5))
tracker.init(scene(60, 40), (60, 40, 24, 16))
for k in range(1, 4):
    print([float(v).hex() for v in tracker.update(scene(60 + 3 * k, 40))], tracker.last.score)
"""


def test_same_seed_same_boxes_in_two_processes():
    runs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1] and len(runs[0].splitlines()) == 3


def test_update_before_init(small):
    with pytest.raises(NotInitialisedError, match=r"call init\(image, box\) first"):
        CRTTracker(small).update(scene(60, 40))


def test_bad_frame_leaves_the_tracker_as_it_was(small):
    tracker = start_tracker(small)
    with pytest.raises(ImageError):
        tracker.update(np.zeros((4, 4)))
    expected = start_tracker(small).update(scene(64, 41))
    assert tracker.update(scene(64, 41)).tolist() == expected.tolist()


def test_bad_box_at_init(small):
    with pytest.raises(BoxError, match="wholly outside"):
        CRTTracker(small).init(scene(60, 40), (500, 40, 24, 16))


def test_parameters_are_copied(small):
    tracker = CRTTracker(small)
    small.scale_count = 1
    assert tracker.params.scale_count == 3


def test_cuda_where_there_is_none(small):
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(ParameterError, match="cuda"):
        CRTTracker(small.copy(device="cuda"))


@pytest.mark.parametrize(
    "box",
    [
        (60, 40, 2, 2),
        (-10, -5, 30, 20),
        (-200, -150, 600, 500),
        (50, 10, 2, 100),
        (5, 50, 150, 3),
        (159.5, 119.5, 10, 10),
        (60.25, 40.75, 23.5, 16.5),
    ],
    ids=["2 px", "partly outside", "larger than the frame", "50:1", "1:50", "corner", "fractions"],
)
def test_unusual_objects(small, box):
    tracker = CRTTracker(small)
    tracker.init(scene(60, 40), box)
    for _ in range(3):
        found = tracker.update(scene(62, 41))
        assert np.isfinite(found).all() and (found[2:] > 0).all()


@pytest.mark.parametrize(
    ("box", "peak", "corner"),
    [((2, 0, 24, 16), (0, 0), (-23, -15)), ((130, 104, 24, 16), (-1, -1), (159, 119))],
    ids=["top left", "bottom right"],
)
def test_object_that_leaves_the_frame_keeps_one_pixel_inside(small, box, peak, corner):
    """A response that is 1 at its outermost cell: two widths and one height away."""
    tracker = CRTTracker(small.copy(scale_count=1))
    tracker.init(scene(60, 40), box)
    response = torch.zeros(1, *tracker.geometry.response_size)
    response[0][peak] = 1e6  # against the motion map
    tracker.regression.response = lambda features: response
    tracker.regression.descend = lambda *args: None
    found = tracker.update(scene(60, 40))
    assert found == pytest.approx([*corner, 24, 16])


def test_lost_object_keeps_a_size(small):
    """Every frame is noise: whichever scale wins, the box neither vanishes nor explodes."""
    tracker = CRTTracker(small.copy(scale_step=0.5, filter_cells=9.0))
    tracker.init(scene(60, 40), (60, 40, 4, 3))
    random = np.random.default_rng(0)
    for _ in range(40):
        tracker.update(random.integers(0, 256, (120, 160, 3), np.uint8))
        assert min(tracker.last.box[2:]) >= 1 and max(tracker.last.box[2:]) <= 4 * 160


def test_frames_that_change_size_and_type(small):
    tracker = start_tracker(small)
    frame = scene(62, 40)
    for other in (
        frame[:100, :150],
        np.dstack([frame, frame[:, :, :1]]),
        frame.astype(np.uint16) * 257,
        frame[:, :, 0],
        np.asfortranarray(frame),
    ):
        assert np.isfinite(tracker.update(other)).all()


def test_with_the_paper_s_settings_the_extensions_change_no_bit(small):
    """With them, our tracker is the paper's."""
    trackers = PaperTracker(small), CRTTracker(small)
    for tracker in trackers:
        tracker.init(scene(60, 40), BOX)
    for k in range(1, 5):
        ours, theirs = (tracker.update(scene(60 + 3 * k, 40 + k)) for tracker in trackers)
        assert ours.tolist() == theirs.tolist()
        one, other = (tracker.last for tracker in trackers)
        assert (one.peak, one.score, one.scale, one.cell) == (
            other.peak,
            other.score,
            other.scale,
            other.cell,
        )


def test_default_is_the_default_file():
    assert str(CRTTracker().params) == str(Parameters())


def test_the_repr_of_tracker_and_detection_says_where_the_object_is(small):
    tracker = CRTTracker(small.copy(device="cpu"))
    assert repr(tracker) == "<CRTTracker on cpu: no object yet>"
    tracker.init(scene(60, 40), (60, 40, 24, 16))
    assert repr(tracker) == (
        f"<CRTTracker on cpu: box (60.0, 40.0, 24.0, 16.0), score {tracker.last.score:.2f}>"
    )
    shown = repr(tracker.last)
    assert "box=array([60., 40., 24., 16.])" in shown and "score=" in shown
    assert len(shown) < 500 and "response" not in shown and "motion_map" not in shown
