"""Sequences in VOT's and in OTB's layout, as the VOT toolkit wants them.

Regions are lines of the toolkit's ``groundtruth.txt``: 0-based ``x,y,w,h``, a polygon
``x1,y1,x2,y2,...``, a mask, or one number where the object is not annotated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from crt_plugin.errors import SourceError
from crt_plugin.media.sources import sorted_images

EXPECTED = (
    "a sequence or a folder of sequences, of VOT (groundtruth.txt, and frames in color/, img/ or "
    "beside it) or of OTB (groundtruth_rect*.txt, and frames in img/)"
)
UNKNOWN = "0"  # the toolkit's code of a frame without annotation
ANCHOR_DISTANCE = 50  # frames, about; VOT2020
DEFAULT_FPS = "30"  # the toolkit's

# First and last annotated frame, counted from 1, of the OTB sequences that have more frames.
OTB_RANGES = {
    "David": (300, 770),
    "Diving": (1, 215),
    "Football1": (1, 74),
    "Freeman3": (1, 460),
    "Freeman4": (1, 283),
}


@dataclass(frozen=True)
class VOTSequence:
    """One object in one sequence.

    Attributes:
        name: unique in a workspace.
        annotation: file that the regions were read from.
        frames: files, one a frame.
        regions: lines of groundtruth.txt, one a frame.
        present: whether the object is annotated, one a frame.
        anchors: 1 where a run to the end starts, -1 where one to the beginning does, else 0.
        fps: frames per second, for experiments in real time.
    """

    name: str
    annotation: Path
    frames: list[Path]
    regions: list[str]
    present: list[bool]
    anchors: list[int]
    fps: str = DEFAULT_FPS

    @property
    def absent(self) -> list[int]:
        """Frames, from 0, where the object is not annotated."""
        return [frame for frame, there in enumerate(self.present) if not there]

    def first(self, count: int) -> VOTSequence:
        """The first ``count`` frames; anchors are placed anew, since theirs may lead nowhere."""
        if count >= len(self.frames):
            return self
        return replace(
            self,
            frames=self.frames[:count],
            regions=self.regions[:count],
            present=self.present[:count],
            anchors=place_anchors(self.present[:count]),
        )


def read_sequences(
    data: Sequence[Path], names: Sequence[str] = (), frames: int | None = None
) -> list[VOTSequence]:
    """The sequences below the folders ``data``.

    Frames at a sequence's end without annotation are left out.

    Args:
        data: see ``EXPECTED``.
        names: which sequences, in this order; empty means all.
        frames: number of frames to keep of each; None keeps all.

    Raises:
        SourceError: none there, a named one missing, one name twice, or a sequence whose
            annotation is unreadable, of another length, or lacks the first frame.
    """
    found = _unique([pair for folder in data for pair in _annotations(folder)])
    where = ", ".join(map(str, data))
    missing = [name for name in names if name not in found]
    if missing:
        raise SourceError(
            f"{where} does not hold {', '.join(missing)}; it holds {', '.join(found) or 'none'}"
        )
    if not found:
        raise SourceError(f"no sequences in {where or 'no folder'}; expected {EXPECTED}")
    sequences = (_read(name, found[name]) for name in names or found)
    return [_checked(s if frames is None else s.first(frames)) for s in sequences]


def place_anchors(present: Sequence[bool]) -> list[int]:
    """Anchors as VOT2020 has them: about 50 frames apart, the first and the last frame included.

    From each a tracker runs towards the farther end: 1 is forward, -1 backward. An anchor
    where the object is not annotated moves to the nearest frame where it is.
    """
    last = len(present) - 1
    there = np.flatnonzero(present)
    anchors = [0] * len(present)
    for place in np.linspace(0, last, max(1, round(last / ANCHOR_DISTANCE)) + 1).round():
        frame = int(there[np.abs(there - place).argmin()])
        anchors[frame] = 1 if frame <= last - frame else -1
    return anchors


def _annotations(folder: Path) -> Iterator[tuple[str, Path]]:
    """Names and annotation files of the sequence, or the sequences, in a folder."""
    if not folder.is_dir():
        raise SourceError(f"no folder {folder}; expected {EXPECTED}")
    folder = folder.resolve()
    own = list(_targets(folder))
    if own:
        yield from own
        return
    for inner in sorted(folder.iterdir()):
        if inner.is_dir():
            yield from _targets(inner)


def _targets(folder: Path) -> Iterator[tuple[str, Path]]:
    """The objects of one sequence; several are called ``Jogging.1``, ``Jogging.2``, as in got10k.

    OTB's Human4 has an empty annotation beside the real one: such do not count.
    """
    if (folder / "groundtruth.txt").is_file():
        yield folder.name, folder / "groundtruth.txt"
        return
    files = sorted(folder.glob("groundtruth_rect*.txt"))
    files = [file for file in files if file.stat().st_size] or files
    for number, file in enumerate(files, start=1):
        yield (folder.name if len(files) == 1 else f"{folder.name}.{number}"), file


def _unique(pairs: Sequence[tuple[str, Path]]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for name, file in pairs:
        if found.setdefault(name, file) != file:
            raise SourceError(
                f"two sequences are called {name}: {found[name].parent} and {file.parent}"
            )
    return found


def _read(name: str, annotation: Path) -> VOTSequence:
    folder = annotation.parent
    is_vot = annotation.name == "groundtruth.txt"
    try:
        lines = annotation.read_text(encoding="utf-8").strip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"annotation {annotation} cannot be read: {error}") from error
    regions = [
        (_vot_region if is_vot else _otb_region)(line.strip(), f"{annotation}, line {number}")
        for number, line in enumerate(lines, start=1)
    ]
    frames = _frames(folder)
    if not is_vot:
        first, last = OTB_RANGES.get(folder.name, (1, len(frames)))
        frames = frames if len(frames) == len(regions) else frames[first - 1 : last]
    if len(frames) != len(regions):
        raise SourceError(
            f"{name}: {len(regions)} rows in {annotation} for {len(frames)} frames; "
            "expected one row a frame"
        )
    present = [there for _, there in regions]
    if not any(present[:1]):
        raise SourceError(f"{annotation} has no region in the first frame, where trackers start")
    anchors = _own_anchors(folder / "anchor.value", len(frames)) or place_anchors(present)
    fps = _property(folder, "fps") or DEFAULT_FPS
    return VOTSequence(
        name, annotation, frames, [text for text, _ in regions], present, anchors, fps
    )


def _checked(sequence: VOTSequence) -> VOTSequence:
    """The sequence without unannotated frames at its end."""
    annotated = max(frame for frame, there in enumerate(sequence.present) if there) + 1
    if annotated < 2:
        raise SourceError(f"{sequence.name} has {annotated} annotated frame; expected 2 or more")
    return sequence.first(annotated)


def _frames(folder: Path) -> list[Path]:
    """Frames of a sequence, in one of the two formats that the toolkit reads."""
    pattern = _property(folder, "channels.color") or "color"
    named = folder / pattern.replace("\\", "/")
    candidates = [named if not named.suffix else named.parent, folder / "img", folder]
    for candidate in candidates:
        images = sorted_images(candidate.iterdir()) if candidate.is_dir() else []
        if images:
            break
    else:
        raise SourceError(f"no frames in {folder}; expected {EXPECTED}")
    suffixes = {_suffix(image) for image in images}
    if len(suffixes) > 1 or not suffixes <= {".jpg", ".png"}:
        raise SourceError(
            f"frames in {images[0].parent} are {', '.join(sorted(suffixes))}; "
            "expected all .jpg or all .png"
        )
    return images


def _suffix(image: Path) -> str:
    """File name's ending as the toolkit wants it."""
    return image.suffix.lower().replace(".jpeg", ".jpg")


