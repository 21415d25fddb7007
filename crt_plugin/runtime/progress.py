"""Progress bars on the terminal."""

from __future__ import annotations

import os
from importlib.util import find_spec

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

from crt_plugin.runtime.environment import KERNEL


class FpsColumn(ProgressColumn):
    """Frames per second, averaged over the last ones."""

    def render(self, task: Task) -> Text:
        """The column's text."""
        speed = task.speed or task.finished_speed
        return Text("" if speed is None else f"{speed:.1f} fps")


class ProgressBar:
    """One bar on standard error; as a sink of tracking it counts frames."""

    def __init__(
        self,
        total: int | None = None,
        description: str = "",
        *,
        counts_frames: bool = False,
        is_shown: bool = True,
        is_transient: bool = False,
    ) -> None:
        """Show the bar.

        Args:
            total: number of steps; None if unknown.
            description: text before the bar.
            counts_frames: show frames per second.
            is_shown: False shows nothing.
            is_transient: remove the bar at the end; it is not shown but on a terminal.
        """
        console = open_console()
        self._progress = Progress(
            *(SpinnerColumn(), TextColumn("{task.description}"), BarColumn()),
            *(MofNCompleteColumn(), *([FpsColumn()] * counts_frames), TimeRemainingColumn()),
            console=console,
            disable=not is_shown or (is_transient and not console.is_terminal),
            transient=is_transient,
        )
        self._task = self._progress.add_task(description, total=total)
        self._progress.start()

    def describe(self, description: str) -> None:
        """Change the text before the bar."""
        self._progress.update(self._task, description=description)

    def advance(self) -> None:
        """Count one step."""
        self._progress.advance(self._task)

    def move_to(self, completed: int, total: int | None = None) -> None:
        """Set the number of completed steps, and the total if it is known only now."""
        self._progress.update(self._task, completed=completed, total=total)

    def write(self, step: object) -> None:
        """Count one tracked frame."""
        self._progress.update(self._task, description="tracking", advance=1)

    def close(self) -> None:
        """Stop; the last state stays on the terminal unless it is transient."""
        self._progress.stop()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_console() -> Console:
    """Standard error; in a notebook that rich draws no bars in, like a file, without codes.

    A command that a cell runs (``!crt track``) sees a terminal, which the notebook is not.
    """
    console = Console(stderr=True)
    is_of_cell = not console.is_jupyter and KERNEL in os.environ
    if is_of_cell or (console.is_jupyter and find_spec("ipywidgets") is None):
        return Console(stderr=True, force_jupyter=False, force_terminal=False)
    return console
