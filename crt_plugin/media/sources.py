"""Where frames come from: a video, images, a dataset's sequence, a camera, an address."""

from __future__ import annotations

import glob
import re
import struct
import zlib
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from PIL import Image, ImageOps

from crt_plugin.errors import FrameError, ImageError, SourceError
from crt_plugin.formats.frames import IMAGE_SUFFIXES, find_frames, frame_number, sort_images
from crt_plugin.formats.groundtruth import find_beside, number_targets, read_annotation
from crt_plugin.formats.otb import cut_frames
from crt_plugin.media.annotations import Annotation, Annotations, convert_otb
from crt_plugin.media.frame import Frame, Picture
from crt_plugin.media.videos import DEFAULT_FPS, probe_video, read_camera, read_video
from crt_plugin.runtime.image import as_rgb

EXPECTED = (
    "a video file, a folder, a glob or a numbered pattern (%05d.jpg) of images, the folder of a "
    "sequence (frames, and groundtruth_rect*.txt or groundtruth.txt), the number of a camera, or "
    "an address such as rtsp://..."
)
NUMBER = r"(%(?:0\d+)?d)"  # of a file's name
RESUMABLE = ("http", "https", "file")  # schemes whose videos can be read again
# What Pillow's decoders raise for files that are cut off, garbled, or far too large.
UNDECODABLE = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ImageError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)


