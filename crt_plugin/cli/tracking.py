"""What ``crt track`` and ``crt demo`` do after reading their options."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import typer

from crt_plugin.algorithm.geometry import Box
from crt_plugin.benchmark.agreement import PRECISION_PIXELS, RunSummary
from crt_plugin.cli.terminal import INTERRUPTED, warn
from crt_plugin.errors import BoxError, CRTError, ParameterError, SourceError, StorageError
from crt_plugin.media.annotations import Annotations
from crt_plugin.media.box_files import FORMATS, BoxFile
from crt_plugin.media.checkpoint import (
    Checkpoint,
    Progress,
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
from crt_plugin.media.selection import Moment, Selection, describe_moment
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
from crt_plugin.runtime.atomic import claim_folder, make_folder, write_text
from crt_plugin.runtime.image import as_box
from crt_plugin.runtime.prefetch import prefetch
from crt_plugin.runtime.progress import ProgressBar

File = BoxFile | CocoFile | VideoFile | ContactSheet
Files = dict[str, File]
CHECKPOINT = "unfinished.safetensors"
VIDEO = "tracked.mp4"
RUN = "run.json"  # of a run that is complete
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
    _refuse_folders(folder, files)
    checkpoint_file = folder / CHECKPOINT
    run_file = folder / RUN
    is_unfinished, is_complete = checkpoint_file.exists(), run_file.exists()
    resumed = Progress.load(checkpoint_file) if request.resume and is_unfinished else None
    complete = None
    if request.resume and is_complete and not is_unfinished:
        complete = CompleteRun.load(run_file)
    if not request.overwrite and resumed is None and complete is None:
        _refuse_earlier_files(folder, files, request)
    selection, lost_below = request.selection, request.lost_below
    opened = source.read()
    reading = closing(opened if source.is_live else prefetch(opened))
    with reading as frames, ExitStack() as claims:
        selected = selection.select(frames)
        first = next(selected, None)
        if first is None:
            count = "" if source.length is None else f", but {source.length} frames"
            raise SourceError(f"{source.name} has no {_describe_start(selection.start)}{count}")
        window = DisplayWindow(source.annotations) if request.show else None
        earlier = resumed or complete
        kept = [] if earlier is None else read_asked_starts(earlier.run)
        asked = _choose_starts(source, request, first, kept, window)
        run = describe_run(source, first, asked, selection, params, files, lost_below)
        extent = {"end": selection.end, "frames": request.limit, "length": source.length}
        if complete is not None:
            require_same_run(complete.run, run | extent)
            _print_nothing_to_do(complete, request, folder)
            return
        if resumed is not None:
            require_same_run(resumed.run, run)
        starts = Starts(asked, [] if resumed is None else resumed.given)
        tracker = MultiTracker(params)
        checkpoint = Checkpoint(checkpoint_file, tracker, run, resumed)
        make_folder(folder)
        claims.enter_context(claim_folder(folder))
        run_file.unlink(missing_ok=True)
        length = selection.count(source.length, source.fps, request.limit)
        record = RunSummary(source.annotations, 0 if resumed is None else len(resumed.scores))
        title = f"training on frame {first.index}"
        bar = ProgressBar(length, title, counts_frames=True, is_shown=not request.quiet)
        shown = [] if window is None else [window]
        saving = [] if source.is_live else [checkpoint]
        stale = EarlierFiles(_find_stale(folder, files) if request.overwrite else [])
        sinks: list[Sink] = [*saving, stale, record, *files.values(), *shown, bar]
        running = tracker if resumed is None else ResumingTracker(tracker, resumed)

        def revise(step: Step) -> dict[Id, Box]:
            is_repeated = isinstance(running, ResumingTracker) and running.is_repeating
            return {} if window is None or is_repeated else window.revise(step)

        limited = itertools.islice(itertools.chain([first], selected), request.limit)
        try:
            track_frames(limited, running, starts, sinks, lost_below or 0.0, revise)
        except KeyboardInterrupt as error:
            if record.frames:
                _print_summary(record, request, files, is_complete=False)
            checkpoint.save()
            warn(f"interrupted: {_describe_kept(record, folder)}")
            raise typer.Exit(INTERRUPTED) from error
        except (CRTError, OSError) as error:
            has_ended = isinstance(error, UnreachedStartError)  # to go on would not help
            if record.frames and not has_ended:
                checkpoint.save()
            if record.frames and request.as_json:
                _print_summary(record, request, files, is_complete=False)
            if has_ended:
                checkpoint.remove()
            warn(_describe_kept(record, folder))
            raise
    summary = _collect_summary(record, request, files, is_complete=True)
    CompleteRun(run | extent, summary).save(run_file)
    checkpoint.remove()
    _print_summary(record, request, files, is_complete=True)
    is_short = length is not None and record.frames < length
    is_silent = request.quiet or request.as_json or request.show
    if is_short and source.length is not None and not is_silent:
        typer.echo(f"note     the source announced {source.length} frames")


class EarlierFiles:
    """Sink that removes files of an earlier run once the first frame of this one is tracked."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Remember them."""
        self._paths = paths

    def write(self, step: Step) -> None:
        """Remove them, if they are still there."""
        for path in self._paths:
            path.unlink(missing_ok=True)
        self._paths = ()

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class CompleteRun:
    """What a run leaves when it is complete, so that ``--resume`` knows that nothing is to do.

    Attributes:
        run: see ``describe_run``, and how far it went.
        summary: what ``--json`` prints.
    """

    run: dict[str, Any]
    summary: dict[str, Any]

    @classmethod
    def load(cls, file: Path) -> CompleteRun:
        """Read it.

        Raises:
            SourceError: it is damaged, or something else.
        """
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            complete = cls(content["run"], content["summary"])
            read_asked_starts(complete.run)
        except (ValueError, LookupError, TypeError) as error:
            raise SourceError(
                f"{file} cannot be read: {error}; expected one of crt track; --overwrite tracks "
                "anew"
            ) from error
        files = {
            kind: [str(file.parent / name) for name in names]
            for kind, names in complete.summary["files"].items()
        }
        return replace(complete, summary={**complete.summary, "files": files})

    def save(self, file: Path) -> None:
        """Write it; the same for each run of the same command."""
        paths = self.summary["files"]
        names = {kind: [Path(path).name for path in paths[kind]] for kind in paths}
        summary = {**self.summary, "fps": None, "files": names}
        write_text(file, json.dumps({"run": self.run, "summary": summary}, indent=1) + "\n")


