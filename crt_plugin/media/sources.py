"""Where frames come from: a video, a folder or glob of images, an OTB sequence, a camera."""

from __future__ import annotations

import glob
import itertools
import re
import struct
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from crt_plugin.errors import FrameError, ImageError, SourceError
from crt_plugin.formats.boxes import read_boxes
from crt_plugin.formats.frames import IMAGE_SUFFIXES, find_frames, sort_images
from crt_plugin.formats.otb import annotation_files, cut_frames
from crt_plugin.media.annotations import Annotation, Annotations, convert_otb
from crt_plugin.media.frame import Frame, Picture
from crt_plugin.runtime.image import as_rgb

EXPECTED = (
    "a video file, a folder or a glob of images, an OTB sequence's folder "
    "(img/ and groundtruth_rect*.txt), or the number of a camera"
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
        read: opens the source and yields its frames. Raises ``SourceError`` for the first frame
            and ``FrameError`` for a later one that cannot be decoded.
        length: number of frames, None where it is unknown; an estimate for videos, whose
            containers may be wrong.
        fps: frames per second, the mean where it varies.
        annotations: of each annotated object; its id counts from 1.
        is_live: frames are lost, or old, if they are not asked for in time.
    """

    name: str
    read: Callable[[], Generator[Frame, None, None]]
    length: int | None = None
    fps: float = DEFAULT_FPS
    annotations: Annotations = field(default_factory=dict)
    is_live: bool = False

    def frames(self) -> Generator[Picture, None, None]:
        """The frames' pictures, RGB, H x W x 3, uint8; see ``read``."""
        with closing(self.read()) as frames:
            for frame in frames:
                yield frame.picture

    @property
    def truth(self) -> Annotation:
        """Annotation of the first object; empty where there is none."""
        return next(iter(self.annotations.values()), {})


def open_source(given: str | Sequence[str], targets: Sequence[int] = ()) -> Source:
    """The source that a user named.

    Args:
        given: see ``EXPECTED``; or several image files, as a shell makes of an unquoted glob.
        targets: which objects of an OTB sequence with several annotations; without any the first.

    Raises:
        SourceError: missing, empty, of no accepted kind, or without those targets.
    """
    names = [given] if isinstance(given, str) else list(given)
    if len(names) != 1:
        source = _open_files(names)
    elif found := annotation_files(Path(given := names[0])):
        return _open_otb(Path(given), found, targets)
    else:
        source = _open_file_or_camera(given)
    if targets:
        raise SourceError(
            f"target {targets[0]} was asked for, but {' '.join(names)} is no OTB sequence"
        )
    return source


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
        read = partial(_read_capture, number, f"camera {number}", DEFAULT_FPS, is_endless=True)
        return Source(f"camera{number}", read, is_live=True)
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


def _open_otb(folder: Path, annotations: dict[int, Path], targets: Sequence[int]) -> Source:
    numbers = list(dict.fromkeys(targets)) or [min(annotations)]
    for number in numbers:
        if number not in annotations:
            accepted = ", ".join(map(str, annotations))
            raise SourceError(f"{folder} has no target {number}; expected {accepted}")
    boxes = [read_boxes(annotations[number]) for number in numbers]
    name = folder.resolve().name
    images = cut_frames(name, find_frames(folder), len(boxes[0]))
    if len(annotations) > 1:
        name = ".".join([name, *map(str, numbers)])
    truths: Annotations = {id: convert_otb(some) for id, some in enumerate(boxes, start=1)}
    return _open_images(images, str(folder), name, truths)


def _open_images(
    paths: list[Path], given: str, name: str | None = None, annotations: Annotations | None = None
) -> Source:
    """One frame of each file: of an animated one the first picture."""
    if not paths:
        raise SourceError(f"no images in {given!r}; expected {', '.join(IMAGE_SUFFIXES)}")
    if name is None:
        name = paths[0].stem if len(paths) == 1 else paths[0].parent.resolve().name
    pictures = [(path, 0) for path in paths]
    read = partial(_read_pictures, pictures)
    return Source(name, read, len(paths), annotations=annotations or {})


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
    for index, (path, number) in enumerate(pictures):
        try:
            with Image.open(path) as image:
                image.seek(number)
                picture = as_rgb(ImageOps.exif_transpose(image))
        except UNDECODABLE as error:
            kind = FrameError if index else SourceError
            raise kind(f"frame {index} ({path}) cannot be decoded: {error}") from error
        yield Frame(index, index / DEFAULT_FPS, picture)


def _open_video(path: Path) -> Source:
    with _open_capture(str(path), f"{path} cannot be opened as a video") as capture:
        length = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        fps = capture.get(cv2.CAP_PROP_FPS)
    fps = fps if 1 <= fps <= 240 else DEFAULT_FPS
    read = partial(_read_capture, str(path), str(path), fps)
    return Source(path.stem, read, length if length > 0 else None, fps)


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
    device: str | int, name: str, fps: float, is_endless: bool = False
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
            picture = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
            yield Frame(index, index / fps, picture)
