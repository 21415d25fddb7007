"""The command ``crt report``: a page of results that opens from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crt_plugin.cli.messages import warn
from crt_plugin.cli.options import split


def report(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="The folder of results, as of crt evaluate.")
    ],
    output: Annotated[Path, typer.Option(help="The page's folder; a page there is replaced.")],
    groundtruth: Annotated[
        Path | None,
        typer.Option(help="OTB's annotations, a folder or zip archive; no frames needed."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="The dataset's folder; the frames that it holds come into the player."),
    ] = None,
    dataset: Annotated[str, typer.Option(help="As of crt evaluate, but not got10k.")] = "otb",
    trackers: Annotated[
        str | None, typer.Option(help="Names with commas between; without it all in the folder.")
    ] = None,
    sequences: Annotated[
        str | None, typer.Option(help="Names with commas between; without it all with a result.")
    ] = None,
    frames_of: Annotated[
        str | None,
        typer.Option(help="Sequences whose frames are copied; without it all that are there."),
    ] = None,
    max_side: Annotated[
        int, typer.Option(min=16, help="Longest side of a copied frame, px; larger ones shrink.")
    ] = 640,
) -> None:
    """Make a page of results: curves, tables, rivals, and a player with all boxes.

    It opens from disk without a network. Needs annotations: --groundtruth, --data, or both.
    """
    import matplotlib

    matplotlib.use("Agg")  # the host imports its windows otherwise
    from crt_plugin.report.page.build import INDEX, build
    from crt_plugin.report.page.inputs import PageRequest

    request = PageRequest(
        results,
        groundtruth,
        data,
        dataset,
        _names(trackers),
        _names(sequences),
        _names(frames_of),
        max_side,
    )
    content = build(request, output, progress=True)
    for note in content.notes:
        warn(note)
    trackers_shown = _count(len(content.trackers), "tracker")
    typer.echo(f"{trackers_shown}, {_count(len(content.sequences), 'sequence')}")
    typer.echo(f"page     {output / INDEX}")


def _names(text: str | None) -> list[str] | None:
    return None if text is None else split(text)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