@dataclass(frozen=True)
class Source:
    """A sequence of frames.

    Attributes:
        name: for the output's folder.
        read: opens the source and yields its frames. Raises ``SourceError`` for the first frame
            and ``FrameError`` for a later one that cannot be decoded.
        length: number of frames, None where it is unknown.
        fps: frames per second, the mean where it varies.
        annotations: of each annotated object; its id counts from 1.
        is_live: frames are lost, or old, if they are not asked for in time.
        sound: file or address of the sound beside the frames; empty for none.
        origin: name of the file, or address without password and query; empty for several files.
        is_length_exact: False for videos, whose containers may be wrong.
    """

    name: str
    read: Callable[[], Generator[Frame, None, None]]
    length: int | None = None
    fps: float = DEFAULT_FPS
    annotations: Annotations = field(default_factory=dict)
    is_live: bool = False
    sound: str = ""
    origin: str = ""
    is_length_exact: bool = True

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
        targets: which objects of a sequence with several annotations; without any the first.

    Raises:
        SourceError: missing, empty, of no accepted kind, or without those targets.
    """
    names = [given] if isinstance(given, str) else list(given)
    if len(names) != 1:
        source = _open_files(names)
    elif (given := names[0]) and (found := _find_annotations(Path(given))):
        return _open_sequence(Path(given), found, targets)
    else:
        source = _open_file_or_camera(given)
    if targets:
        raise SourceError(
            f"target {targets[0]} was asked for, but {' '.join(names)} is no sequence with an "
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
    if not given:
        raise SourceError(f"the source is empty; expected {EXPECTED}")
    path = Path(given)
    if path.is_dir():
        return _open_images(
            sort_images(path.iterdir()) or find_frames(path), given, path.resolve().name
        )
    if path.is_file() and path.suffix.lower() in IMAGE_SUFFIXES:
        return _open_image(path)
    if path.is_file():
        return _open_video(path)
    if re.fullmatch(r"\d{1,4}", given):
        return Source(f"camera{int(given)}", partial(read_camera, int(given)), is_live=True)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", given):
        return _open_address(given)
    if re.search(NUMBER, path.name):
        return _open_numbered(given)
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


def _open_sequence(folder: Path, annotations: dict[int, Path], targets: Sequence[int]) -> Source:
    numbers = list(dict.fromkeys(targets)) or [min(annotations)]
    for number in numbers:
        if number not in annotations:
            accepted = ", ".join(map(str, annotations))
            raise SourceError(f"{folder} has no target {number}; expected {accepted}")
    boxes = [read_annotation(annotations[number]) for number in numbers]
    name = folder.resolve().name
    images = cut_frames(name, find_frames(folder), len(boxes[0]))
    _require_no_gap(images, len(boxes[0]))
    if annotations[numbers[0]].stem == f"{name}_1":  # the frames of later targets follow
        images = images[: len(boxes[0])]
    if len(annotations) > 1:
        name = ".".join([name, *map(str, numbers)])
    truths: Annotations = {id: convert_otb(some) for id, some in enumerate(boxes, start=1)}
    return _open_images(images, str(folder), name, truths)


def _require_no_gap(images: Sequence[Path], lines: int) -> None:
    """Check that no image between two others is missing: later boxes would be of other frames.

    Images that are missing at the end do no harm.

    Raises:
        SourceError: names the images beside the gap.
    """
    if len(images) >= lines:
        return
    for before, after in pairwise(images):
        there, following = frame_number(before), frame_number(after)
        if there is not None and following is not None and following > there + 1:
            raise SourceError(
                f"{before.parent} has {len(images)} images and {lines} annotated boxes, and no "
                f"image between {before.name} and {after.name}; expected one for each box"
            )


def _open_images(
    paths: list[Path], given: str, name: str | None = None, annotations: Annotations | None = None
) -> Source:
    """One frame of each file: of an animated one the first picture."""
    if not paths:
        raise SourceError(
            f"no images in {given!r}; expected {', '.join(IMAGE_SUFFIXES)}{_hint_near(given)}"
        )
    if name is None:
        name = paths[0].stem if len(paths) == 1 else paths[0].parent.resolve().name
    pictures = [(path, 0) for path in paths]
    read = partial(_read_pictures, pictures)
    return Source(name, read, len(paths), annotations=annotations or {})


def _hint_near(given: str) -> str:
    """A folder inside one without images that is a source: an unpacked archive, or a dataset."""
    if not Path(given).is_dir():
        return ""
    folders = sorted(path for path in Path(given).iterdir() if path.is_dir())
    near = next((path for path in folders if find_frames(path)), None)
    return "" if near is None else f"; {near} has some"


def _open_image(path: Path) -> Source:
    """One image; all of its pictures where it is animated."""
    try:
        with Image.open(path) as image:
            count = int(getattr(image, "n_frames", 1))
    except UNDECODABLE:  # reported when the frame is asked for
        count = 1
    pictures = [(path, picture) for picture in range(count)]
    return Source(path.stem, partial(_read_pictures, pictures), count, origin=path.name)


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
        yield Frame(index, index / DEFAULT_FPS, picture, "" if number else path.name)


def _open_video(path: Path) -> Source:
    return _open_readable(path.stem, str(path), path.name)


def _open_address(address: str) -> Source:
    """A video or a stream of a network; named after its path, or its host."""
    parts = urlsplit(address)
    name = re.sub(r"[^\w.-]", "_", PurePosixPath(parts.path).stem or parts.hostname or parts.scheme)
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.scheme not in RESUMABLE:
        read = partial(read_video, address, DEFAULT_FPS)
        return Source(name, read, is_live=True, origin=origin)
    return _open_readable(name, address, origin)


def _open_readable(name: str, address: str, origin: str) -> Source:
    """A video that can be read again."""
    fps, length, has_sound = probe_video(address)
    read = partial(read_video, address, fps)
    sound = address * has_sound
    return Source(name, read, length, fps, sound=sound, origin=origin, is_length_exact=False)


def _open_numbered(pattern: str) -> Source:
    """Images whose names are those of a printf pattern, such as ``frames/%05d.jpg``.

    Raises:
        SourceError: there is none, or one in the middle is missing.
    """
    path = Path(pattern)
    before, number, after = re.split(NUMBER, path.name, maxsplit=1)
    width = re.fullmatch(r"%0(\d+)d", number)
    digits = rf"\d{{{width[1]},}}" if width else r"0|[1-9]\d*"
    form = re.compile(f"{re.escape(before)}({digits}){re.escape(after)}")
    found: dict[int, Path] = {}
    for file in path.parent.iterdir() if path.parent.is_dir() else ():
        if match := form.fullmatch(file.name):
            found[int(match[1])] = file
    for index, there in enumerate(sorted(found), start=min(found, default=0)):
        if index != there:
            missing = path.with_name(path.name % index)
            raise SourceError(f"{missing} is missing, and {found[there]} is there; expected all")
    return _open_images([found[index] for index in sorted(found)], pattern)
