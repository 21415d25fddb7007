"""The folder of a run: what it is to hold, and what an earlier run left there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crt_plugin.errors import SourceError, StorageError
from crt_plugin.media.box_files import FORMATS, BoxFile
from crt_plugin.media.checkpoint import Progress, read_asked_starts
from crt_plugin.media.coco import CocoFile
from crt_plugin.media.drawing import ContactSheet
from crt_plugin.media.loop import Step
from crt_plugin.media.writer import VideoFile
from crt_plugin.runtime.atomic import write_text

File = BoxFile | CocoFile | VideoFile | ContactSheet
VIDEO = "tracked.mp4"
SHEET = "contact_sheet.png"


@dataclass(frozen=True)
class CompleteRun:
    """What a run leaves when it is complete, so that ``--resume`` knows that nothing is to do.

    Attributes:
        run: see ``describe_run``, and how far it went.
        summary: what ``--json`` prints.
    """

    run: dict[str, Any]
    summary: dict[str, Any]

    @classmethod
    def load(cls, file: Path) -> CompleteRun:
        """Read it.

        Raises:
            SourceError: it is damaged, or something else.
        """
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            complete = cls(content["run"], content["summary"])
            read_asked_starts(complete.run)
        except (ValueError, LookupError, TypeError) as error:
            raise SourceError(
                f"{file} cannot be read: {error}; expected one of crt track; --overwrite tracks "
                "anew"
            ) from error
        files = {
            kind: [str(file.parent / name) for name in names]
            for kind, names in complete.summary["files"].items()
        }
        return replace(complete, summary={**complete.summary, "files": files})

    def save(self, file: Path) -> None:
        """Write it; the same for each run of the same command."""
        paths = self.summary["files"]
        names = {kind: [Path(path).name for path in paths[kind]] for kind in paths}
        summary = {**self.summary, "fps": None, "files": names}
        write_text(file, json.dumps({"run": self.run, "summary": summary}, indent=1) + "\n")


@dataclass(frozen=True)
class OutputFolder:
    """The folder of a run.

    Attributes:
        path: of the folder, which need not exist.
        files: that the run writes, by their kinds.
    """

    path: Path
    files: dict[str, File]

    @property
    def checkpoint(self) -> Path:
        """There while a run is unfinished."""
        return self.path / "unfinished.safetensors"

    @property
    def complete_run(self) -> Path:
        """There once a run is complete."""
        return self.path / "run.json"

    def find_earlier_run(self, resume: bool, overwrite: bool) -> Progress | CompleteRun | None:
        """The run that is to be resumed, if there is one.

        Raises:
            SourceError: what it left cannot be read.
            StorageError: a file of an earlier run would be replaced, or a folder is in the place
                of a file.
        """
        for path in self._expected:
            if path.is_dir():
                raise StorageError(f"{path} is a folder; expected a file, or nothing")
        is_unfinished = self.checkpoint.exists()
        if resume and is_unfinished:
            return Progress.load(self.checkpoint)
        if resume and self.complete_run.exists():
            return CompleteRun.load(self.complete_run)
        there = [path.name for path in self._expected if path.exists()]
        if there and not overwrite:
            expected = "--resume to go on with it, " * is_unfinished + "--overwrite"
            raise StorageError(
                f"{self.path} holds {', '.join(there)} of an earlier run, perhaps of another "
                f"source; expected {expected}, or --output with another folder"
            )
        return None

    def find_stale(self) -> list[Path]:
        """Files of an earlier run that this one does not replace."""
        every: list[File] = [*(BoxFile(self.path, kind) for kind in FORMATS), CocoFile(self.path)]
        earlier = {path for file in every for path in _find_earlier(file)} | {self.path / VIDEO}
        return sorted(path for path in earlier.difference(self._expected) if path.is_file())

    def list_written(self) -> dict[str, list[str]]:
        """Paths of the files that were written, by their kinds."""
        return {
            kind: [str(path) for path in (file.paths if isinstance(file, BoxFile) else [file.path])]
            for kind, file in self.files.items()
        }

    def describe_kept(self, frames: int) -> str:
        """What a run has left that ended after so many frames."""
        if not frames:
            return "no frame was tracked, nothing was written"
        kept = f"{frames} tracked frames are kept in {self.path}"
        return kept + "; the same command with --resume goes on" * self.checkpoint.exists()

    @property
    def _expected(self) -> list[Path]:
        """What a run with these files leaves, or an earlier one has left."""
        earlier = (path for file in self.files.values() for path in _find_earlier(file))
        return [self.checkpoint, self.complete_run, *earlier]


class EarlierFiles:
    """Sink that removes files of an earlier run once the first frame of this one is tracked."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Remember them."""
        self._paths = paths

    def write(self, step: Step) -> None:
        """Remove them, if they are still there."""
        for path in self._paths:
            path.unlink(missing_ok=True)
        self._paths = ()

    def close(self) -> None:
        """Nothing is open."""


def _find_earlier(file: File) -> list[Path]:
    return file.find_earlier() if isinstance(file, BoxFile) else [file.path]
