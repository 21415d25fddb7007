"""The commands ``crt track`` and ``crt demo``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from crt_plugin.cli.options import ParametersOption
from crt_plugin.errors import BoxError, ParameterError
from crt_plugin.parameters import Parameters, load_parameters

SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Override a setting; may be repeated."),
]
DeviceOption = Annotated[
    str | None,
    typer.Option(help="auto, cpu, cuda or cuda:N; by default, the parameter file's (auto)."),
]
OutputOption = Annotated[
    Path | None, typer.Option(help="Folder for the results; by default, output/<source name>.")
]
FramesOption = Annotated[int | None, typer.Option(min=1, help="Stop after this many frames.")]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace the files of an earlier run.")
]
ResumeOption = Annotated[
    bool,
    typer.Option("--resume", help="Go on with an interrupted run of the same command."),
]
NoVideoOption = Annotated[bool, typer.Option("--no-video", help="Do not write an MP4.")]
ShowOption = Annotated[
    bool,
    typer.Option(
        "--show", help="Show a window, in which boxes can be drawn; a line in it names the keys."
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but warnings and errors.")
]


class FormatName(str, Enum):
    """The keys of ``media.box_files.FORMATS``, and of ``media.coco``, as choices."""

    CSV = "csv"
    JSONL = "jsonl"
    MOT = "mot"
    OTB = "otb"
    COCO = "coco"


def track(
    source: Annotated[
        list[str],
        typer.Argument(
            help="A video, a folder or a glob of images, the folder of a sequence of OTB, VOT, "
            "GOT-10k, LaSOT, UAV123 or your own, or the number of a camera.",
            metavar="SOURCE...",
            show_default=False,
        ),
    ],
    box: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[ID[@FRAME|TIME]=]X,Y,W,H",
            help="An object: top left corner (counted from 0) and size, in pixels; in the first "
            "frame, or with @ in a later one. Repeated for several objects, or for a new box of "
            "one. By default, the annotation's box, or with --show those drawn with the mouse.",
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The objects: CSV with a header x,y,w,h and perhaps id and frame, or JSON "
            '{"id": [x, y, w, h]}.',
        ),
    ] = None,
    normalised: Annotated[
        bool,
        typer.Option(
            "--normalised", help="Boxes are in fractions of the frame's width and height."
        ),
    ] = False,
    parameters: ParametersOption = "light",
    override: SetOption = None,
    device: DeviceOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    resume: ResumeOption = False,
    target: Annotated[
        list[int] | None,
        typer.Option(help="Which target of a sequence that has several; repeated for more."),
    ] = None,
    start: Annotated[
        str,
        typer.Option(
            metavar="FRAME|TIME",
            help="Start here: a frame, counted from 0, or a time such as 12.5s or 1:30 "
            "(images count as 25 a second). Boxes are then those of this frame.",
        ),
    ] = "0",
    end: Annotated[
        str | None, typer.Option(metavar="FRAME|TIME", help="Stop before this frame or time.")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Track every n-th frame.")] = 1,
    frames: FramesOption = None,
    formats: Annotated[
        list[FormatName] | None,
        typer.Option(
            "--format",
            help="Write the boxes in this format too, beside boxes.csv; may be repeated.",
        ),
    ] = None,
    lost_below: Annotated[
        float | None,
        typer.Option(
            metavar="SCORE",
            help="Mark frames with a lower score, 0 to 1: a column in boxes.csv, dashed boxes.",
        ),
    ] = None,
    no_video: NoVideoOption = False,
    show: ShowOption = False,
    quiet: QuietOption = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as one JSON object, for scripts.")
    ] = False,
) -> None:
    """Track objects; write their boxes, an annotated MP4 and a contact sheet."""
    from crt_plugin.media.starts import parse_starts, read_starts

    if box and boxes is not None:
        raise ParameterError("--box with --boxes; expected one of them")
    starts = parse_starts(box or ()) if boxes is None else read_starts(boxes)
    fractions = [number for start in starts for number in start.box]
    if normalised and not (fractions and all(0 <= number <= 1 for number in fractions)):
        given = ", ".join(str(start.box) for start in starts)
        raise BoxError(
            f"--normalised with {given or 'no boxes'}; expected X,Y,W,H in "
            "fractions of the frame's width and height, 0 to 1"
        )
    if resume and overwrite:
        raise ParameterError("--resume with --overwrite; expected one of them")
    if lost_below is not None and not 0 <= lost_below <= 1:
        raise ParameterError(f"--lost-below {lost_below} is not a score; expected 0 to 1")
    from crt_plugin.cli.tracking import Request, silence_opencv, track_source
    from crt_plugin.media.selection import Selection, parse_moment
    from crt_plugin.media.sources import open_source

    silence_opencv()
    opened, params = open_source(source, target or ()), load_settings(parameters, override, device)
    request = Request(
        starts=starts,
        is_normalised=normalised,
        output=output,
        overwrite=overwrite,
        resume=resume,
        selection=Selection(
            parse_moment("--start", start),
            None if end is None else parse_moment("--end", end),
            every,
        ),
        limit=frames,
        formats=[name.value for name in formats or []],
        lost_below=lost_below,
        with_video=not no_video,
        show=show,
        quiet=quiet,
        as_json=as_json,
    )
    track_source(opened, params, request)


def demo(
    parameters: ParametersOption = "light",
    override: SetOption = None,
    device: DeviceOption = None,
    output: OutputOption = None,
    resume: ResumeOption = False,
    frames: FramesOption = None,
    no_video: NoVideoOption = False,
    show: ShowOption = False,
    quiet: QuietOption = False,
) -> None:
    """Track a rabbit's head in a packaged clip, and compare with its annotation.

    An earlier demo's files are replaced.
    """
    from crt_plugin.cli.tracking import Request, silence_opencv, track_source
    from crt_plugin.media.demo_clip import SUBJECT, open_clip

    silence_opencv()
    opened = open_clip()
    if not quiet:
        typer.echo(f"tracking {SUBJECT}")
    params = load_settings(parameters, override, device)
    request = Request(
        output=output,
        overwrite=not resume,
        resume=resume,
        limit=frames,
        with_video=not no_video,
        show=show,
        quiet=quiet,
    )
    track_source(opened, params, request)


def load_settings(name: str, overrides: list[str] | None, device: str | None = None) -> Parameters:
    """The named parameters with each ``NAME=VALUE``, and then the device, applied.

    Raises:
        ParameterError: no such file or setting, or a value that the setting does not take.
    """
    params, changes = load_parameters(name), {}
    for text in overrides or []:
        setting, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"--set {text!r} sets nothing; expected NAME=VALUE")
        changes[setting] = params.parse(setting, value)
    if device is not None:
        changes["device"] = device
    return params.copy(**changes)
