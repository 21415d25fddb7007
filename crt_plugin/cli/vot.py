"""The commands for the VOT toolkit: ``crt vot workspace``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crt_plugin.cli.messages import warn
from crt_plugin.cli.options import split
from crt_plugin.runtime.progress import ProgressBar

if TYPE_CHECKING:
    from crt_plugin.hosts.vot.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Evaluate with the VOT toolkit.")


@app.callback()
def vot() -> None:
    """Evaluate with the VOT toolkit (extra vot)."""


@app.command()
def workspace(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to; a new or an empty folder.")
    ],
    data: Annotated[
        list[Path],
        typer.Option(
            metavar="SEQUENCES",
            help="A sequence or a folder of sequences, of VOT or of OTB; may be repeated.",
        ),
    ],
    stack: Annotated[
        str,
        typer.Option(
            metavar="STACK",
            help="short (ours), one of the toolkit's, such as vot2018/shortterm (resets) or "
            "vot2022/shorttermbox (anchors), or the path of a .yaml file.",
        ),
    ] = "short",
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Parameter files, names or paths with commas between; may be repeated. "
            "Without it the file default.",
        ),
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=2, help="Keep this many frames of each sequence.")
    ] = None,
    sequences: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only these, with commas between; may be repeated."),
    ] = None,
) -> None:
    """Write a workspace that the VOT toolkit can evaluate without a network."""
    from crt_plugin.hosts.vot.workspace import write_workspace

    with ProgressBar(description="linking frames", is_transient=True) as bar:
        written = write_workspace(
            folder,
            data,
            stack,
            _split(parameters) or ["default"],
            _split(sequences),
            frames,
            bar.move_to,
        )
    _report(written)


def _split(texts: Sequence[str] | None) -> list[str]:
    return [part for text in texts or [] for part in split(text)]


def _report(written: Workspace) -> None:
    """What was written, and the commands that come next."""
    count = sum(len(sequence.frames) for sequence in written.sequences)
    trackers = " ".join(written.trackers)
    typer.echo(f"workspace {written.folder}: {len(written.sequences)} sequences, {count} frames")
    for warning in written.warnings:
        warn(f"warning: {warning}")
    typer.echo(f'next      vot evaluate --workspace "{written.folder}" {trackers}')
    typer.echo(f'then      vot analysis --workspace "{written.folder}" {trackers}')
    typer.echo("vot exits with 0 after errors too: read what it prints")
