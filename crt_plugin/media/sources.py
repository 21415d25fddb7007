"""Where frames come from: a video, a folder or glob of images, a dataset's sequence, a camera."""

from __future__ import annotations

import glob
import itertools
import re
import struct
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from crt_plugin.errors import FrameError, ImageError, SourceError
from crt_plugin.formats.frames import IMAGE_SUFFIXES, find_frames, sort_images
from crt_plugin.formats.groundtruth import find_beside, number_targets, read_annotation
from crt_plugin.formats.otb import cut_frames
from crt_plugin.media.annotations import Annotation, convert_otb
from crt_plugin.runtime.image import as_rgb

Frame = NDArray[np.uint8]

EXPECTED = (
    "a video file, a folder or a glob of images, the folder of a sequence (frames, and "
    "groundtruth_rect*.txt or groundtruth.txt), or the number of a camera"
)
# What Pillow's decoders raise for files that are cut off, garbled, or far too large.
UNDECODABLE = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ImageError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)
DEFAULT_FPS = 25.0  # of images, and of videos and cameras that do not give it


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
        target: which object of a sequence with several annotations; without it the first.

    Raises:
        SourceError: missing, empty, of no accepted kind, or without that target.
    """
    names = [given] if isinstance(given, str) else list(given)
    if len(names) != 1:
        source = _open_files(names)
    elif found := _find_annotations(Path(given := names[0])):
        return _open_sequence(Path(given), found, target)
    else:
        source = _open_file_or_camera(given)
    if target is not None:
        raise SourceError(
            f"target {target} was asked for, but {' '.join(names)} is no sequence with an "
            "annotation"
        )
    return source


def _find_annotations(folder: Path) -> dict[int, Path]:
    """Annotation files of a sequence's folder by target; none of anything else."""
    if not folder.is_dir():
        return {}
    beside = find_beside(folder)
    return number_targets(folder) or ({} if beside is None else {1: beside})


def _open_file_or_camera(given: str) -> Source:
    path = Path(given)
    if path.is_dir():
        return _open_images(
            sort_images(path.iterdir()) or find_frames(path), given, path.resolve().name
        )
    if path.is_file() and path.suffix.lower() in IMAGE_SUFFIXES:
        return _open_image(path)
    if path.is_file():
        return _open_video(path)
    if re.fullmatch(r"\d+", given):
        number = int(given)
        frames = partial(_read_capture, number, f"camera {number}", is_endless=True)
        return Source(f"camera{number}", frames, is_live=True)
    if glob.has_magic(given):
        return _open_images(sort_images(Path(p) for p in glob.glob(given)), given)  # noqa: PTH207
    raise SourceError(f"no such source: {given!r}; expected {EXPECTED}")


def _open_files(names: list[str]) -> Source:
    paths = [Path(name) for name in names]
    for path in paths:
        if path.suffix.lower() not in IMAGE_SUFFIXES or not path.is_file():
            raise SourceError(
                f"{str(path)!r} is no image file; several sources are accepted only if all are "
                f"images ({', '.join(IMAGE_SUFFIXES)})"
            )
    return _open_images(sort_images(paths), " ".join(names))


def _open_sequence(folder: Path, annotations: dict[int, Path], target: int | None) -> Source:
    number = min(annotations) if target is None else target
    if number not in annotations:
        accepted = ", ".join(map(str, annotations))
        raise SourceError(f"{folder} has no target {number}; expected {accepted}")
    boxes = read_annotation(annotations[number])
    name = folder.resolve().name
    images = cut_frames(name, find_frames(folder), len(boxes))
    if annotations[number].stem == f"{name}_1":  # the frames of later targets follow
        images = images[: len(boxes)]
    if len(annotations) > 1:
        name = f"{name}.{number}"
    return _open_images(images, str(folder), name, convert_otb(boxes))


def _open_images(
    paths: list[Path], given: str, name: str | None = None, truth: Annotation | None = None
) -> Source:
    """One frame of each file: of an animated one the first picture."""
    if not paths:
        raise SourceError(f"no images in {given!r}; expected {', '.join(IMAGE_SUFFIXES)}")
    if name is None:
        name = paths[0].stem if len(paths) == 1 else paths[0].parent.resolve().name
    pictures = [(path, 0) for path in paths]
    return Source(name, partial(_read_pictures, pictures), len(paths), truth=truth or {})


def _open_image(path: Path) -> Source:
    """One image; all of its pictures where it is animated."""
    try:
        with Image.open(path) as image:
            count = int(getattr(image, "n_frames", 1))
    except UNDECODABLE:  # reported when the frame is asked for
        count = 1
    pictures = [(path, picture) for picture in range(count)]
    return Source(path.stem, partial(_read_pictures, pictures), count)


def _read_pictures(pictures: list[tuple[Path, int]]) -> Generator[Frame, None, None]:
    """A frame for each file and number of a picture in it."""
    for index, (path, picture) in enumerate(pictures):
        try:
            with Image.open(path) as image:
                image.seek(picture)
                frame = as_rgb(ImageOps.exif_transpose(image))
        except UNDECODABLE as error:
            kind = FrameError if index else SourceError
            raise kind(f"frame {index} ({path}) cannot be decoded: {error}") from error
        yield frame


def _open_video(path: Path) -> Source:
    with _open_capture(str(path), f"{path} cannot be opened as a video") as capture:
        length = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        fps = capture.get(cv2.CAP_PROP_FPS)
    return Source(
        path.stem,
        partial(_read_capture, str(path), str(path)),
        length if length > 0 else None,
        fps if 1 <= fps <= 240 else DEFAULT_FPS,
    )


@contextmanager
def _open_capture(device: str | int, problem: str) -> Iterator[cv2.VideoCapture]:
    capture = cv2.VideoCapture(device)
    try:
        if not capture.isOpened():
            raise SourceError(f"{problem}; expected {EXPECTED}")
        yield capture
    finally:
        capture.release()


def _read_capture(
    device: str | int, name: str, is_endless: bool = False
) -> Generator[Frame, None, None]:
    """Frames of a video up to the last that decodes, or of a camera without end."""
    with _open_capture(device, f"{name} cannot be opened") as capture:
        for index in itertools.count():
            is_decoded, frame = capture.read()
            if not is_decoded:
                if index and not is_endless:  # a container's number of frames is an estimate
                    return
                kind = FrameError if index else SourceError
                raise kind(f"{name}: frame {index} cannot be decoded")
            yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
