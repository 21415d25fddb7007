"""Frames of videos, streams and cameras.

Videos are read through PyAV, or through OpenCV where PyAV is not installed; cameras always through
OpenCV. Both turn the frames of a phone upright, and give each the time that the container has.
"""

from __future__ import annotations

import itertools
import logging
import mmap
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import cv2
import numpy as np

from crt_plugin.errors import FrameError, SourceError
from crt_plugin.media.frame import Frame
from crt_plugin.runtime.environment import advise_extra

logger = logging.getLogger(__name__)

DEFAULT_FPS = 25.0  # of images and cameras, and of videos that do not give it
OPENING_LIMIT = 20.0  # s that a stream of a network may take to open, or to go on
# Where MP4 and Matroska have the name of a video's codec
CODEC_NAMES = (rb"hdlr.{8}vide.*?stsd.{12}([ -~]{4})", rb"(V_[A-Z0-9_/]{3,})")


class Facts(NamedTuple):
    """What a container says of its video.

    Attributes:
        fps: frames per second, the mean where it varies.
        length: number of frames, if it is there.
        has_sound: whether there is sound that PyAV decodes; without PyAV none is read.
    """

    fps: float
    length: int | None
    has_sound: bool = False


def probe_video(address: str) -> Facts:
    """Facts of a video file, or of one at an address; both are estimates.

    Raises:
        SourceError: it cannot be opened, or not decoded.
    """
    av = find_av()
    if av is None:
        with _open_capture(address, address) as capture:
            count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
            return Facts(_check_rate(capture.get(cv2.CAP_PROP_FPS)), count if count > 0 else None)
    with open_container(av, address) as (container, stream):
        fps = _check_rate(float(stream.average_rate or stream.guessed_rate or 0))
        seconds = (container.duration or 0) / av.time_base
        length = stream.frames or round(seconds * fps) or None
        sounds = container.streams.audio
        return Facts(fps, length, bool(sounds) and sounds[0].codec_context is not None)


def read_video(address: str, fps: float) -> Generator[Frame, None, None]:
    """Frames of a video up to the last that decodes.

    A damaged frame in the middle is left out, with a warning in the log.

    Args:
        address: of a file, or ``scheme://...``.
        fps: for the time of frames whose time the container does not give.

    Raises:
        SourceError: it cannot be opened, or its first frame not decoded.
        FrameError: a stream of a network broke off.
    """
    av = find_av()
    return _read_capture(address, fps) if av is None else _read_container(av, address, fps)


def read_camera(number: int) -> Generator[Frame, None, None]:
    """Frames of a camera, without end.

    Raises:
        SourceError: it cannot be opened.
        FrameError: it gives no frame any more.
    """
    name = f"camera {number}"
    with _open_capture(number, name) as capture:
        for index in itertools.count():
            is_decoded, frame = capture.read()
            if not is_decoded:
                raise (FrameError if index else SourceError)(f"{name}: frame {index} is missing")
            picture = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
            yield Frame(index, index / DEFAULT_FPS, picture)


def find_av() -> ModuleType | None:
    """PyAV; None where it is not installed."""
    try:
        import av
    except ImportError:
        return None
    return av


def _check_rate(fps: float) -> float:
    return fps if 1 <= fps <= 240 else DEFAULT_FPS


def _is_address(text: str) -> bool:
    return "://" in text


# PyAV


@contextmanager
def open_container(av: ModuleType, address: str) -> Iterator[tuple[Any, Any]]:
    """A container and its video.

    Raises:
        SourceError: it cannot be opened, has no video, or one in an unknown codec.
    """
    try:
        container = av.open(address, timeout=OPENING_LIMIT if _is_address(address) else None)
    except (av.FFmpegError, OSError) as error:
        raise SourceError(f"{address} cannot be opened as a video: {error}") from error
    with container:
        if not container.streams.video:
            raise SourceError(f"{address} cannot be opened as a video: there is only sound in it")
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise SourceError(
                f"{address} cannot be decoded: its codec, {_find_codec(address)}, is unknown to "
                f"PyAV {av.__version__}; expected a video that was converted to H.264, say"
            )
        stream.thread_type = "SLICE"  # with threads of frames, a damaged one is reported late
        yield container, stream


def _find_codec(address: str) -> str:
    """Name of the codec in a file that nothing here decodes."""
    if Path(address).is_file():
        with Path(address).open("rb") as file, mmap.mmap(file.fileno(), 0, access=1) as content:
            for pattern in CODEC_NAMES:
                found = re.search(pattern, content, re.DOTALL)
                if found:
                    return repr(found[1].decode("ascii"))
    return "which its container does not name"


def _read_container(av: ModuleType, address: str, fps: float) -> Generator[Frame, None, None]:
    with open_container(av, address) as (container, stream):
        index, start, damage = 0, None, None
        packets = container.demux(stream)
        while True:
            packet: Any = None
            frames: list[Any] = []
            try:
                packet = next(packets, None)
                frames = [] if packet is None else packet.decode()
            except av.FFmpegError as error:
                damage = error
            if damage is not None and _is_address(address) and index:
                raise FrameError(f"{address} broke off after frame {index - 1}: {damage}")
            if packet is None:  # the end, or the file is cut off here
                break
            for frame in frames:
                if damage is not None and index:
                    logger.warning("%s: damage before frame %d is left out", address, index)
                damage = None
                start = frame.time if start is None else start
                time = index / fps if frame.time is None else frame.time - start
                yield Frame(index, time, _turn(frame.to_ndarray(format="rgb24"), frame.rotation))
                index += 1
        if index == 0:
            raise SourceError(f"{address}: frame 0 cannot be decoded: {damage or 'it has none'}")


def _turn(picture: Any, degrees: int) -> Any:
    """The picture, turned counter-clockwise by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(picture, degrees // 90)) if degrees else picture


# OpenCV


@contextmanager
def _open_capture(device: str | int, name: str) -> Iterator[cv2.VideoCapture]:
    capture = cv2.VideoCapture(device)
    try:
        if not capture.isOpened():
            kind = "" if isinstance(device, int) else " as a video"
            raise SourceError(f"{name} cannot be opened{kind}")
        yield capture
    finally:
        capture.release()


def _read_capture(address: str, fps: float) -> Generator[Frame, None, None]:
    with _open_capture(address, address) as capture:
        start, last = None, -1.0
        for index in itertools.count():
            is_decoded, frame = capture.read()
            if not is_decoded:
                if index:  # a container's number of frames is an estimate
                    return
                code = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
                codec = code.to_bytes(4, "little").decode("ascii", "replace")
                raise SourceError(
                    f"{address}: frame 0 cannot be decoded; its codec is {codec!r}; PyAV knows "
                    f"more codecs than OpenCV: {advise_extra('video')}"
                )
            stated = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            start = stated if start is None else start
            time = stated - start if stated - start > last else index / fps
            last = time
            yield Frame(index, time, np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8))
