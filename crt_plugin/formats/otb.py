"""OTB-100: its targets, their files and frames, OTB-50, and the attributes.

``otb.json`` holds the authors' lists under got10k's names of the targets. OTB-50 is TB-50, the 50
targets that Wu, Lim and Yang chose as the harder half (PAMI 2015), not the 50 of 2013.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from crt_plugin.errors import SourceError
from crt_plugin.formats.frames import frame_number

# Numbers of the first and the last annotated frame, of targets whose folders may hold more: from
# the benchmark's own configuration.
FRAME_RANGES = {
    "BlurCar1": (247, 988),
    "BlurCar3": (3, 359),
    "BlurCar4": (18, 397),
    "David": (300, 770),
    "Diving": (1, 215),
    "Football1": (1, 74),
    "Freeman3": (1, 460),
    "Freeman4": (1, 283),
}
ONLY_SECOND = ("Human4",)  # its first target has no annotation, so got10k numbers neither
_WITH_NUMBER = re.compile(r"(.+)[._-]([12])", re.ASCII)
_ANNOTATION = re.compile(r"groundtruth_rect(?:\.(\d+))?\.txt", re.ASCII)


@dataclass(frozen=True)
class Lists:
    """The benchmark's lists.

    Attributes:
        attributes: the 11 challenges, abbreviation and words, in the order of the paper's table 4.
        tb50: targets of OTB-50.
        of_target: attributes of each target of OTB-100; some have none.
    """

    attributes: dict[str, str]
    tb50: tuple[str, ...]
    of_target: dict[str, tuple[str, ...]]


@functools.cache
def otb_lists() -> Lists:
    """The lists that come with the package."""
    text = Path(__file__).with_name("otb.json").read_text(encoding="utf-8")
    kept = json.loads(text)
    targets = kept["targets"]
    return Lists(
        kept["attributes"],
        tuple(name for name, target in targets.items() if target["tb50"]),
        {name: tuple(target["attributes"]) for name, target in targets.items()},
    )


TARGETS = sorted(otb_lists().of_target)
# Folders with two targets, and all 98 folders
TWO_TARGETS = tuple(name.removesuffix(".1") for name in TARGETS if name.endswith(".1"))
_FOLDERS = {name.lower(): name for name in (target.partition(".")[0] for target in TARGETS)}


def target_name(text: str) -> str | None:
    """got10k's name of a target of OTB-100, from any spelling in use.

    ``jogging-1``, ``Jogging_1`` and ``Jogging.1`` are ``Jogging.1``; ``Human4-2`` is ``Human4``;
    letter case does not matter. None if it does not name a target.
    """
    name = _FOLDERS.get(text.lower())
    if name is not None:
        return None if name in TWO_TARGETS else name
    match = _WITH_NUMBER.fullmatch(text)
    name = _FOLDERS.get(match[1].lower()) if match else None
    if match and name in TWO_TARGETS:
        return f"{name}.{match[2]}"
    if match and name in ONLY_SECOND and match[2] == "2":
        return name
    return None


def folder_name(text: str) -> str | None:
    """OTB's name of a sequence's folder, from any spelling of it or its target; None if neither."""
    target = target_name(text) or target_name(f"{text}.1")
    return target and target.partition(".")[0]


def annotated_target(path: PurePath) -> str | None:
    """Target of ``<Sequence>/groundtruth_rect[.N].txt`` or ``<Target>.txt``; None if neither."""
    match = _ANNOTATION.fullmatch(path.name)
    if match:
        number = f".{match[1]}" if match[1] else ""
        return target_name(path.parent.name + number)
    return target_name(path.stem) if path.suffix.lower() == ".txt" else None


def annotation_files(folder: Path) -> dict[int, Path]:
    """``groundtruth_rect[.N].txt`` of a sequence's folder by N, 1 where there is no number.

    Empty files are left out beside one that is not, such as the first of Human4.

    Raises:
        SourceError: one cannot be read.
    """
    found: dict[int, Path] = {}
    empty: dict[int, Path] = {}
    for file in folder.glob("groundtruth_rect*.txt"):
        match = _ANNOTATION.fullmatch(file.name)
        try:
            if match:
                kept = found if file.read_bytes().strip() else empty
                kept[int(match[1] or 1)] = file
        except OSError as error:
            raise SourceError(f"annotation {file} cannot be read: {error}") from error
    return dict(sorted((found or empty).items()))


def cut_frames(name: str, frames: Sequence[Path], lines: int) -> list[Path]:
    """The annotated frames of a sequence.

    Folders differ: some hold all frames of the sequence, some only those that are annotated, with
    their original numbers or numbered anew. So frames are chosen by their files' numbers, and only
    if that leaves one for each line: a user's own clip may have the name of an OTB sequence.

    Args:
        name: of the sequence's folder.
        frames: image files, in order.
        lines: number of lines of the annotation.
    """
    first, last = FRAME_RANGES.get(target_name(name) or "", (1, 0))
    cut = [frame for frame in frames if first <= (frame_number(frame) or 0) <= last]
    return cut if len(cut) == lines else list(frames)
