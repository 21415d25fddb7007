"""Sequences in VOT's and in OTB's layout, in the form of the VOT toolkit.

Regions are lines of the toolkit's ``groundtruth.txt``: 0-based ``x,y,w,h``, a polygon
``x1,y1,x2,y2,...``, a mask, or one number if the object is not annotated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import SourceError, join_problems
from crt_plugin.formats.boxes import read_boxes, read_lines, split_numbers
from crt_plugin.formats.frames import sort_images
from crt_plugin.formats.groundtruth import GROUNDTRUTH, find_targets
from crt_plugin.formats.otb import cut_frames

EXPECTED = (
    "a sequence or a folder of sequences, of VOT (groundtruth.txt, and frames in color/, img/ or "
    "beside it) or of OTB (groundtruth_rect*.txt, and frames in img/)"
)
UNKNOWN = "0"  # the toolkit's code of a frame without annotation
ANCHOR_DISTANCE = 50  # frames; VOT2020
DEFAULT_FPS = "30"  # the toolkit's


@dataclass(frozen=True)
class VOTSequence:
    """One object in one sequence.

    Attributes:
        name: unique in a workspace.
        annotation: file of the regions.
        frames: files, one a frame.
        regions: lines of groundtruth.txt, one a frame.
        present: whether the object is annotated, one a frame.
        anchors: 1 where a run to the end starts, -1 where a run to the beginning starts, else 0.
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
        """The first ``count`` frames, with new anchors, since the old ones may be past the end."""
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
    data: Sequence[Path],
    names: Sequence[str] = (),
    frames: int | None = None,
    check: Callable[[VOTSequence], None] = lambda sequence: None,
) -> tuple[list[VOTSequence], dict[str, str]]:
    """The sequences below the folders ``data``, without unannotated frames at their ends.

    Args:
        data: see ``EXPECTED``.
        names: which sequences, in this order; empty means all.
        frames: number of frames to keep of each; None keeps all.
        check: raises ``SourceError`` for a sequence that cannot be used.

    Returns:
        The sequences that can be used, and what is wrong with each of the others: an annotation
        that is unreadable, of another length, or lacks the first frame, or what ``check`` says.

    Raises:
        SourceError: none that can be used, a named one missing, or one name twice.
    """
    found: dict[str, Path] = {}
    for name, file in (pair for folder in data for pair in _find_annotations(folder)):
        if found.setdefault(name, file) != file:
            raise SourceError(
                f"two sequences are called {name}: {found[name].parent} and {file.parent}"
            )
    where = ", ".join(map(str, data))
    missing = [name for name in names if name not in found]
    if missing:
        raise SourceError(
            f"{where} does not hold {', '.join(missing)}; it holds {', '.join(found) or 'none'}"
        )
    if not found:
        raise SourceError(f"no sequences in {where or 'no folder'}; expected {EXPECTED}")
    sequences: list[VOTSequence] = []
    problems: dict[str, str] = {}
    for name in names or found:
        try:
            sequence = _read(name, found[name])
            sequence = _drop_end(sequence if frames is None else sequence.first(frames))
            check(sequence)
        except SourceError as error:
            problems[name] = str(error)
        else:
            sequences.append(sequence)
    if not sequences:
        raise SourceError(f"{where} has no sequence that can be used: {join_problems(problems)}")
    return sequences, problems


def place_anchors(present: Sequence[bool]) -> list[int]:
    """Anchors as in VOT2020: about 50 frames apart, including the first and the last frame.

    From each a tracker runs towards the farther end: 1 is forward, -1 backward. An anchor in an
    unannotated frame moves to the nearest annotated one.
    """
    last = len(present) - 1
    there = np.flatnonzero(present)
    anchors = [0] * len(present)
    for place in np.linspace(0, last, max(1, round(last / ANCHOR_DISTANCE)) + 1).round():
        frame = int(there[np.abs(there - place).argmin()])
        anchors[frame] = 1 if frame <= last - frame else -1
    return anchors


def _find_annotations(folder: Path) -> list[tuple[str, Path]]:
    """Names and annotation files of the sequences in a folder, or of the folder itself."""
    if not folder.is_dir():
        raise SourceError(f"no folder {folder}; expected {EXPECTED}")
    folder = folder.resolve()
    inner = sorted(path for path in folder.iterdir() if path.is_dir())
    for path in (folder, *inner):
        _refuse_several_objects(path)
    if own := find_targets(folder):
        return list(own.items())
    return [target for path in inner for target in find_targets(path).items()]


