"""What ``crt track`` and ``crt demo`` do after reading their options."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import typer

from crt_plugin.algorithm.geometry import Box
from crt_plugin.benchmark.agreement import RunSummary
from crt_plugin.cli.output_folder import (
    SHEET,
    VIDEO,
    CompleteRun,
    EarlierFiles,
    File,
    OutputFolder,
)
from crt_plugin.cli.summary import SummaryPrinter
from crt_plugin.cli.terminal import INTERRUPTED, warn
from crt_plugin.errors import BoxError, CRTError, ParameterError, SourceError
from crt_plugin.media.annotations import Annotations
from crt_plugin.media.box_files import BoxFile
from crt_plugin.media.checkpoint import (
    Checkpoint,
    ResumingTracker,
    describe_run,
    read_asked_starts,
    require_same_run,
)
from crt_plugin.media.coco import CocoFile
from crt_plugin.media.display import DisplayWindow, require_display
from crt_plugin.media.drawing import ContactSheet
from crt_plugin.media.frame import Frame
from crt_plugin.media.loop import Sink, Step, track_frames
from crt_plugin.media.selection import Selection, describe_moment
from crt_plugin.media.sources import Source
from crt_plugin.media.starts import (
    EXPECTED_BOX,
    Id,
    Start,
    Starts,
    UnreachedStartError,
    check_starts,
)
from crt_plugin.media.writer import VideoFile, require_av
from crt_plugin.parameters import Parameters
from crt_plugin.plus.multi_tracker import MultiTracker
from crt_plugin.runtime.atomic import claim_folder, make_folder
from crt_plugin.runtime.image import as_box
from crt_plugin.runtime.prefetch import prefetch
from crt_plugin.runtime.progress import ProgressBar

TINY = 3.0  # px; boxes of smaller sides look like fractions of the frame


def silence_opencv() -> None:
    """Keep OpenCV's messages about damaged files off the terminal: our errors report them."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # The name in OpenCV 4, and in OpenCV 5.
    set_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    set_level(0)  # silent


@dataclass(frozen=True)
class Request:
    """What is asked for, beside the source and the settings.

    Attributes:
        starts: where objects begin; empty: where the annotation does.
        is_normalised: boxes are in fractions of the first tracked frame's width and height.
        output: folder of the files; None: ``output/<source name>``.
        overwrite: replace the files of an earlier run.
        resume: go on with an earlier run, if there is one that did not end.
        selection: frames that are tracked.
        limit: most frames that are tracked; None: all.
        formats: names of ``media.box_files.FORMATS``, or "coco", that are written beside boxes.csv.
        lost_below: frames with a lower score are marked as lost; None: none are.
        with_video: write an MP4 too.
        show: open a display window, in which missing boxes can be drawn.
        quiet: show no progress and print no summary, but that of ``as_json``.
        as_json: print the summary as a JSON object, and nothing else.
    """

    starts: Sequence[Start] = ()
    is_normalised: bool = False
    output: Path | None = None
    overwrite: bool = False
    resume: bool = False
    selection: Selection = field(default_factory=Selection)
    limit: int | None = None
    formats: Sequence[str] = ()
    lost_below: float | None = None
    with_video: bool = True
    show: bool = False
    quiet: bool = False
    as_json: bool = False


def track_source(source: Source, params: Parameters, request: Request) -> None:
    """Track, write and print a summary. What can be refused is refused before a file is made.

    Raises:
        CRTError: what the source, the tracker or a file raises.
        Exit: with ``INTERRUPTED``, after Ctrl-C.
    """
    _require_means(source, request)
    output = _choose_output(source, request)
    printer = SummaryPrinter(output, request.lost_below, request.quiet, request.as_json)
    earlier = output.find_earlier_run(request.resume, request.overwrite)
    opened = source.read()
    with closing(opened if source.is_live else prefetch(opened)) as frames:
        selected = request.selection.select(frames)
        first = _read_first(source, selected, request.selection)
        window = DisplayWindow(source.annotations) if request.show else None
        kept = [] if earlier is None else read_asked_starts(earlier.run)
        asked = _choose_starts(source, request, first, kept, window)
        run = describe_run(
            source, first, asked, request.selection, params, output.files, request.lost_below
        )
        extent = {"end": request.selection.end, "frames": request.limit, "length": source.length}
        if isinstance(earlier, CompleteRun):
            require_same_run(earlier.run, run | extent)
            printer.print_nothing_to_do(earlier)
            return
        if earlier is not None:
            require_same_run(earlier.run, run)
        tracker = MultiTracker(params)
        checkpoint = Checkpoint(output.checkpoint, tracker, run, earlier)
        length = request.selection.count(source.length, source.fps, request.limit)
        record = RunSummary(source.annotations, 0 if earlier is None else len(earlier.scores))
        title = f"training on frame {first.index}"
        bar = ProgressBar(length, title, counts_frames=True, is_shown=not request.quiet)
        sinks: list[Sink] = [] if source.is_live else [checkpoint]
        sinks += [EarlierFiles(output.find_stale() if request.overwrite else []), record]
        sinks += [*output.files.values(), *([] if window is None else [window]), bar]
        running = tracker if earlier is None else ResumingTracker(tracker, earlier)

        def revise(step: Step) -> dict[Id, Box]:
            is_repeated = isinstance(running, ResumingTracker) and running.is_repeating
            return {} if window is None or is_repeated else window.revise(step)

        make_folder(output.path)
        with claim_folder(output.path):
            output.complete_run.unlink(missing_ok=True)
            starts = Starts(asked, [] if earlier is None else earlier.given)
            images = itertools.islice(itertools.chain([first], selected), request.limit)
            with _keep_unfinished(checkpoint, record, printer):
                track_frames(images, running, starts, sinks, request.lost_below or 0.0, revise)
            summary = printer.collect(record, is_complete=True)
            CompleteRun(run | extent, summary).save(output.complete_run)
            checkpoint.remove()
    printer.print_run(record, is_complete=True)
    if not request.show:
        printer.note_missing_frames(source.length, length, record.frames)


