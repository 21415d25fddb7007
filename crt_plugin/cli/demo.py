"""The command ``crt demo``."""

from __future__ import annotations

from enum import Enum
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
)


class ClipName(str, Enum):
    """The keys of ``media.clips.CLIPS``, as choices."""

    RABBIT = "rabbit"
    CARPHONE = "carphone"


def demo(
    clip: Annotated[ClipName, typer.Option(help="Which clip.")] = ClipName.RABBIT,
    parameters: ParametersOption = "default",
    override: SetOption = None,
    output: OutputOption = None,
    frames: FramesOption = None,
    no_video: NoVideoOption = False,
    show: ShowOption = False,
) -> None:
    """Track the head of a rabbit, or a man's face, in a real clip, and compare with annotations."""
    from crt_plugin.cli.tracking import silence_opencv, track_source
    from crt_plugin.media.clips import CLIPS, open_clip

    silence_opencv()
    opened = open_clip(CLIPS[clip.value])
    typer.echo(f"tracking {CLIPS[clip.value].subject}")
    params = load_settings(parameters, override)
    track_source(opened, params, None, output, frames, None, not no_video, show)
