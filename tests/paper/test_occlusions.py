"""Where trackers lose a target, by hand."""

import numpy as np
import pytest

from crt_plugin.paper.occlusions import Loss, find_loss


def lost(frame, count=60, before=0.8, after=0.0, back=None):
    """IoU of a tracker that loses the object in a frame, and may find it again."""
    frames = np.arange(count)
    gone = (frames >= frame) & (frames < (count if back is None else back))
    return np.where(gone, after, before)


@pytest.mark.parametrize("frame", [10, 23, 50])
def test_a_sudden_loss(frame):
    """Also a few frames earlier and later the means are above and below the limits."""
    assert find_loss([lost(frame)] * 3 + [np.ones(60)]) == Loss(frame, 3)


def test_the_frame_with_the_most_losses():
    assert find_loss([lost(20)] * 3 + [lost(40)] * 4) == Loss(40, 4)


@pytest.mark.parametrize(
    "overlaps",
    [
        [],
        [lost(20)] * 2,  # too few trackers
        [lost(20, before=0.45)] * 3,  # never on it
        [lost(20, after=0.25)] * 3,  # still near it
        [lost(20, back=25)] * 3,  # back at once
        [lost(9, count=19)] * 3,  # too short
        [lost(20)] + [lost(40)] * 2,  # not at the same time
    ],
)
def test_no_loss(overlaps):
    assert find_loss(overlaps) is None


def test_frames_without_an_object_do_not_count():
    series = lost(20)
    series[15:25] = np.nan  # the ten frames from 16 on have one, and it is lost
    assert find_loss([series] * 3) == Loss(16, 3)
    assert find_loss([np.full(60, np.nan)] * 3) is None
