"""The files of a run, read back with independent code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crt_plugin.errors import MissingExtraError
from crt_plugin.media.writer import VideoFile, require_av
from tests.helpers import track

av = pytest.importorskip("av", reason="the extra video is not installed")

COLORS = ((200, 40, 30), (30, 190, 60), (40, 60, 210))


def step(index, height=64, width=96, color=(90, 90, 90), fps=25.0):
    picture = np.full((height, width, 3), color, np.uint8)
    return track.step(index, [70.25, 40.5, 9, 8.0], picture, 0.875, fps=fps)


def write(path, steps, fps=25.0):
    video = VideoFile(path, fps, {})
    for one in steps:
        video.write(one)
    video.close()


def decode(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_no_frames_no_files(tmp_path):
    VideoFile(tmp_path / "video.mp4", 25, {}).close()
    assert not list(tmp_path.iterdir())


def test_the_video_plays_in_browsers(tmp_path):
    """H.264, 4:2:0, all frames, and the index before the data."""
    path = tmp_path / "video.mp4"
    fps = 30000 / 1001
    write(path, [step(i, fps=fps) for i in range(7)], fps)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.width, stream.height) == (96, 64)
        assert stream.average_rate == pytest.approx(30000 / 1001)
        times = [frame.time for frame in container.decode(video=0)]
    np.testing.assert_allclose(times, np.arange(7) * 1001 / 30000, atol=1e-4)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert not list(tmp_path.glob(".*.part"))


def test_frames_keep_their_times(tmp_path):
    """From the first one on; two that come at the same time come after each other."""
    times = (2.5, 2.533, 2.7, 2.7, 3.9)
    steps = [step(i) for i in range(len(times))]
    steps = [replace(s, frame=replace(s.frame, time=t)) for s, t in zip(steps, times, strict=True)]
    write(tmp_path / "video.mp4", steps)
    with av.open(str(tmp_path / "video.mp4")) as container:
        found = [frame.time for frame in container.decode(video=0)]
    np.testing.assert_allclose(found, np.subtract(times, 2.5), atol=1e-4)


def test_colours_are_those_of_the_frames(tmp_path):
    """Red stays red: channels and colour matrix are right."""
    path = tmp_path / "video.mp4"
    write(path, [step(i, color=color) for i, color in enumerate(COLORS)])
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.colorspace == 1  # BT.709
        for frame, color in zip(container.decode(video=0), COLORS, strict=True):
            rgb = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()
            np.testing.assert_allclose(np.median(rgb[32:, :48], axis=(0, 1)), color, atol=4)


@pytest.mark.parametrize("size", [(63, 96), (64, 95), (63, 95), (1, 1)])
def test_odd_sizes_are_padded_by_one_pixel(tmp_path, size):
    path = tmp_path / "video.mp4"
    write(path, [step(i, *size) for i in range(3)])
    frames = decode(path)
    assert len(frames) == 3
    assert frames[0].shape == (size[0] + size[0] % 2, size[1] + size[1] % 2, 3)


@pytest.mark.parametrize("axis", [0, 1])
def test_padding_does_not_resample(tmp_path, axis):
    """Lines one pixel wide are unchanged up to the border, which is replicated."""
    lines = np.zeros((63, 95, 3), np.uint8)
    lines[tuple(slice(None, None, 2) if a == axis else slice(None) for a in (0, 1))] = 255
    path = tmp_path / "video.mp4"
    write(path, [track.step(0, [200.0, 200, 9, 9], lines)])
    (frame,) = decode(path)
    across = frame[40:, 40:, 1].astype(float).mean(axis=1 - axis)  # beside the label
    assert across[1::2][:-1].max() < 60
    assert across[::2].min() > 195 and across[-1] > 195


def test_frames_of_another_size_are_letterboxed_into_the_first(tmp_path):
    path = tmp_path / "video.mp4"
    white = (230, 230, 230)
    write(path, [step(0, 64, 96, white), step(1, 128, 96, white)])
    first, second = decode(path)
    assert first.shape == second.shape == (64, 96, 3)
    assert second[50, 2].max() < 30 and second[50, 93].max() < 30  # 48 wide, black at the sides
    assert second[50, 30].min() > 200


def test_the_box_is_in_the_video(tmp_path):
    path = tmp_path / "video.mp4"
    write(path, [step(0)])
    (frame,) = decode(path)
    around = frame[36:54, 66:84].astype(int)
    assert (around[..., 0] - around[..., 2]).max() > 80  # amber on gray


def test_an_unfinished_video_does_not_have_the_final_name(tmp_path):
    path = tmp_path / "video.mp4"
    video = VideoFile(path, 25, {})
    for index in range(80):  # the encoder looks some 50 frames ahead
        video.write(step(index))
    assert [p.name.startswith(".video.mp4.") for p in tmp_path.iterdir()] == [True]
    video.close()
    assert [p.name for p in tmp_path.iterdir()] == ["video.mp4"]


def test_without_pyav_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(MissingExtraError, match=r'pip install "crt-plugin\[video\]".*--no-video'):
        require_av()


def test_a_pyav_without_x264_is_refused(monkeypatch):
    monkeypatch.setattr(av, "codecs_available", {"mpeg4"})
    with pytest.raises(MissingExtraError, match=r"cannot encode H\.264"):
        require_av()
