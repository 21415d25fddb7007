"""Progress of a run on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from crt_plugin.media.loop import Step


class FpsColumn(ProgressColumn):
    """Frames per second, over the last ones."""

    def render(self, task: Task) -> Text:
        """The column's text."""
        speed = task.speed or task.finished_speed
        return Text("" if speed is None else f"{speed:.1f} fps")


class ProgressBar:
    """Sink that counts frames on the standard error output."""

    def __init__(self, length: int | None) -> None:
        """Show training at once; ``length`` is the number of frames, None if unknown."""
        columns = (
            *(SpinnerColumn(), TextColumn("{task.description}"), BarColumn()),
            *(MofNCompleteColumn(), FpsColumn(), TimeRemainingColumn()),
        )
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task("training on frame 0", total=length)
        self._progress.start()

    def write(self, step: Step) -> None:
        """Count one frame."""
        self._progress.update(self._task, description="tracking", advance=1)

    def close(self) -> None:
        """Leave the last state on the terminal."""
        self._progress.stop()
