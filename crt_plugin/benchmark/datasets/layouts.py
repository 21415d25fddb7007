"""Datasets that got10k's classes cannot read, in the form of its classes.

got10k 0.1.3 cannot open LaSOT at all, nor VOT without downloading, knows TrackingNet by other names
of frames, and has none of the others. Annotated boxes are counted from 1, and NaN in all frames
without the object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from crt_plugin.errors import SourceError
from crt_plugin.formats.boxes import Boxes, read_boxes
from crt_plugin.formats.frames import IMAGE_SUFFIXES, find_frames, frame_number
from crt_plugin.formats.groundtruth import (
    GROUNDTRUTH,
    blank_absent,
    find_targets,
    read_annotation,
    read_flags,
)
from crt_plugin.formats.otb import cut_frames
from crt_plugin.hosts.got10k.toolkit import read_list

LASOT_EXTENSION = frozenset(
    f"{kind}-{number}"
    for kind in (
        *("atv", "badminton", "cosplay", "dancingshoe", "footbag", "frisbee", "jianzi", "lantern"),
        *("misc", "opossum", "paddle", "raccoon", "rhino", "skatingshoe", "wingsuit"),
    )
    for number in range(1, 11)
)


class Place(NamedTuple):
    """Where a sequence is: its name, the folder of its frames, and the file of its boxes."""

    name: str
    frames: Path
    annotation: Path


class FoundSequences:
    """Sequences that a folder holds, in the form of got10k's datasets."""

    def __init__(self, root: str) -> None:
        """Find them.

        Raises:
            SourceError: two have one name.
        """
        found = sorted(self.find(Path(root)))
        names = Counter(place.name for place in found)
        several = next((name for name, count in names.items() if count > 1), None)
        if several is not None:
            where = [str(place.annotation) for place in found if place.name == several]
            raise SourceError(f"two sequences are called {several}: {' and '.join(where[:2])}")
        self.seq_names = [place.name for place in found]
        self.seq_dirs = [str(place.frames) for place in found]
        self.anno_files = [str(place.annotation) for place in found]

    def __len__(self) -> int:
        return len(self.seq_names)

    def __getitem__(self, index: int | str) -> tuple[list[str], Boxes]:
        """Frame files, and boxes N x 4, counted from 1.

        Raises:
            SourceError: frames or an annotation that cannot be read, or of different lengths.
        """
        number = self.seq_names.index(index) if isinstance(index, str) else index
        place = Place(
            self.seq_names[number], Path(self.seq_dirs[number]), Path(self.anno_files[number])
        )
        truth = self.read(place)
        frames = self.choose(place, find_frames(place.frames), len(truth))
        check_lengths(frames, truth, place.annotation)
        return [str(frame) for frame in frames], truth

    def find(self, root: Path) -> Iterator[Place]:
        """Where the sequences are."""
        raise NotImplementedError

    def read(self, place: Place) -> Boxes:
        """Boxes of a sequence."""
        return blank_absent(read_boxes(place.annotation))

    def choose(self, place: Place, frames: list[Path], lines: int) -> list[Path]:
        """Those of the folder's frames that have a line of the annotation."""
        return frames


class OwnSequences(FoundSequences):
    """Sequences of any name in the layout of OTB, GOT-10k, LaSOT or VOT, up to two folders deep."""

    def find(self, root: Path) -> Iterator[Place]:
        """Every folder with an annotation."""
        for folder in find_folders(root):
            for name, file in find_targets(folder).items():
                yield Place(name, folder, file)

    def read(self, place: Place) -> Boxes:
        """Boxes as in the file; NaN also where flags say that the object is absent."""
        return read_annotation(place.annotation)

    def choose(self, place: Place, frames: list[Path], lines: int) -> list[Path]:
        """OTB's annotate some frames only."""
        return cut_frames(place.frames.name, frames, lines)


class VOTSequences(OwnSequences):
    """Sequences of VOT; a polygon becomes the upright box around it."""

    def find(self, root: Path) -> Iterator[Place]:
        """Folders with ``groundtruth.txt``."""
        for folder in find_folders(root):
            if (folder / GROUNDTRUTH).is_file():
                yield Place(folder.name, folder, folder / GROUNDTRUTH)

    def read(self, place: Place) -> Boxes:
        """Boxes, counted from 1 where the file counts from 0."""
        return read_annotation(place.annotation, counts_from_zero=True)


class LaSOT(OwnSequences):
    """LaSOT's test sequences, ``airplane/airplane-1/`` or ``airplane-1/``."""

    names: Collection[str] = frozenset(read_list("lasot.json")["test"])

    def find(self, root: Path) -> Iterator[Place]:
        """Those of the list; a download holds the training sequences too."""
        return (place for place in super().find(root) if place.name in self.names)


