"""What ``crt track`` and ``crt demo`` do after reading their options."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import typer

from crt_plugin.algorithm.geometry import Box
from crt_plugin.benchmark.agreement import PRECISION_PIXELS, RunSummary
from crt_plugin.cli.terminal import INTERRUPTED, warn
from crt_plugin.errors import BoxError, CRTError, ParameterError, SourceError, StorageError
from crt_plugin.media.box_files import BoxFile
from crt_plugin.media.checkpoint import Checkpoint, Progress, ResumingTracker, describe_run
from crt_plugin.media.coco import CocoFile
from crt_plugin.media.display import DisplayWindow, require_display, select_boxes
from crt_plugin.media.drawing import ContactSheet
from crt_plugin.media.first_boxes import EXPECTED_BOX
from crt_plugin.media.frame import Frame
from crt_plugin.media.loop import Id, Sink, track_frames
from crt_plugin.media.selection import Moment, Selection
from crt_plugin.media.sources import Source
from crt_plugin.media.writer import VideoFile, require_av
from crt_plugin.parameters import Parameters
from crt_plugin.plus.multi_tracker import MultiTracker
from crt_plugin.runtime.atomic import make_folder, sweep
from crt_plugin.runtime.image import as_box
from crt_plugin.runtime.prefetch import prefetch
from crt_plugin.runtime.progress import ProgressBar

File = BoxFile | CocoFile | VideoFile | ContactSheet
Files = dict[str, File]
CHECKPOINT = "unfinished.safetensors"
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
        boxes: (x, y, w, h) of each object in the first selected frame, px; empty: the annotation's.
        is_normalised: boxes are in fractions of the frame's width and height.
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

    boxes: Mapping[Id, Sequence[float]] = field(default_factory=dict)
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
    if request.with_video:
        require_av()
    if request.show:
        require_display()
    if request.resume and source.is_live:
        raise ParameterError(
            f"{source.name} cannot be resumed; expected a source that can be read again"
        )
    folder = Path("output") / source.name if request.output is None else request.output
    files = _choose_files(folder, source, request)
    checkpoint_file = folder / CHECKPOINT
    is_resuming = request.resume and checkpoint_file.exists()
    resumed = Progress.load(checkpoint_file) if is_resuming else None
    selection, lost_below = request.selection, request.lost_below
    opened = source.read()
    with closing(opened if source.is_live else prefetch(opened)) as frames:
        selected = selection.select(frames)
        first = next(selected, None)
        if first is None:
            raise SourceError(f"{source.name} has no frame {_describe_moment(selection.start)}")
        boxes = _choose_boxes(source, request, first, resumed)
        run = describe_run(source, first, boxes, selection, params, files)
        if resumed is not None:
            resumed.require(run)
        tracker = MultiTracker(params)
        checkpoint = Checkpoint(checkpoint_file, tracker, run, resumed)
        make_folder(folder)
        sweep(folder)  # a video left by a killed process
        length = selection.count(source.length, source.fps, request.limit)
        record = RunSummary(source.annotations, 0 if resumed is None else len(resumed.scores))
        title = f"training on frame {first.index}"
        bar = ProgressBar(length, title, counts_frames=True, is_shown=not request.quiet)
        shown = [DisplayWindow(source.annotations)] if request.show else []
        kept = [] if source.is_live else [checkpoint]
        sinks: list[Sink] = [*kept, record, *files.values(), *shown, bar]
        running = tracker if resumed is None else ResumingTracker(tracker, resumed)
        limited = itertools.islice(itertools.chain([first], selected), request.limit)
        try:
            track_frames(limited, running, boxes, sinks, lost_below or 0.0)
        except KeyboardInterrupt as error:
            if record.frames:
                _print_summary(record, request, files, is_complete=False)
            checkpoint.save()
            warn(f"interrupted: {_describe_kept(record, folder)}")
            raise typer.Exit(INTERRUPTED) from error
        except (CRTError, OSError):
            if record.frames:
                checkpoint.save()
            if record.frames and request.as_json:
                _print_summary(record, request, files, is_complete=False)
            warn(_describe_kept(record, folder))
            raise
    checkpoint.remove()
    _print_summary(record, request, files, is_complete=True)
    is_short = length is not None and record.frames < length
    is_silent = request.quiet or request.as_json or request.show
    if is_short and source.length is not None and not is_silent:
        typer.echo(f"note     the source announced {source.length} frames")


def _choose_files(folder: Path, source: Source, request: Request) -> Files:
    """What is written.

    Raises:
        StorageError: one exists, and is not to be replaced.
    """
    files: Files = {}
    for kind in dict.fromkeys(["csv", *request.formats]):
        has_lost = request.lost_below is not None
        files[kind] = CocoFile(folder) if kind == "coco" else BoxFile(folder, kind, has_lost)
    if request.with_video:
        fps = source.fps / request.selection.every
        files["video"] = VideoFile(folder / "tracked.mp4", fps, source.annotations)
    files["sheet"] = ContactSheet(folder / "contact_sheet.png", source.name, source.annotations)
    is_unfinished = (folder / CHECKPOINT).exists()
    if request.overwrite or (request.resume and is_unfinished):
        return files
    paths = [
        folder / CHECKPOINT,
        *(path for file in files.values() for path in _find_earlier(file)),
    ]
    there = [path.name for path in paths if path.exists()]
    if there:
        expected = "--resume to go on with it, " * is_unfinished + "--overwrite"
        earlier = "a run that is complete" if request.resume else "an earlier run"
        raise StorageError(
            f"{folder} holds {', '.join(there)} of {earlier}, perhaps of another source; "
            f"expected {expected}, or --output with another folder"
        )
    return files


def _find_earlier(file: File) -> list[Path]:
    return file.find_earlier() if isinstance(file, BoxFile) else [file.path]


def _describe_moment(moment: Moment) -> str:
    return f"at or after {moment:g} s" if isinstance(moment, float) else str(moment)


def _choose_boxes(
    source: Source, request: Request, first: Frame, resumed: Progress | None
) -> dict[Id, Box]:
    """The objects' boxes in the first frame: the user's, the annotation's, or drawn ones."""
    height, width = first.picture.shape[:2]
    size = (width, height, width, height) if request.is_normalised else (1, 1, 1, 1)
    chosen: dict[Id, Any] = {id: np.multiply(box, size) for id, box in request.boxes.items()}
    if not chosen:
        truths = source.annotations.items()
        chosen = {id: truth[first.index] for id, truth in truths if first.index in truth}
    if not chosen and resumed is not None:
        chosen = dict(resumed.first_boxes)
    if not chosen and request.show:
        chosen = dict(enumerate(select_boxes(first.picture), start=1))
    if not chosen:
        which = f"frame {first.index}" if first.index else "its first frame"
        raise BoxError(
            f"which object? {source.name} has no annotation of {which}; "
            f"expected --box {EXPECTED_BOX}; or --show, to draw it with the mouse"
        )
    boxes = {id: as_box(box, height, width) for id, box in chosen.items()}
    for box in boxes.values():
        if request.boxes and max(box[2:]) < TINY:
            warn(
                f"warning: a box of {box[2]:g} x {box[3]:g} px is tiny; "
                "if its numbers are fractions of the frame, add --normalised"
            )
    return boxes


