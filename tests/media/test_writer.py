"""The files of a run, read back with independent code."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from crt_plugin.errors import MissingExtraError
from crt_plugin.media.selection import Selection
from crt_plugin.media.sources import open_source
from crt_plugin.media.writer import VideoFile, require_av
from crt_plugin.runtime.environment import advise_extra
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
    advice = re.escape(advise_extra("video"))
    with pytest.raises(MissingExtraError, match=rf"{advice}, or leave .* --no-video"):
        require_av()


def test_a_pyav_without_x264_is_refused(monkeypatch):
    monkeypatch.setattr(av, "codecs_available", {"mpeg4"})
    with pytest.raises(MissingExtraError, match=r"cannot encode H\.264"):
        require_av()


# ----------------------------------------------------------------------------------- sound

BEEP = (1.0, 1.2)  # s since the first frame


def clip_with_sound(path, codec, rate, channels="stereo", later=0.0):
    """Three seconds at 30 fps, whose sound begins half a second before; it beeps at BEEP.

    Args:
        later: s by which all of it is later.
    """
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV {av.__version__} cannot write {codec}")
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        video.height, video.width, video.pix_fmt = 64, 96, "yuv420p"
        sound = container.add_stream(codec, rate=rate, layout=channels)
        for index in range(90):
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 90, np.uint8), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = (
                round((index / 30 + 0.5 + later) * 30000),
                Fraction(1, 30000),
            )
            container.mux(video.encode(frame))
        time = np.arange(round(3.5 * rate)) / rate
        is_beep = (time > BEEP[0] + 0.5) & (time < BEEP[1] + 0.5)
        wave = (0.5 * np.sin(2 * np.pi * 880 * time) * is_beep).astype(np.float32)
        size = sound.codec_context.frame_size or 1024
        count = 1 if channels == "mono" else 2
        for first in range(0, len(wave) - size, size):
            samples = np.stack([wave[first : first + size]] * count)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=channels)
            frame.sample_rate, frame.pts = rate, first + round(later * rate)
            frame.time_base = Fraction(1, rate)
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        container.mux(video.encode(None))
    return path


def hear(path):
    """When the sound of a video beeps, and when it ends, in s since its first frame."""
    with av.open(str(path)) as container:
        start = next(container.decode(video=0)).time
    beeps, end = [], 0.0
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()).max(axis=0) > 0.1)
            beeps += [frame.time - start + k / frame.sample_rate for k in loud]
            end = frame.time - start + frame.samples / frame.sample_rate
    return min(beeps), max(beeps), end


SOUNDS = [("aac", 44100, "mp4"), ("pcm_s16le", 96000, "mov"), ("libopus", 48000, "mkv")]


@pytest.mark.parametrize(("codec", "rate", "container"), SOUNDS)
@pytest.mark.parametrize("selection", [Selection(), Selection(15, 75, 3)])
def test_sound_is_kept_in_time_with_the_frames(tmp_path, codec, rate, container, selection):
    """Of all frames; and of every third one from 0.5 to 2.5 s, as a time lapse has it."""
    path = clip_with_sound(tmp_path / f"clip.{container}", codec, rate)
    source = open_source(str(path))
    video = VideoFile(tmp_path / "v.mp4", source.fps / selection.every, {}, source.sound)
    shown = []
    for frame in selection.select(source.read()):
        video.write(replace(step(0), frame=frame))
        shown.append(frame.time)
    video.close()
    first, last, end = hear(tmp_path / "v.mp4")
    np.testing.assert_allclose((first, last), np.subtract(BEEP, shown[0]), atol=0.01)
    length = shown[-1] - shown[0] + selection.every / 30  # the last frame included
    assert abs(end - length) < 0.05
    with av.open(str(tmp_path / "v.mp4")) as written:
        times = [frame.time for frame in written.decode(video=0)]
    np.testing.assert_allclose(times, np.subtract(shown, shown[0]), atol=1e-3)


def test_sound_of_one_channel_stays_so_and_silent_videos_have_none(tmp_path):
    source = open_source(str(clip_with_sound(tmp_path / "clip.mp4", "aac", 16000, "mono")))
    video = VideoFile(tmp_path / "v.mp4", 30, {}, source.sound)
    for frame in source.read():
        video.write(replace(step(0), frame=frame))
    video.close()
    with av.open(str(tmp_path / "v.mp4")) as written:
        assert written.streams.audio[0].layout.name == "mono"
        assert written.streams.audio[0].rate == 16000
    assert open_source(str(track.video(tmp_path / "silent.avi"))).sound == ""


def test_sound_that_changes_its_format_ends_there_and_the_video_goes_on(tmp_path, caplog):
    """Two pieces of a broadcast after each other, the first in stereo, the second not."""
    pieces = [
        clip_with_sound(tmp_path / f"{channels}.ts", "aac", 44100, channels, later)
        for channels, later in (("stereo", 0), ("mono", 3.5))
    ]
    path = tmp_path / "clip.ts"
    path.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    source = open_source(str(path))
    video = VideoFile(tmp_path / "v.mp4", 30, {}, source.sound)
    for frame in source.read():
        video.write(replace(step(0), frame=frame))
    video.close()
    assert "clip.ts: the sound ends early" in caplog.text
    first, _, end = hear(tmp_path / "v.mp4")
    np.testing.assert_allclose((first, end), (BEEP[0], 3), atol=0.1)
    assert len(decode(tmp_path / "v.mp4")) >= 175
