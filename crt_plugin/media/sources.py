"""Where frames come from: a video, a folder or glob of images, an OTB sequence, a camera.

Every source gives frames as RGB, H x W x 3, uint8.
"""

from __future__ import annotations

import glob
import re
import struct
import zlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from crt_plugin.errors import FrameError, ImageError, SourceError
from crt_plugin.formats.boxes import read_boxes
from crt_plugin.formats.frames import IMAGE_SUFFIXES, sort_images
from crt_plugin.formats.otb import annotation_files, cut_frames
from crt_plugin.media.annotations import Annotation, convert_otb
from crt_plugin.runtime.image import as_rgb

Frame = NDArray[np.uint8]

EXPECTED = (
    "a video file, a folder or a glob of images, an OTB sequence's folder "
    "(img/ and groundtruth_rect*.txt), or the number of a camera"
)
# What Pillow's decoders raise for files that are cut off, garbled, or far too large.
UNDECODABLE = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ImageError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)
DEFAULT_FPS = 25.0  # of images, and of videos and cameras that do not say


@dataclass(frozen=True)
class Source:
    """A sequence of frames.

    Attributes:
        name: for the output's folder.
        frames: opens the source and yields its frames, RGB, H x W x 3, uint8. Raises
            ``SourceError`` for the first frame and ``FrameError`` for a later one that
            cannot be decoded.
        length: number of frames, None where it is unknown; an estimate for videos, whose
            containers may be wrong.
        fps: frames per second, for the annotated video.
        truth: annotated boxes, empty where there are none.
        is_live: frames are lost, or old, if they are not asked for in time.
    """

    name: str
    frames: Callable[[], Generator[Frame, None, None]]
    length: int | None = None
    fps: float = DEFAULT_FPS
    truth: Annotation = field(default_factory=dict)
    is_live: bool = False


def open_source(given: str | Sequence[str], target: int | None = None) -> Source:
    """The source that a user named.

    Args:
        given: see ``EXPECTED``; or several image files, as a shell makes of an unquoted glob.
        target: which object of an OTB sequence with several annotations; without it the first.

    Raises:
        SourceError: missing, empty, of no accepted kind, or without that target.
    """
    if not isinstance(given, str):
        if len(given) != 1:
            return _images(_check_images([Path(name) for name in given]), " ".join(given), target)
        given = given[0]
    path = Path(given)
    if path.is_dir():
        return _folder(path, target)
    if path.is_file():
        if path.suffix.lower() in IMAGE_SUFFIXES:
            return _image(path, target)
        return _video(path, target)
    if re.fullmatch(r"\d+", given):
        return _camera(int(given), target)
    if glob.has_magic(given):
        return _images(sort_images(Path(p) for p in glob.glob(given)), given, target)  # noqa: PTH207
    raise SourceError(f"no such source: {given!r}; expected {EXPECTED}")


def _check_images(paths: list[Path]) -> list[Path]:
    for path in paths:
        if path.suffix.lower() not in IMAGE_SUFFIXES or not path.is_file():
            raise SourceError(
                f"{str(path)!r} is no image file; several sources are accepted only if all are "
                f"images ({', '.join(IMAGE_SUFFIXES)})"
            )
    return sort_images(paths)


def _folder(path: Path, target: int | None) -> Source:
    annotations = annotation_files(path)
    images = path / "img"
    if annotations and images.is_dir():
        return _otb(path, annotations, target)
    found = sort_images(path.iterdir())
    if not found and images.is_dir():
        found = sort_images(images.iterdir())
    return _images(found, str(path), target, path.resolve().name)


def _otb(path: Path, annotations: dict[int, Path], target: int | None) -> Source:
    number = min(annotations) if target is None else target
    if number not in annotations:
        accepted = ", ".join(map(str, annotations))
        raise SourceError(f"{path} has no target {number}; expected {accepted}")
    boxes = read_boxes(annotations[number])
    name = path.resolve().name
    images = cut_frames(name, sort_images((path / "img").iterdir()), len(boxes))
    if len(annotations) > 1:
        name = f"{name}.{number}"
    return _images(images, str(path / "img"), None, name, convert_otb(boxes))


def _images(
    paths: list[Path],
    given: str,
    target: int | None,
    name: str | None = None,
    truth: Annotation | None = None,
) -> Source:
    _refuse_target(given, target)
    if not paths:
        raise SourceError(f"no images in {given!r}; expected {', '.join(IMAGE_SUFFIXES)}")
    if name is None:
        name = paths[0].stem if len(paths) == 1 else paths[0].parent.resolve().name
    return Source(name, lambda: _read_images(paths), len(paths), truth=truth or {})


def _image(path: Path, target: int | None) -> Source:
    """One image; all of its pictures where it is animated."""
    try:
        with Image.open(path) as image:
            pictures = int(getattr(image, "n_frames", 1))
    except UNDECODABLE:  # said when the frame is asked for
        pictures = 1
    if pictures == 1:
        return _images([path], str(path), target)
    _refuse_target(str(path), target)
    return Source(path.stem, lambda: _read_pictures(path, pictures), pictures)


def _read_images(paths: list[Path]) -> Generator[Frame, None, None]:
    """One frame of each file: of an animated one the first picture."""
    for index, path in enumerate(paths):
        yield _decode(path, index, 0)


def _read_pictures(path: Path, count: int) -> Generator[Frame, None, None]:
    for index in range(count):
        yield _decode(path, index, index)


def _decode(path: Path, index: int, picture: int) -> Frame:
    try:
        with Image.open(path) as image:
            image.seek(picture)
            return as_rgb(ImageOps.exif_transpose(image))
    except UNDECODABLE as error:
        kind = FrameError if index else SourceError
        raise kind(f"frame {index} ({path}) cannot be decoded: {error}") from error


def _video(path: Path, target: int | None) -> Source:
    _refuse_target(str(path), target)
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise SourceError(f"{path} cannot be opened as a video; expected {EXPECTED}")
        length = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        fps = _check_fps(capture.get(cv2.CAP_PROP_FPS))
    finally:
        capture.release()
    return Source(path.stem, lambda: _read_video(path), length if length > 0 else None, fps)


def _check_fps(fps: float) -> float:
    return fps if 1 <= fps <= 240 else DEFAULT_FPS


def _read_video(path: Path) -> Generator[Frame, None, None]:
    """Frames up to the last that decodes: the container's count is only an estimate."""
    capture = cv2.VideoCapture(str(path))
    try:
        decoded, frame = capture.read()
        if not decoded:
            raise SourceError(f"{path}: frame 0 cannot be decoded")
        while decoded:
            yield _to_rgb(frame)
            decoded, frame = capture.read()
    finally:
        capture.release()


def _camera(number: int, target: int | None) -> Source:
    _refuse_target(f"camera {number}", target)
    return Source(f"camera{number}", lambda: _read_camera(number), is_live=True)


def _read_camera(number: int) -> Generator[Frame, None, None]:
    """Frames without end; a camera is opened only when they are asked for."""
    capture = cv2.VideoCapture(number)
    try:
        if not capture.isOpened():
            raise SourceError(f"camera {number} cannot be opened; expected {EXPECTED}")
        index = 0
        while True:
            decoded, frame = capture.read()
            if not decoded:
                kind = FrameError if index else SourceError
                raise kind(f"camera {number} gave no frame {index}")
            yield _to_rgb(frame)
            index += 1
    finally:
        capture.release()


def _to_rgb(frame: Any) -> Frame:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)


def _refuse_target(given: str, target: int | None) -> None:
    if target is not None:
        raise SourceError(f"target {target} was asked for, but {given} is no OTB sequence")
