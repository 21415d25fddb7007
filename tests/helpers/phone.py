"""A clip like a phone's: turned, at varying times, with sound, in a modern codec."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

TIMES = (0, 0.033, 0.067, 0.1, 0.2, 0.233, 0.4, 0.433, 0.467, 0.6)  # s
OFFSET = 0.5  # s, of the video behind the sound


def phone_clip(path: Path, pictures, codec="libx265", degrees=90, times=TIMES) -> Path:
    """Write ``pictures`` (RGB, as they are seen) lying on their side, and the turn beside them.

    Args:
        degrees: that a player turns the stored frames by, counter-clockwise.
    """
    av = pytest.importorskip("av", reason="the extra video is not installed")
    if codec not in av.codecs_available or not hasattr(av.VideoStream, "set_display_rotation"):
        pytest.skip(f"PyAV {av.__version__} cannot write {codec} that is turned")
    stored = [np.ascontiguousarray(np.rot90(picture, -degrees // 90)) for picture in pictures]
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=30)
        video.height, video.width = stored[0].shape[:2]
        video.pix_fmt = "yuv420p"
        video.time_base = video.codec_context.time_base = Fraction(1, 1000)
        video.set_display_rotation(degrees)
        sound = container.add_stream("aac", rate=16000)
        for picture, time in zip(stored, times, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = round(1000 * (time + OFFSET)), Fraction(1, 1000)
            container.mux(video.encode(frame))
        for start in range(0, 16000, 1024):
            silence = np.zeros((1, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 16000, start, Fraction(1, 16000)
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        container.mux(video.encode(None))
    return path