def _vot_region(line: str, where: str) -> tuple[str, bool]:
    """A line as it is, and whether the toolkit finds a region in it."""
    from vot.region.io import parse_region

    try:
        region = parse_region(line)
    except (ValueError, IndexError) as error:
        raise SourceError(f"{where}: {line!r} is no region of VOT ({error})") from error
    if region is None:
        raise SourceError(
            f"{where}: {line!r} is no region of VOT; expected 4 numbers for a rectangle, an even "
            "number of 6 or more for a polygon, a mask, or 1 number where there is none"
        )
    return line, not region.is_empty()


def _otb_region(line: str, where: str) -> tuple[str, bool]:
    """OTB's 1-based ``x,y,w,h``, with commas, tabs or blanks between, as VOT's, 0-based."""
    try:
        x, y, w, h = (float(part) for part in re.split(r"[,\s]+", line))
    except ValueError as error:
        raise SourceError(f"{where}: {line!r} is not a box; expected x,y,w,h") from error
    if not all(map(math.isfinite, (x, y, w, h))) or w <= 0 or h <= 0:
        return UNKNOWN, False
    return ",".join(f"{value:.10g}" for value in (x - 1, y - 1, w, h)), True


def _own_anchors(file: Path, length: int) -> list[int]:
    """Anchors that a VOT sequence brings; empty where it brings none."""
    if not file.is_file():
        return []
    try:
        values = [float(line) for line in file.read_text(encoding="utf-8").split()]
    except (UnicodeDecodeError, ValueError) as error:
        raise SourceError(f"anchors {file} cannot be read: {error}") from error
    if len(values) != length or not any(values):
        raise SourceError(
            f"{file} has {len(values)} values, {sum(map(bool, values))} of them not 0, for "
            f"{length} frames; expected one a frame, at least one not 0"
        )
    return [(value > 0) - (value < 0) for value in values]


def _property(folder: Path, key: str) -> str | None:
    """A value of the sequence's metadata in VOT's layout, ``key=value`` lines."""
    file = folder / "sequence"
    if not file.is_file():
        return None
    match = re.search(
        rf"^{re.escape(key)} *= *(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE
    )
    return match[1] if match else None
