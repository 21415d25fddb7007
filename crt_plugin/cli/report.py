"""The command ``crt report``: a page of results that opens from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crt_plugin.cli.options import GROUNDTRUTH, DatasetOption, TrackersOption, split_names
from crt_plugin.cli.terminal import format_count, warn


def report(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="Folder of results, as of crt evaluate.")
    ],
    output: Annotated[Path, typer.Option(help="Folder for the page; a page there is replaced.")],
    groundtruth: Annotated[Path | None, GROUNDTRUTH] = None,
    data: Annotated[
        Path | None, typer.Option(help="The dataset's folder; its frames are put into the player.")
    ] = None,
    dataset: DatasetOption = None,
    trackers: TrackersOption = None,
    sequences: Annotated[
        str | None, typer.Option(help="Names, comma-separated; by default, all with a result.")
    ] = None,
    frames_of: Annotated[
        str | None,
        typer.Option(help="Sequences whose frames are copied; by default, all that are there."),
    ] = None,
    max_side: Annotated[
        int, typer.Option(min=16, help="Longest side of a copied frame, px; larger ones shrink.")
    ] = 640,
) -> None:
    """Make a page of results: curves, tables, rivals, and a player with all boxes.

    It opens from disk without a network. Needs annotations: --groundtruth, --data, or both.
    """
    import matplotlib

    matplotlib.use("Agg")  # got10k would import windows
    from crt_plugin.report.page.build import INDEX, build
    from crt_plugin.report.page.inputs import PageRequest

    request = PageRequest(
        results,
        groundtruth,
        data,
        dataset,
        split_names(trackers),
        split_names(sequences),
        split_names(frames_of),
        max_side,
    )
    content = build(request, output, progress=True)
    for note in content.notes:
        warn(note)
    counts = len(content.trackers), len(content.sequences)
    typer.echo(", ".join(map(format_count, counts, ("tracker", "sequence"))))
    typer.echo(f"page     {output / INDEX}")
