"""What ``crt track`` and ``crt demo`` do after reading their options."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import typer

from crt_plugin.algorithm.geometry import Box
from crt_plugin.benchmark.agreement import PRECISION_PIXELS, RunSummary
from crt_plugin.cli.options import EXPECTED_BOX
from crt_plugin.cli.terminal import INTERRUPTED, warn
from crt_plugin.errors import BoxError, CRTError, SourceError
from crt_plugin.media.display import DisplayWindow, require_display, select_box
from crt_plugin.media.drawing import ContactSheet
from crt_plugin.media.loop import Sink, track_frames
from crt_plugin.media.sources import Frame, Source
from crt_plugin.media.writer import BoxFile, VideoFile, require_av
from crt_plugin.parameters import Parameters
from crt_plugin.plus.tracker import CRTTracker
from crt_plugin.runtime.atomic import make_folder, sweep
from crt_plugin.runtime.image import as_box
from crt_plugin.runtime.prefetch import prefetch
from crt_plugin.runtime.progress import ProgressBar

Files = dict[str, BoxFile | VideoFile | ContactSheet]


def silence_opencv() -> None:
    """Keep OpenCV's messages about damaged files off the terminal: our errors report them."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # The name in OpenCV 4, and in OpenCV 5.
    set_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    set_level(0)  # silent


def track_source(
    source: Source,
    params: Parameters,
    box: Sequence[float] | None,
    output: Path | None,
    limit: int | None,
    lost_below: float | None,
    with_video: bool,
    show: bool,
    quiet: bool,
) -> None:
    """Track, write and print a summary. What can be refused is refused before a file is made.

    Args:
        source: its annotation gives the first box if ``box`` is None.
        box: (x, y, w, h) in the first frame, px.
        output: folder of the files; None: ``output/<source name>``.
        limit: number of frames; None: all.
        lost_below: frames with a lower score are marked as lost; None: none are.
        with_video: write an MP4 too.
        show: open a display window, in which a missing box can be drawn.
        quiet: show no progress and print no summary.

    Raises:
        CRTError: what the source, the tracker or a file raises.
        Exit: with ``INTERRUPTED``, after Ctrl-C.
    """
    if with_video:
        require_av()
    if show:
        require_display()
    opened, truth = source.frames(), source.truth
    with closing(opened if source.is_live else prefetch(opened)) as frames:
        first = next(frames, None)
        if first is None:
            raise SourceError(f"{source.name} has no frames")
        start = _choose_box(source, box, first, show)
        tracker = CRTTracker(params)
        folder = Path("output") / source.name if output is None else output
        make_folder(folder)
        sweep(folder)  # a video left by a killed process
        files: Files = {"boxes": BoxFile(folder / "boxes.csv", lost_below is not None)}
        if with_video:
            files["video"] = VideoFile(folder / "tracked.mp4", source.fps, truth)
        files["sheet"] = ContactSheet(folder / "contact_sheet.png", source.name, truth)
        length = min((n for n in (limit, source.length) if n is not None), default=None)
        record = RunSummary(truth)
        bar = ProgressBar(length, "training on frame 0", counts_frames=True, is_shown=not quiet)
        shown = [DisplayWindow(truth)] if show else []
        sinks: list[Sink] = [record, *files.values(), *shown, bar]
        images = itertools.islice(itertools.chain([first], frames), limit)
        try:
            track_frames(images, tracker, start, sinks, lost_below or 0.0)
        except KeyboardInterrupt as error:
            if record.frames and not quiet:
                _print_summary(record, lost_below, files)
            warn(f"interrupted: {_describe_kept(record, folder)}")
            raise typer.Exit(INTERRUPTED) from error
        except (CRTError, OSError):
            warn(_describe_kept(record, folder))
            raise
    if quiet:
        return
    _print_summary(record, lost_below, files)
    if length is not None and record.frames < length and not show:
        typer.echo(f"note     the source announced {length} frames")


def _choose_box(source: Source, box: Sequence[float] | None, first: Frame, show: bool) -> Box:
    """The object's box in the first frame: the user's, the annotation's, or one drawn now."""
    chosen: Any = source.truth.get(0) if box is None else box
    if chosen is None and show:
        chosen = select_box(first)
    if chosen is None:
        raise BoxError(
            f"which object? {source.name} has no annotation of its first frame; "
            f"expected --box {EXPECTED_BOX}; or --show, to draw it with the mouse"
        )
    return as_box(chosen, *first.shape[:2])


def _print_summary(record: RunSummary, lost_below: float | None, files: Files) -> None:
    speed = "" if record.fps is None else f", {record.fps:.2f} fps (tracker alone)"
    typer.echo(f"frames   {record.frames}{speed}")
    if lost_below is not None:
        typer.echo(f"lost     {record.lost} frames with a score below {lost_below:g}")
    agreement = record.comparison
    if agreement is not None:
        typer.echo(f"mean IoU {agreement.mean_iou:.3f} over {agreement.frames} annotated frames")
        typer.echo(f"centre   within {PRECISION_PIXELS:g} px in {agreement.precision:.1%} of them")
    for name, file in files.items():
        typer.echo(f"{name:9}{file.path}")


def _describe_kept(record: RunSummary, folder: Path) -> str:
    if not record.frames:
        return "no frame was tracked, nothing was written"
    return f"{record.frames} tracked frames are kept in {folder}"
