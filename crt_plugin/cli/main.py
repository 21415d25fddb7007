"""The command line: ``crt track`` and ``crt demo``; the other commands are in ``cli_*.py``."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from typer.core import TyperGroup

from crt_plugin.algorithm.geometry import Box
from crt_plugin.algorithm.tracker import CRTTracker
from crt_plugin.cli import attach, bench, evaluate, info, paper, report, vot
from crt_plugin.cli.exit_codes import INTERRUPTED, WRONG_INPUT
from crt_plugin.cli.options import EXPECTED_BOX, parse_box
from crt_plugin.errors import BoxError, CRTError, ParameterError, SourceError
from crt_plugin.media.annotations import PRECISION_PIXELS
from crt_plugin.media.clips import CLIPS, open_clip
from crt_plugin.media.drawing import ContactSheet
from crt_plugin.media.loop import Sink, run
from crt_plugin.media.sources import Source, open_source
from crt_plugin.media.summary import Record
from crt_plugin.media.window import Window, draw_box, require_window
from crt_plugin.media.writer import BoxFile, VideoFile, require_av
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.runtime.image import as_box
from crt_plugin.runtime.prefetch import prefetch
from crt_plugin.runtime.progress import ProgressBar

SILENT = 0  # OpenCV's log level


class Commands(TyperGroup):
    """The commands; what goes wrong on purpose becomes one line, not a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Raises:
            Exit: with ``WRONG_INPUT`` or ``INTERRUPTED``.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader of a pipe is gone, which typer passes over
            raise
        except (CRTError, OSError) as error:
            line = " ".join(str(error).split())
            typer.secho(f"error: {line}", fg=typer.colors.RED, err=True)
            raise typer.Exit(WRONG_INPUT) from error
        except KeyboardInterrupt as error:
            typer.secho("interrupted", fg=typer.colors.YELLOW, err=True)
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    help="Track an object with convolutional regression (arXiv 1611.04215).",
)

ParametersOption = Annotated[
    str, typer.Option(help="A parameter file: its name, or a path that ends in .py.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Override a setting; may be repeated."),
]
OutputOption = Annotated[
    Path | None, typer.Option(help="Folder of the results; without it output/<source name>.")
]
FramesOption = Annotated[int | None, typer.Option(min=1, help="Stop after so many frames.")]
LostOption = Annotated[
    float | None,
    typer.Option(
        metavar="SCORE",
        help="Mark frames whose score, 0 to 1, is below: a column in boxes.csv, dashed boxes.",
    ),
]
NoVideoOption = Annotated[bool, typer.Option("--no-video", help="Write no MP4.")]
ShowOption = Annotated[bool, typer.Option("--show", help="Show it in a window; q or Esc ends.")]


class ClipName(str, Enum):
    """The keys of ``CLIPS``, as choices."""

    RABBIT = "rabbit"
    CARPHONE = "carphone"


@app.command()
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
        str | None,
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
    lost_below: LostOption = None,
    no_video: NoVideoOption = False,
    show: ShowOption = False,
) -> None:
    """Track one object; write its boxes, an annotated MP4 and a contact sheet."""
    _quiet_opencv()
    if lost_below is not None and not 0 <= lost_below <= 1:
        raise ParameterError(f"--lost-below {lost_below} is no score; expected 0 to 1")
    opened, params = open_source(source, target), _settings(parameters, override)
    task = _Task(opened, params, box, output, frames, not no_video, show, lost_below)
    _carry_out(task)


@app.command()
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
    _quiet_opencv()
    opened = open_clip(CLIPS[clip.value])
    typer.echo(f"tracking {CLIPS[clip.value].subject}")
    task = _Task(opened, _settings(parameters, override), None, output, frames, not no_video, show)
    _carry_out(task)


app.command()(info.parameters)
app.command()(info.doctor)
app.command()(bench.bench)
app.command()(evaluate.evaluate)
app.command()(evaluate.trackers)
app.add_typer(evaluate.results, name="results")
app.command()(paper.paper)
app.command()(report.report)
app.command()(attach.attach)
app.add_typer(vot.app, name="vot")


@dataclass(frozen=True)
class _Task:
    """What one call of ``track`` or ``demo`` is to do."""

    source: Source
    params: Parameters
    box: str | None
    output: Path | None
    frames: int | None
    video: bool
    show: bool
    lost_below: float | None = None

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return Path("output") / self.source.name if self.output is None else self.output

    @property
    def length(self) -> int | None:
        """Number of frames to come, None if unknown."""
        known = [n for n in (self.frames, self.source.length) if n is not None]
        return min(known, default=None)


