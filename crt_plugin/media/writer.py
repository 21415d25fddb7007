"""The annotated video of a run, as H.264 in MP4."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np

from crt_plugin.errors import MissingExtraError
from crt_plugin.media.annotations import Annotations, boxes_at
from crt_plugin.media.drawing import Letterbox, annotate
from crt_plugin.media.frame import Picture
from crt_plugin.media.loop import Step
from crt_plugin.media.sound import Sound
from crt_plugin.runtime.atomic import write_atomically
from crt_plugin.runtime.environment import advise_extra

BT709 = 1  # number of the colour matrix, primaries and transfer in H.264
LIMITED_RANGE = 1
TICKS = 90_000  # a second; divides into the common rates of frames


class VideoFile:
    """Sink that writes annotated frames as H.264, 4:2:0, in an MP4 that starts at once.

    The video has the size of the first frame, padded by a column or a row where that is odd,
    as 4:2:0 asks; later frames of another size are letterboxed into it. Frames and the source's
    sound keep their times. It gets its name when it is finished.
    """

    def __init__(self, path: Path, fps: float, annotations: Annotations, sound: str = "") -> None:
        """Write to ``path``.

        Args:
            path: of the MP4.
            fps: of the tracked frames, the mean where it varies.
            annotations: boxes that are drawn too.
            sound: file or address of the source, if it has sound.

        Raises:
            MissingExtraError: no PyAV, or one without x264.
        """
        self._av = require_av()
        self.path, self._fps, self._annotations = path, fps, annotations
        self._address = sound
        self._closing = ExitStack()
        self._container: Any = None
        self._stream: Any = None
        self._size = (0, 0)
        self._sound: Sound | None = None
        self._start = self._end = 0.0  # s, of the first frame, and of the last
        self._step = 0.0  # s, from the last frame but one to the last
        self._last = -1  # ticks

    def write(self, step: Step) -> None:
        """Encode one frame."""
        picture = annotate(step, boxes_at(self._annotations, step.frame.index))
        if self._container is None:
            self._size = (picture.shape[0], picture.shape[1])
            self._start = self._end = step.frame.time
            self._open()
        frame = self._av.VideoFrame.from_ndarray(self._pad_to_even(picture), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        ticks = round((step.frame.time - self._start) * TICKS)
        self._last = frame.pts = max(ticks, self._last + 1)
        frame.time_base = Fraction(1, TICKS)
        self._container.mux(self._stream.encode(frame))
        if self._sound is not None:
            self._sound.write_until(step.frame.time)
        self._step, self._end = step.frame.time - self._end, step.frame.time

    def close(self) -> None:
        """Finish the video and give it its name."""
        if self._container is not None:
            with self._closing:
                if self._sound is not None:
                    # The last frame is seen as long as the one before.
                    self._sound.write_until(self._end + (self._step or 1 / self._fps))
                    self._sound.close()
                self._container.mux(self._stream.encode(None))

    def _open(self) -> None:
        unfinished = self._closing.enter_context(write_atomically(self.path))
        self._container = self._av.open(
            str(unfinished), "w", format="mp4", options={"movflags": "+faststart"}
        )
        self._closing.callback(self._container.close)  # before the file gets its name
        rate = Fraction(self._fps).limit_denominator(1001)
        stream = self._container.add_stream("libx264", rate=rate, options={"crf": "20"})
        stream.height, stream.width = (side + side % 2 for side in self._size)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        stream.time_base = context.time_base = Fraction(1, TICKS)
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED_RANGE
        self._stream = stream
        if self._address:
            self._sound = Sound(self._av, self._address, self._start, self._container)

    def _pad_to_even(self, picture: Picture) -> Picture:
        height, width = self._size
        if picture.shape[:2] != self._size:
            picture = Letterbox.of(picture.shape, height, width).picture(picture)
        padded = cv2.copyMakeBorder(picture, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        return np.ascontiguousarray(padded, np.uint8)


def require_av() -> ModuleType:
    """PyAV.

    Raises:
        MissingExtraError: not installed, or built without x264.
    """
    advice = f"{advise_extra('video')}, or leave the video out with --no-video"
    try:
        import av
    except ImportError as error:
        raise MissingExtraError(f"writing video needs the package av: {advice}") from error
    if "libx264" not in av.codecs_available:
        raise MissingExtraError(f"the installed package av cannot encode H.264: {advice}")
    return av
