"""Frames and annotation of a sequence of got10k's datasets, read as in the rest of the package.

got10k sorts frames as text, 10.jpg before 2.jpg, cuts OTB's sequences by position, and reads
annotations with NumPy, which skips blank lines. It finds frames only as ``.jpg``, and OTB's only in
``img/``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from crt_plugin.benchmark.datasets.layouts import (
    FoundSequences,
    check_lengths,
    choose_numbers,
    pad_hidden,
)
from crt_plugin.errors import SourceError
from crt_plugin.formats.boxes import Boxes, parse_boxes, read_boxes, read_lines, split_numbers
from crt_plugin.formats.frames import find_frames
from crt_plugin.formats.otb import annotation_files, cut_frames
from crt_plugin.hosts.got10k.toolkit import datasets, skip_check


def adapt_dataset(dataset: type) -> type:
    """A class like one of got10k's datasets that reads in this way, and incomplete folders too.

    Ours (``layouts``) do already.
    """
    if issubclass(dataset, FoundSequences):
        return dataset

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
        SourceError: frames or an annotation that cannot be read, or of different lengths.
    """
    folder, annotation = Path(dataset.seq_dirs[index]), Path(dataset.anno_files[index])
    frames = find_frames(folder)
    if isinstance(dataset, datasets.NfS):
        frames, truth = _read_nfs(frames, annotation)
    else:
        truth = read_boxes(annotation)
    if isinstance(dataset, datasets.UAV123):
        known = dataset.seq_metas[dataset.version][dataset.seq_names[index]]
        frames = choose_numbers(frames, known["start_frame"], known["end_frame"])
    elif isinstance(dataset, datasets.TColor128):
        first, last = np.loadtxt(dataset.range_files[index], dtype=int, delimiter=",")[:2]
        frames = choose_numbers(frames, first, last)
    elif isinstance(dataset, datasets.OTB):
        frames = cut_frames(folder.name, frames, len(truth))
    elif isinstance(dataset, datasets.GOT10k) and dataset.subset == "test":
        truth = pad_hidden(truth, len(frames))
    check_lengths(frames, truth, annotation)
    return [str(frame) for frame in frames], truth


def _read_nfs(frames: list[Path], annotation: Path) -> tuple[list[Path], Boxes]:
    """NfS's frames and boxes, as the host reads them.

    Lines are ``object x1 y1 x2 y2 ...``. Those of a folder at 30 frames a second may be at 240; and
    one frame or line may be missing at the end.
    """
    corners = [",".join(split_numbers(line)[1:5]) for line in read_lines(annotation)]
    try:
        truth = parse_boxes("\n".join(corners))
    except SourceError as error:
        raise SourceError(f"annotation {annotation}: {error} as x1,y1,x2,y2") from error
    truth[:, 2:] -= truth[:, :2]
    if frames and abs(len(truth) / len(frames) - 8) < 1:
        truth = truth[::8]
    if abs(len(truth) - len(frames)) == 1:
        shorter = min(len(truth), len(frames))
        frames, truth = frames[:shorter], truth[:shorter]
    return frames, truth
