"""The sound of a source, for its annotated video."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from types import ModuleType
from typing import Any

from crt_plugin.media.videos import open_container

logger = logging.getLogger(__name__)

BITS = 192_000  # a second
RATE = 48_000  # samples a second, where AAC does not have the source's own


class Sound:
    """Writes a source's sound into a container beside its video, as AAC, as the video goes on.

    MP4 does not hold every codec, and every browser plays AAC. Sound that is damaged ends there.
    """

    def __init__(self, av: ModuleType, address: str, start: float, container: Any) -> None:
        """Add a stream to ``container``, before anything is written to it.

        Args:
            av: PyAV.
            address: of the source, which has sound.
            start: s since the first frame of the source, where the annotated video begins.
            container: of the annotated video.
        """
        self._av, self._address = av, address
        self._container, self._start = container, start
        self._closing = ExitStack()
        self._frames = self._read()
        self._next = next(self._frames, None)
        self._stream: Any = None
        if self._next is not None:
            rate = self._next.sample_rate
            rates = av.Codec("aac", "w").audio_rates or []
            layout = "mono" if len(self._next.layout.channels) == 1 else "stereo"
            self._stream = container.add_stream(
                "aac", rate=rate if rate in rates else RATE, layout=layout
            )
            self._stream.bit_rate = BITS

    def write_until(self, time: float) -> None:
        """Write what begins before ``time``, in s since the first frame of the source."""
        while self._next is not None and self._time(self._next) < time:
            frame = self._next
            frame.pts = round((self._time(frame) - self._start) * frame.sample_rate)
            frame.time_base = Fraction(1, frame.sample_rate)
            try:
                self._container.mux(self._stream.encode(frame))
            except ValueError as error:  # the format changes, which a stream of AAC cannot
                self._warn(error)
                self._frames = iter(())
            self._next = next(self._frames, None)

    def close(self) -> None:
        """Write what the encoder still holds."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._closing.close()

    def _time(self, frame: Any) -> float:
        return float(frame.time) - self._origin

    def _read(self) -> Iterator[Any]:
        """Decoded frames of the sound, from the start of the annotated video on."""
        try:
            with open_container(self._av, self._address) as (container, video):
                self._origin = next(container.decode(video)).time or 0.0
            container, _ = self._closing.enter_context(open_container(self._av, self._address))
            for frame in container.decode(audio=0):
                if frame.time is not None and self._time(frame) >= self._start:
                    yield frame
        except self._av.FFmpegError as error:
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        logger.warning("%s: the sound ends early: %s", self._address, error)