def _print_summary(record: RunSummary, request: Request, files: Files, is_complete: bool) -> None:
    if request.as_json:
        typer.echo(json.dumps(_collect_summary(record, request, files, is_complete)))
    if request.as_json or request.quiet:
        return
    speed = "" if record.fps is None else f", {record.fps:.2f} fps (tracker alone)"
    is_one = len(record.lost) == 1
    objects = "" if is_one else f", {len(record.lost)} objects"
    typer.echo(f"frames   {record.frames}{objects}{speed}")
    for id, lost in record.lost.items():
        of = "" if is_one else f" of {id}"
        if request.lost_below is not None:
            typer.echo(f"lost     {lost} frames{of} with a score below {request.lost_below:g}")
        agreement = record.comparisons.get(id)
        if agreement is not None:
            count = agreement.frames
            typer.echo(f"mean IoU {agreement.mean_iou:.3f}{of} over {count} annotated frames")
            typer.echo(
                f"centre   within {PRECISION_PIXELS:g} px in {agreement.precision:.1%} of them"
            )
    for name, file in files.items():
        for path in _list_written(file):
            typer.echo(f"{name:9}{path}")


def _collect_summary(
    record: RunSummary, request: Request, files: Files, is_complete: bool
) -> dict[str, Any]:
    """What ``--json`` prints (docs/track.md)."""
    objects = []
    for id, lost in record.lost.items():
        objects.append({"id": id, "lost": None if request.lost_below is None else lost})
        agreement = record.comparisons.get(id)
        if agreement is not None:
            objects[-1] |= asdict(agreement)
    return {
        "complete": is_complete,
        "frames": record.frames,
        "fps": record.fps,
        "objects": objects,
        "files": {name: [str(path) for path in _list_written(f)] for name, f in files.items()},
    }


def _list_written(file: File) -> list[Path]:
    return file.paths if isinstance(file, BoxFile) else [file.path]


def _describe_kept(record: RunSummary, folder: Path) -> str:
    if not record.frames:
        return "no frame was tracked, nothing was written"
    kept = f"{record.frames} tracked frames are kept in {folder}"
    is_unfinished = (folder / CHECKPOINT).exists()
    return kept + "; the same command with --resume goes on" * is_unfinished
