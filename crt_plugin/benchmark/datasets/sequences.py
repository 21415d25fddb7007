"""Frames and annotation of a sequence of got10k's datasets, read as in the rest of the package.

got10k sorts frames as text, 10.jpg before 2.jpg, cuts OTB's sequences by position, and reads
annotations with NumPy, which skips blank lines.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from crt_plugin.errors import SourceError
from crt_plugin.formats.boxes import Boxes, read_boxes
from crt_plugin.formats.frames import sort_images
from crt_plugin.formats.otb import annotation_files, cut_frames
from crt_plugin.hosts.got10k.toolkit import datasets, skip_check


def adapt_dataset(dataset: type) -> type:
    """A class like one of got10k's datasets that reads in this way, and incomplete folders too."""

    def read(self: Any, index: int | str) -> tuple[Any, ...]:
        place = self.seq_names.index(index) if isinstance(index, str) else index
        found = read_sequence(self, place)
        if getattr(self, "return_meta", False):
            return *found, self._fetch_meta(self.seq_dirs[place])
        return found

    def choose_annotations(_: Any, files: list[str]) -> list[str]:
        """OTB's, in the folders of ``files``; neither empty ones nor somebody's copies."""
        folders = dict.fromkeys(Path(file).parent for file in files)
        return [str(file) for folder in folders for file in annotation_files(folder).values()]

    methods = {"__getitem__": read, "_filter_files": choose_annotations}
    return type(dataset.__name__, (skip_check(dataset),), methods)


def read_sequence(dataset: Any, index: int) -> tuple[list[str], Boxes]:
    """Frames' files, and boxes N x 4, 1-based where the dataset's are.

    Raises:
        SourceError: an annotation that cannot be read, or not of as many lines as there are frames.
        AssertionError, ValueError, LookupError: as the host, for NfS.
    """
    folder, annotation = Path(dataset.seq_dirs[index]), Path(dataset.anno_files[index])
    if isinstance(dataset, datasets.NfS):  # its columns and frame rates are left to the host
        files, truth = datasets.NfS.__getitem__(dataset, index)
        return [str(file) for file in sort_images(folder.glob("*.jpg"))[: len(files)]], truth
    truth = read_boxes(annotation)
    if isinstance(dataset, datasets.UAV123):
        known = dataset.seq_metas[dataset.version][dataset.seq_names[index]]
        numbers = range(known["start_frame"], known["end_frame"] + 1)
        frames = [folder / f"{number:06d}.jpg" for number in numbers]
    elif isinstance(dataset, datasets.TColor128):
        first, last = np.loadtxt(dataset.range_files[index], dtype=int, delimiter=",")[:2]
        frames = [folder / "img" / f"{number:04d}.jpg" for number in range(first, last + 1)]
    elif isinstance(dataset, datasets.GOT10k):
        frames = sort_images(folder.glob("*.jpg"))
    else:
        frames = sort_images(folder.glob("img/*.jpg"))
    if isinstance(dataset, datasets.OTB):
        frames = cut_frames(folder.name, frames, len(truth))
    if len(frames) != len(truth):
        raise SourceError(
            f"{len(frames)} frames, and {len(truth)} lines of annotation in {annotation.name}"
        )
    return [str(frame) for frame in frames], truth
