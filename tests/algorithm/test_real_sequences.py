"""Real sequences, with tolerances: fast features, and overlaps far above chance."""

import numpy as np
import pytest
from PIL import Image

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.hosts.got10k.toolkit import rect_iou


def mean_iou(shared, parameters, sequence, frames=25):
    files, truth = open_part("otb", shared / "data" / "otb", [sequence]).experiment.dataset[0]
    boxes, _ = GOT10kTracker(parameters).track(files[:frames], truth[0])
    return rect_iou(boxes[1:], truth[1:frames]).mean()


@pytest.mark.parametrize(
    ("parameters", "sequence", "least"),
    [("hog", "Crossing", 0.6), ("vgg_conv2", "Deer", 0.6)],
)
def test_follows_a_real_object(shared, parameters, sequence, least):
    assert mean_iou(shared, parameters, sequence) > least


def test_training_steps_of_the_default(shared):
    """An independent implementation took 43 steps on DragonBaby; within 10 %."""
    files, truth = open_part("otb", shared / "data" / "otb", ["DragonBaby"]).experiment.dataset[0]
    tracker = GOT10kTracker("default")
    tracker.init(Image.open(files[0]), truth[0])
    assert tracker.tracker.training.steps == pytest.approx(43, rel=0.1)
    assert tracker.tracker.training.loss < 0.02
    assert np.isfinite(tracker.tracker.last.response).all()


def test_plus_vgg_turns_with_a_motorcycle(shared):
    """In MotorRolling's first 20 frames the motorcycle rears up, counterclockwise on the screen."""
    files, truth = open_part("otb", shared / "data" / "otb", ["MotorRolling"]).experiment.dataset[0]
    tracker = GOT10kTracker("plus_vgg")
    boxes, _ = tracker.track(files[:20], truth[0])
    assert rect_iou(boxes[1:], truth[1:20]).mean() > 0.6
    assert np.degrees(tracker.tracker.last.pose.angle) < -30