def _require_means(source: Source, request: Request) -> None:
    """Check that what is asked for can be done here.

    Raises:
        MissingExtraError: a package is missing.
        ParameterError: there is no display, or the source cannot be resumed.
    """
    if request.with_video:
        require_av()
    if request.show:
        require_display()
    if request.resume and source.is_live:
        raise ParameterError(
            f"{source.name} cannot be resumed; expected a source that can be read again"
        )


def _read_first(source: Source, selected: Iterator[Frame], selection: Selection) -> Frame:
    """The first frame that is tracked.

    Raises:
        SourceError: there is none.
    """
    first = next(selected, None)
    if first is None:
        where = describe_moment(selection.start)
        wanted = f"frame at or after {where}" if isinstance(selection.start, float) else where
        count = "" if source.length is None else f", but {source.length} frames"
        raise SourceError(f"{source.name} has no {wanted}{count}")
    return first


@contextmanager
def _keep_unfinished(
    checkpoint: Checkpoint, record: RunSummary, printer: SummaryPrinter
) -> Iterator[None]:
    """Keep what a run has tracked that ends early, and say so.

    Raises:
        Exit: with ``INTERRUPTED``, after Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        if record.frames:
            printer.print_run(record, is_complete=False)
        checkpoint.save()
        warn(f"interrupted: {printer.output.describe_kept(record.frames)}")
        raise typer.Exit(INTERRUPTED) from error
    except (CRTError, OSError) as error:
        has_ended = isinstance(error, UnreachedStartError)  # to go on would not help
        if record.frames and not has_ended:
            checkpoint.save()
        if record.frames and printer.as_json:
            printer.print_run(record, is_complete=False)
        if has_ended:
            checkpoint.remove()
        warn(printer.output.describe_kept(record.frames))
        raise


def _choose_output(source: Source, request: Request) -> OutputFolder:
    """Where the run is written, and what."""
    folder = Path("output") / source.name if request.output is None else request.output
    files: dict[str, File] = {}
    for kind in dict.fromkeys(["csv", *request.formats]):
        # Objects may be added in the window.
        has_lost, has_id = request.lost_below is not None, request.show
        files[kind] = (
            CocoFile(folder) if kind == "coco" else BoxFile(folder, kind, has_lost, has_id)
        )
    if request.with_video:
        fps = source.fps / request.selection.every
        files["video"] = VideoFile(folder / VIDEO, fps, source.annotations, source.sound)
    files["sheet"] = ContactSheet(folder / SHEET, source.name, source.annotations)
    return OutputFolder(folder, files)


def _choose_starts(
    source: Source,
    request: Request,
    first: Frame,
    kept: list[Start],
    window: DisplayWindow | None,
) -> list[Start]:
    """Where the objects begin: as the user says, or the annotation, or a run that is resumed, or
    what is drawn.
    """
    height, width = first.picture.shape[:2]
    size = (width, height, width, height) if request.is_normalised else (1, 1, 1, 1)
    chosen = [start._replace(box=np.multiply(start.box, size)) for start in request.starts]
    if not chosen:
        chosen = _find_annotated_starts(source.annotations, first, request.selection)
    chosen = chosen or kept
    if not chosen and window is not None:
        drawn = window.draw_boxes(first.picture)
        chosen = [Start(id, None, box) for id, box in enumerate(drawn, start=1)]
    if not chosen:
        which = f"frame {first.index}" if first.index else "its first frame"
        raise BoxError(
            f"which object? {source.name} has no annotation of {which}; "
            f"expected --box {EXPECTED_BOX}; or --show, to draw it with the mouse"
        )
    length = source.length if source.is_length_exact else None
    check_starts(chosen, first, request.selection, request.limit, length)
    starts = [start._replace(box=as_box(start.box, height, width)) for start in chosen]
    for _, _, box in starts:
        if request.starts and max(box[2:]) < TINY:
            warn(
                f"warning: a box of {box[2]:g} x {box[3]:g} px is tiny; "
                "if its numbers are fractions of the frame, add --normalised"
            )
    return starts


def _find_annotated_starts(
    annotations: Annotations, first: Frame, selection: Selection
) -> list[Start]:
    """The first annotated frame of each object that is tracked; none, unless all have one."""
    starts = []
    for id, truth in annotations.items():
        frames = [f for f in sorted(truth) if f >= first.index]
        tracked = [f for f in frames if (f - first.index) % selection.every == 0]
        starts += [Start(id, f, truth[f]) for f in tracked[:1]]
    return starts if len(starts) == len(annotations) else []
