"""What commands write to the terminal, and the exit codes that they leave with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import typer
from rich.table import Table

# Exit codes of ``crt``; 0 is success.
WRONG_INPUT = 2  # refused, or failed on purpose; typer's own code for wrong options
INCOMPLETE = 1  # a sequence or file could not be used, or the installation lacks something
INTERRUPTED = 130  # Ctrl-C, as shells have it


def warn(text: str) -> None:
    """Write a line in yellow on the standard error output."""
    typer.secho(text, fg=typer.colors.YELLOW, err=True)


def fail(lines: Iterable[str]) -> None:
    """Write what went wrong on the standard error output; if anything did, exit ``INCOMPLETE``."""
    lines = list(lines)
    for line in lines:
        typer.secho(line, fg=typer.colors.RED, err=True)
    if lines:
        raise typer.Exit(INCOMPLETE)


def format_count(number: int, noun: str) -> str:
    """A number and its noun, such as "1 tracker" or "2 trackers"."""
    return f"{number} {noun}{'s' * (number != 1)}"


def make_table(*columns: str, **options: Any) -> Table:
    """A table of columns without lines between them."""
    return Table(*columns, box=None, padding=(0, 2, 0, 0), **options)
