"""Which frames ``crt track`` takes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.helpers.track import BOX, FAST, crt, error_line, image_folder, rows, video

# ------------------------------------------------------------------------------- selection


@pytest.mark.parametrize(
    ("words", "frames"),
    [
        (["--start", "2"], [2, 3, 4, 5, 6, 7]),
        (["--start", "2", "--end", "5"], [2, 3, 4]),
        (["--start", "2", "--every", "2"], [2, 4, 6]),
        (["--start", "2", "--every", "2", "--frames", "2"], [2, 4]),
        (["--start", "0.2s", "--end", "0:00.45"], [2, 3, 4]),
        (["--start", "0:0:0.11", "--end", "100"], [2, 3, 4, 5, 6, 7]),
    ],
)
def test_selected_frames_of_a_video_are_tracked_under_their_own_numbers(tmp_path, words, frames):
    """Ten frames a second; the object is at (40 + 3 i, 50 + i) in frame i."""
    path = video(tmp_path / "v.avi")
    crt(
        *("track", path, "--box", "46,52,24,16", *words, "--no-video", *FAST),
        *("--output", tmp_path / "o"),
    )
    boxes = rows(tmp_path / "o")
    assert boxes[:, 0].tolist() == frames
    assert boxes[0, 1:5].tolist() == [46, 52, 24, 16]
    truth = [(40 + 3 * i, 50 + i) for i in frames]
    np.testing.assert_allclose(boxes[:, 1:3], truth, atol=4)


def test_a_selection_starts_and_compares_with_the_annotation_of_its_own_frames(tmp_path):
    image_folder(tmp_path / "Toy" / "img")
    lines = (f"{41 + 3 * i}\t{51 + i}\t24\t16" for i in range(8))
    (tmp_path / "Toy" / "groundtruth_rect.txt").write_text("\n".join(lines))
    result = crt(
        *("track", tmp_path / "Toy", "--start", 3, "--every", 2, "--no-video", *FAST),
        *("--output", tmp_path / "o"),
    )
    assert rows(tmp_path / "o")[0, :5].tolist() == [3, 49, 53, 24, 16]
    assert "over 2 annotated frames" in result.stdout
    assert float(result.stdout.split("mean IoU ")[1].split()[0]) > 0.6


def test_the_annotated_video_of_every_second_frame_keeps_the_time(tmp_path):
    av = pytest.importorskip("av", reason="the extra video is not installed")
    path = video(tmp_path / "v.avi")
    crt(
        *("track", path, "--box", "46,52,24,16", "--start", 2, "--every", 2, *FAST),
        *("--output", tmp_path / "o"),
    )
    with av.open(str(tmp_path / "o" / "tracked.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
    np.testing.assert_allclose(times, [0, 0.2, 0.4], atol=1e-6)
    assert Image.open(tmp_path / "o" / "contact_sheet.png").size[0] > 1000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--start", "8"], "v has no frame 8"),
        (["--start", "5", "--end", "5"], "no frame is from 5 on and before 5"),
        (["--start", "soon"], "--start 'soon' is no moment; expected a frame"),
        (["--end", "1.5"], "--end '1.5' is no moment; expected a frame"),
        (["--start", "-1"], "--start '-1' is no moment"),
    ],
)
def test_moments_that_select_nothing_are_refused(tmp_path, words, message):
    path = video(tmp_path / "v.avi")
    result = crt(
        *("track", path, "--box", BOX, *words, "--no-video", "--output", tmp_path / "o", *FAST),
        exit_code=2,
    )
    assert message in error_line(result)
    assert not (tmp_path / "o").exists()
