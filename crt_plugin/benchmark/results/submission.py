"""Result files as the servers take them that score GOT-10k's and TrackingNet's test sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crt_plugin.benchmark.datasets.part import Part
from crt_plugin.benchmark.results.archive import pack
from crt_plugin.benchmark.results.layout import ResultFiles


@dataclass(frozen=True)
class Submission:
    """A zip file for a server.

    Attributes:
        tracker: its name.
        file: ``<results>/GOT-10k/<tracker>.zip``, where the host puts it too.
        sequences: how many it holds.
        listed: how many the server wants.
    """

    tracker: str
    file: Path
    sequences: int
    listed: int

    @property
    def is_complete(self) -> bool:
        """Whether the server will score it."""
        return self.sequences >= self.listed


def write_submissions(part: Part, names: Sequence[str]) -> tuple[list[Submission], list[str]]:
    """Write a zip file for each tracker that has results, and say which of them are damaged.

    GOT-10k's holds ``<sequence>/<sequence>_001.txt`` for each repetition, and
    ``<sequence>/<sequence>_time.txt``; TrackingNet's ``<sequence>.txt``. Boxes are lines
    ``x,y,w,h``, as the tracker left them, counted as the first box is.

    Raises:
        StorageError: one cannot be written.
    """
    written, problems = [], []
    for name in dict.fromkeys(names):
        members: dict[str, Path] = {}
        sequences = 0
        for sequence in part.names:
            files = ResultFiles.of(part, name, sequence, deterministic=False)
            problem = files.problem()
            if problem:
                problems.append(f"{name}, {sequence}: {problem}")
            elif files.boxes[0].is_file():
                sequences += 1
                members |= _choose_members(part, sequence, files)
        if not members:
            continue
        file = Path(part.experiment.result_dir) / f"{name}.zip"
        pack(members, file)
        written.append(Submission(name, file, sequences, part.benchmark.listed))
    return written, problems


def _choose_members(part: Part, sequence: str, files: ResultFiles) -> dict[str, Path]:
    """Files of a sequence by their names in the archive."""
    if part.benchmark.is_got10k:
        return {f"{sequence}/{file.name}": file for file in files.existing}
    return {files.boxes[0].name: files.boxes[0]}