def _carry_out(task: _Task) -> None:
    """Track, write, report. Whatever can be refused is refused before a file is made."""
    if task.video:
        require_av()
    if task.show:
        require_window()
    opened = task.source.frames()
    frames = opened if task.source.is_live else prefetch(opened)
    with contextlib.closing(frames):
        _track(task, frames)


def _track(task: _Task, frames: Iterator[NDArray[np.uint8]]) -> None:
    first = next(frames, None)
    if first is None:
        raise SourceError(f"{task.source.name} has no frames")
    box = _first_box(task, first)
    tracker = CRTTracker(task.params)
    task.folder.mkdir(parents=True, exist_ok=True)
    record = Record(task.source.truth)
    try:
        run(
            itertools.islice(itertools.chain([first], frames), task.frames),
            tracker,
            box,
            [record, *_sinks(task)],
            task.lost_below or 0.0,
        )
    except KeyboardInterrupt as error:
        if record.frames:
            _report(task, record)
        typer.secho(f"interrupted: {_kept(record, task.folder)}", fg=typer.colors.YELLOW, err=True)
        raise typer.Exit(INTERRUPTED) from error
    except (CRTError, OSError):
        typer.secho(_kept(record, task.folder), fg=typer.colors.YELLOW, err=True)
        raise
    _report(task, record)
    if task.length is not None and record.frames < task.length and not task.show:
        typer.echo(f"note     the source announced {task.length} frames")


def _sinks(task: _Task) -> list[Sink]:
    truth, folder = task.source.truth, task.folder
    sinks: list[Sink] = [
        BoxFile(folder / "boxes.csv", task.lost_below is not None),
        ContactSheet(folder / "contact_sheet.png", task.source.name, truth),
    ]
    if task.video:
        sinks.append(VideoFile(folder / "tracked.mp4", task.source.fps, truth))
    if task.show:
        sinks.append(Window(truth))
    return [*sinks, ProgressBar(task.length)]


def _report(task: _Task, record: Record) -> None:
    speed = "" if record.fps is None else f", {record.fps:.2f} fps (tracker alone)"
    typer.echo(f"frames   {record.frames}{speed}")
    if task.lost_below is not None:
        typer.echo(f"lost     {record.lost} frames, of a score below {task.lost_below:g}")
    agreement = record.comparison
    if agreement is not None:
        typer.echo(f"mean IoU {agreement.mean_iou:.3f} over {agreement.frames} annotated frames")
        typer.echo(f"centre   within {PRECISION_PIXELS:g} px in {agreement.precision:.1%} of them")
    typer.echo(f"boxes    {task.folder / 'boxes.csv'}")
    if task.video:
        typer.echo(f"video    {task.folder / 'tracked.mp4'}")
    typer.echo(f"sheet    {task.folder / 'contact_sheet.png'}")


def _kept(record: Record, folder: Path) -> str:
    if not record.frames:
        return "no frame was tracked, nothing is written"
    return f"{record.frames} tracked frames are kept in {folder}"


def _first_box(task: _Task, first: NDArray[np.uint8]) -> Box:
    """The object's box in the first frame: given, annotated, or drawn, in this order."""
    if task.box is not None:
        box = parse_box(task.box)
    elif 0 in task.source.truth:
        box = task.source.truth[0]
    elif task.show:
        box = draw_box(first)
    else:
        raise BoxError(
            f"which object? {task.source.name} has no annotation of its first frame; "
            f"expected --box {EXPECTED_BOX}; or --show, to draw it with the mouse"
        )
    return as_box(box, *first.shape[:2])


def _settings(name: str, overrides: list[str] | None) -> Parameters:
    """The named parameters with ``NAME=VALUE`` applied."""
    params = load_parameters(name)
    for text in overrides or []:
        setting, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"--set {text!r} sets nothing; expected NAME=VALUE")
        kind = type(params.get(setting))
        try:
            typed = kind(value)
        except ValueError as error:
            raise ParameterError(
                f"--set {text!r}: {value!r} is not a value of type {kind.__name__}"
            ) from error
        setattr(params, setting, typed)
    return params


def _quiet_opencv() -> None:
    """Keep OpenCV's own complaints about damaged files off the terminal: errors say them."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # OpenCV 4 has the one name, OpenCV 5 the other.
    set_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    set_level(SILENT)