class LaSOTExtension(LaSOT):
    """The 150 sequences that LaSOT's journal version adds, in the same layout."""

    names = LASOT_EXTENSION


class TrackingNet(FoundSequences):
    """TrackingNet's test sequences: of their boxes the first one is public."""

    def find(self, root: Path) -> Iterator[Place]:
        """``anno/<name>.txt`` and ``frames/<name>/`` in ``TEST/``, or in the folder itself."""
        folder = root / "TEST" if (root / "TEST").is_dir() else root
        for file in (folder / "anno").glob("*.txt"):
            yield Place(file.stem, folder / "frames" / file.stem, file)

    def read(self, place: Place) -> Boxes:
        """The first box, and NaN in all other frames."""
        truth = super().read(place)
        return pad_hidden(truth, len(find_frames(place.frames)))


class UAV123At10(FoundSequences):
    """UAV123 at 10 frames a second: every third frame, numbered anew."""

    def find(self, root: Path) -> Iterator[Place]:
        """Several annotations may share a folder of frames."""
        for file in (root / "anno" / "UAV123_10fps").glob("*.txt"):
            known = read_list("uav123.json")["UAV123"].get(file.stem)
            if known is not None:
                frames = root / "data_seq" / "UAV123_10fps" / known["folder_name"]
                yield Place(file.stem, frames, file)

    def choose(self, place: Place, frames: list[Path], lines: int) -> list[Path]:
        """Frame n of UAV123 is frame (n - 1) / 3 + 1, rounded down."""
        known = read_list("uav123.json")["UAV123"][place.name]
        first, last = ((known[key] - 1) // 3 + 1 for key in ("start_frame", "end_frame"))
        return choose_numbers(frames, first, last)


class NfSOfPytracking(FoundSequences):
    """NfS as pytracking lays it out: 30 frames a second, boxes x, y, w, h."""

    def find(self, root: Path) -> Iterator[Place]:
        """``anno/nfs_<name>.txt`` and ``sequences/<name>/``."""
        for file in (root / "anno").glob("nfs_*.txt"):
            name = file.stem.removeprefix("nfs_")
            yield Place(name, root / "sequences" / name, file)


class AVisT(FoundSequences):
    """AVisT, with its flags of full occlusion and of objects out of view."""

    def find(self, root: Path) -> Iterator[Place]:
        """``anno/<name>.txt`` and ``sequences/<name>/``."""
        for file in (root / "anno").glob("*.txt"):
            yield Place(file.stem, root / "sequences" / file.stem, file)

    def read(self, place: Place) -> Boxes:
        """Boxes; NaN also where one of the flags is set."""
        truth = super().read(place)
        root = place.annotation.parent.parent
        for kind in ("full_occlusion", "out_of_view"):
            flags = read_flags(root / kind / f"{place.name}_{kind}.txt", len(truth))
            truth[flags] = np.nan
        return truth


def find_folders(root: Path) -> Iterator[Path]:
    """Folders with an annotation: in ``root``, and in those of its folders that have none."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if find_targets(folder):
            yield folder
        else:
            inner = sorted(path for path in folder.iterdir() if path.is_dir())
            yield from (path for path in inner if find_targets(path))


def pad_hidden(truth: Boxes, frames: int) -> Boxes:
    """The annotation of a sequence of which only the first box is public: NaN follows it."""
    if len(truth) != 1:
        return truth
    return np.concatenate([truth, np.full((max(frames - 1, 0), 4), np.nan)])


def choose_numbers(frames: list[Path], first: int, last: int) -> list[Path]:
    """The frames whose files have the numbers from ``first`` to ``last``.

    Raises:
        SourceError: one is not there.
    """
    by_number = {frame_number(frame): frame for frame in frames}
    missing = next((n for n in range(first, last + 1) if n not in by_number), None)
    if missing is not None:
        raise SourceError(
            f"no frame {missing} of {first} to {last}; there are {describe_frames(frames)}"
        )
    return [by_number[number] for number in range(first, last + 1)]


def check_lengths(frames: list[Path], truth: Boxes, annotation: Path) -> None:
    """Raise ``SourceError`` unless there is a line of the annotation for each frame."""
    if len(frames) != len(truth):
        raise SourceError(
            f"{describe_frames(frames)}, and {len(truth)} lines of annotation in {annotation.name}"
        )


def describe_frames(frames: list[Path]) -> str:
    """For example "12 frames", "12 frames (11 .jpg, 1 .png)"."""
    if not frames:
        return f"no frames; expected {', '.join(IMAGE_SUFFIXES)} in img/ or beside the annotation"
    suffixes = Counter(frame.suffix for frame in frames)
    kinds = ", ".join(f"{count} {suffix}" for suffix, count in suffixes.items())
    return f"{len(frames)} frames{f' ({kinds})' if len(suffixes) > 1 else ''}"
