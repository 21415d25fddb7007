"""The command ``crt track``."""

from __future__ import annotations

from typing import Annotated

import typer

from crt_plugin.cli.options import (
    FramesOption,
    NoVideoOption,
    OutputOption,
    ParametersOption,
    SetOption,
    ShowOption,
    load_settings,
    parse_box,
)
from crt_plugin.errors import ParameterError


def track(
    source: Annotated[
        list[str],
        typer.Argument(
            help="A video, a folder or a glob of images, an OTB sequence's folder, or a camera's "
            "number.",
            metavar="SOURCE...",
            show_default=False,
        ),
    ],
    box: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,W,H",
            help="The object in the first frame: top left corner from 0, and size, in pixels. "
            "Without it the annotation's, or with --show one drawn with the mouse.",
        ),
    ] = None,
    parameters: ParametersOption = "default",
    override: SetOption = None,
    output: OutputOption = None,
    target: Annotated[
        int | None, typer.Option(help="Which object of an OTB sequence with several.")
    ] = None,
    frames: FramesOption = None,
    lost_below: Annotated[
        float | None,
        typer.Option(
            metavar="SCORE",
            help="Mark frames whose score, 0 to 1, is below: a column in boxes.csv, dashed boxes.",
        ),
    ] = None,
    no_video: NoVideoOption = False,
    show: ShowOption = False,
) -> None:
    """Track one object; write its boxes, an annotated MP4 and a contact sheet."""
    given = parse_box(box)
    if lost_below is not None and not 0 <= lost_below <= 1:
        raise ParameterError(f"--lost-below {lost_below} is no score; expected 0 to 1")
    from crt_plugin.cli.tracking import silence_opencv, track_source
    from crt_plugin.media.sources import open_source

    silence_opencv()
    opened, params = open_source(source, target), load_settings(parameters, override)
    track_source(opened, params, given, output, frames, lost_below, not no_video, show)