def _print_nothing_to_do(complete: CompleteRun, request: Request, folder: Path) -> None:
    """Say so.

    Raises:
        StorageError: a file of the run is gone.
    """
    paths = [Path(path) for paths in complete.summary["files"].values() for path in paths]
    gone = [path.name for path in paths if not path.exists()]
    if gone:
        raise StorageError(f"{folder} lacks {', '.join(gone)} of the run; expected --overwrite")
    if request.as_json:
        typer.echo(json.dumps(complete.summary))
    elif not request.quiet:
        typer.echo(f"nothing to do: the run in {folder} is complete")


def _choose_files(folder: Path, source: Source, request: Request) -> Files:
    """What is written."""
    files: Files = {}
    for kind in dict.fromkeys(["csv", *request.formats]):
        # Objects may be added in the window.
        has_lost, has_id = request.lost_below is not None, request.show
        files[kind] = (
            CocoFile(folder) if kind == "coco" else BoxFile(folder, kind, has_lost, has_id)
        )
    if request.with_video:
        fps = source.fps / request.selection.every
        files["video"] = VideoFile(folder / VIDEO, fps, source.annotations, source.sound)
    files["sheet"] = ContactSheet(folder / "contact_sheet.png", source.name, source.annotations)
    return files


def _refuse_earlier_files(folder: Path, files: Files, request: Request) -> None:
    """Check that nothing would be replaced.

    Raises:
        StorageError: names what is there.
    """
    there = [path.name for path in _list_paths(folder, files) if path.exists()]
    if there:
        is_unfinished = (folder / CHECKPOINT).exists()
        expected = "--resume to go on with it, " * is_unfinished + "--overwrite"
        raise StorageError(
            f"{folder} holds {', '.join(there)} of an earlier run, perhaps of another source; "
            f"expected {expected}, or --output with another folder"
        )


def _refuse_folders(folder: Path, files: Files) -> None:
    """Check that no folder is where a file is to be written.

    Raises:
        StorageError: names it.
    """
    for path in _list_paths(folder, files):
        if path.is_dir():
            raise StorageError(f"{path} is a folder; expected a file, or nothing")


def _list_paths(folder: Path, files: Files) -> list[Path]:
    """What a run with these files leaves in the folder, or an earlier one has left."""
    earlier = (path for file in files.values() for path in _find_earlier(file))
    return [folder / CHECKPOINT, folder / RUN, *earlier]


def _find_stale(folder: Path, files: Files) -> list[Path]:
    """Files of an earlier run in the folder that this run does not replace."""
    every: list[File] = [*(BoxFile(folder, kind) for kind in FORMATS), CocoFile(folder)]
    earlier = {path for file in every for path in _find_earlier(file)} | {folder / VIDEO}
    replaced = {path for file in files.values() for path in _find_earlier(file)}
    return sorted(path for path in earlier - replaced if path.is_file())


def _find_earlier(file: File) -> list[Path]:
    return file.find_earlier() if isinstance(file, BoxFile) else [file.path]


def _describe_start(start: Moment) -> str:
    """What a source lacks that ends before."""
    where = describe_moment(start)
    return f"frame at or after {where}" if isinstance(start, float) else where


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