def _refuse_several_objects(folder: Path) -> None:
    files = sorted(file.name for file in folder.glob("groundtruth_*.txt"))
    several = [name for name in files if not name.startswith("groundtruth_rect")]
    if several and not find_targets(folder):
        raise SourceError(
            f"{folder} has several objects, as VOTS has ({', '.join(several[:3])}), which is not "
            f"supported; expected {EXPECTED}"
        )


def _read(name: str, annotation: Path) -> VOTSequence:
    folder = annotation.parent
    frames = _find_frames(folder)
    if annotation.name == GROUNDTRUTH:
        regions = [
            _vot_region(line, f"annotation {annotation}: line {number}")
            for number, line in enumerate(read_lines(annotation), start=1)
        ]
    else:
        regions = [_otb_region(box) for box in read_boxes(annotation)]
        frames = cut_frames(folder.name, frames, len(regions))
    if len(frames) != len(regions):
        raise SourceError(
            f"{name}: {len(regions)} rows in {annotation} for {len(frames)} frames; "
            "expected one row a frame"
        )
    present = [there for _, there in regions]
    if not any(present[:1]):
        raise SourceError(f"{annotation} has no region in the first frame, where trackers start")
    anchors = _read_anchors(folder / "anchor.value", len(frames)) or place_anchors(present)
    fps = _read_property(folder, "fps") or DEFAULT_FPS
    return VOTSequence(
        name, annotation, frames, [text for text, _ in regions], present, anchors, fps
    )


def _drop_end(sequence: VOTSequence) -> VOTSequence:
    """The sequence without unannotated frames at its end."""
    annotated = max(frame for frame, there in enumerate(sequence.present) if there) + 1
    if annotated < 2:
        raise SourceError(f"{sequence.name} has {annotated} annotated frame; expected 2 or more")
    return sequence.first(annotated)


def _find_frames(folder: Path) -> list[Path]:
    """Frames of a sequence, in one of the two formats that the toolkit reads."""
    pattern = _read_property(folder, "channels.color") or "color"
    named = folder / pattern.replace("\\", "/")
    candidates = [named if not named.suffix else named.parent, folder / "img", folder]
    for candidate in candidates:
        images = sort_images(candidate.iterdir()) if candidate.is_dir() else []
        if images:
            break
    else:
        raise SourceError(f"no frames in {folder}; expected {EXPECTED}")
    suffixes = {frame_suffix(image) for image in images}
    if len(suffixes) > 1 or not suffixes <= {".jpg", ".png"}:
        raise SourceError(
            f"frames in {images[0].parent} are {', '.join(sorted(suffixes))}; "
            "expected all .jpg or all .png"
        )
    return images


def frame_suffix(image: Path) -> str:
    """The file's suffix in the toolkit's spelling."""
    return image.suffix.lower().replace(".jpeg", ".jpg")


def _vot_region(line: str, where: str) -> tuple[str, bool]:
    """A line with commas between its numbers, and whether the toolkit reads a region from it."""
    from vot.region.io import parse_region

    text = ",".join(split_numbers(line))
    try:
        region = parse_region(text)
        problem: Exception | None = None
    except (ValueError, IndexError) as error:
        region, problem = None, error
    if region is None:
        raise SourceError(
            f"{where}: {line!r} is no region of VOT{f' ({problem})' if problem else ''}; expected "
            "4 numbers for a rectangle, an even number of 6 or more for a polygon, a mask, or 1 "
            "number if there is none"
        ) from problem
    return text, not region.is_empty()


def _otb_region(box: NDArray[np.float64]) -> tuple[str, bool]:
    """OTB's 1-based box as VOT's line, 0-based, and whether it has an area."""
    x, y, w, h = box.tolist()
    if not all(map(math.isfinite, (x, y, w, h))) or w <= 0 or h <= 0:
        return UNKNOWN, False
    return ",".join(f"{value:.10g}" for value in (x - 1, y - 1, w, h)), True


def _read_anchors(file: Path, length: int) -> list[int]:
    """Anchors of a VOT sequence; empty if it has none of its own."""
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


def _read_property(folder: Path, key: str) -> str | None:
    """A value of the sequence's metadata in VOT's layout, ``key=value`` lines."""
    file = folder / "sequence"
    if not file.is_file():
        return None
    match = re.search(
        rf"^{re.escape(key)} *= *(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE
    )
    return match[1] if match else None
