"""Messages on the standard error output."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from crt_plugin.cli.exit_codes import INCOMPLETE


def warn(text: str) -> None:
    """Write a line in yellow."""
    typer.secho(text, fg=typer.colors.YELLOW, err=True)


def fail(lines: Iterable[str]) -> None:
    """Say what went wrong, if anything, and leave with ``INCOMPLETE``."""
    lines = list(lines)
    for line in lines:
        typer.secho(line, fg=typer.colors.RED, err=True)
    if lines:
        raise typer.Exit(INCOMPLETE)
