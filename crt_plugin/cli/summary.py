"""What ``crt track`` prints in the end."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from crt_plugin.benchmark.agreement import PRECISION_PIXELS, RunSummary
from crt_plugin.cli.output_folder import CompleteRun, OutputFolder
from crt_plugin.errors import StorageError


@dataclass(frozen=True)
class SummaryPrinter:
    """Prints summaries as they are asked for.

    Attributes:
        output: folder of the run.
        lost_below: frames with a lower score are marked as lost; None: none are.
        quiet: print nothing, but JSON.
        as_json: print a JSON object, and nothing else.
    """

    output: OutputFolder
    lost_below: float | None = None
    quiet: bool = False
    as_json: bool = False

    def collect(self, record: RunSummary, is_complete: bool) -> dict[str, Any]:
        """What ``--json`` prints (docs/track.md)."""
        objects = []
        for id, lost in record.lost.items():
            objects.append({"id": id, "lost": None if self.lost_below is None else lost})
            agreement = record.comparisons.get(id)
            if agreement is not None:
                objects[-1] |= asdict(agreement)
        return {
            "complete": is_complete,
            "frames": record.frames,
            "fps": record.fps,
            "objects": objects,
            "files": self.output.list_written(),
        }

    def print_run(self, record: RunSummary, is_complete: bool) -> None:
        """Print what a run has tracked."""
        if self.as_json:
            typer.echo(json.dumps(self.collect(record, is_complete)))
        if self.as_json or self.quiet:
            return
        speed = "" if record.fps is None else f", {record.fps:.2f} fps (tracker alone)"
        is_one = len(record.lost) == 1
        objects = "" if is_one else f", {len(record.lost)} objects"
        typer.echo(f"frames   {record.frames}{objects}{speed}")
        for id, lost in record.lost.items():
            of = "" if is_one else f" of {id}"
            if self.lost_below is not None:
                typer.echo(f"lost     {lost} frames{of} with a score below {self.lost_below:g}")
            agreement = record.comparisons.get(id)
            if agreement is not None:
                count = agreement.frames
                typer.echo(f"mean IoU {agreement.mean_iou:.3f}{of} over {count} annotated frames")
                typer.echo(
                    f"centre   within {PRECISION_PIXELS:g} px in {agreement.precision:.1%} of them"
                )
        for kind, paths in self.output.list_written().items():
            for path in paths:
                typer.echo(f"{kind:9}{path}")

    def print_nothing_to_do(self, complete: CompleteRun) -> None:
        """Say that a run that is to be resumed is complete.

        Raises:
            StorageError: a file of the run is gone.
        """
        paths = [Path(path) for paths in complete.summary["files"].values() for path in paths]
        gone = [path.name for path in paths if not path.exists()]
        if gone:
            raise StorageError(
                f"{self.output.path} lacks {', '.join(gone)} of the run; expected --overwrite"
            )
        if self.as_json:
            typer.echo(json.dumps(complete.summary))
        elif not self.quiet:
            typer.echo(f"nothing to do: the run in {self.output.path} is complete")

    def note_missing_frames(self, announced: int | None, expected: int | None, frames: int) -> None:
        """Say so where a source announced more frames than it had.

        Args:
            announced: by the source.
            expected: of them, to be tracked.
            frames: that were.
        """
        is_short = expected is not None and frames < expected
        if is_short and announced is not None and not (self.quiet or self.as_json):
            typer.echo(f"note     the source announced {announced} frames")
