"""A page of results: one folder that opens from disk, without a network."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from crt_plugin.benchmark.results.scores import score_results
from crt_plugin.errors import ParameterError, SourceError
from crt_plugin.report.page.content import Content, collect, summary
from crt_plugin.report.page.frame_copies import copy_frames
from crt_plugin.report.page.inputs import PageRequest, open_inputs
from crt_plugin.report.page.javascript import file_name, plotly_script, write_script
from crt_plugin.report.page.player_data import response_data, sequence_data
from crt_plugin.runtime.atomic import make_scratch_folder

ASSETS = Path(__file__).with_name("assets")
INDEX = "index.html"
SUMMARY = "data/summary.js"


@dataclass(frozen=True)
class Built:
    """A page on disk.

    Attributes:
        index: the file to open.
        trackers, sequences: how many it shows.
        notes: what could not be used; the page says it too.
    """

    index: Path
    trackers: int
    sequences: int
    notes: list[str]


def build(request: PageRequest, output: str | Path, progress: bool = False) -> Built:
    """Make a page.

    Args:
        output: its folder; a page that is there is replaced.
        progress: show bars on the standard error output.

    Raises:
        ParameterError: settings that do not go together; a folder with something else in it.
        SourceError: nothing to show.
        MissingExtraError: plotly is not installed.
        StorageError: the disk is full; a page that was there stays.
    """
    output = Path(output)
    _check_output(output)
    library = plotly_script()
    # beside the output, so that a stopped run leaves no half of a page and a move is a rename
    with make_scratch_folder(output.parent, output.name) as work:
        inputs = open_inputs(request, work / "reports")
        scored = score_results(inputs.part, inputs.trackers, progress, curves=False)
        content = collect(inputs, scored, keep_all=request.sequences is not None)
        folder = work / "page"
        shutil.copytree(ASSETS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "page.html").rename(folder / INDEX)
        (folder / "plotly.min.js").write_text(library, encoding="utf-8")
        _write_sequences(content, folder, request.max_side, progress)
        write_script(folder / SUMMARY, "summary", summary(content))
        if output.is_dir():
            output.rename(work / "before")  # deleting it in its place would take a while
        folder.rename(output)
    notes = [*content.notes, *scored.problems]
    return Built(output / INDEX, len(content.trackers), len(content.sequences), notes)


def _check_output(output: Path) -> None:
    is_page = (output / SUMMARY).is_file()
    if output.exists() and not is_page and (not output.is_dir() or any(output.iterdir())):
        raise ParameterError(
            f"output {output} holds something that is no page; expected a new or empty folder, "
            "or a page, which is replaced"
        )


def _write_sequences(content: Content, folder: Path, max_side: int, progress: bool) -> None:
    inputs = content.inputs
    frames = sum(len(inputs.frames.get(name, ())) for name in content.sequences)
    with _bars(progress) as bars:
        read = bars.add_task("sequences", total=len(content.sequences))
        copied = bars.add_task("frames", total=frames, visible=frames > 0)
        for number in range(len(content.sequences)):
            _write_sequence(content, folder, number, max_side, lambda: bars.advance(copied))
            bars.advance(read)


def _write_sequence(
    content: Content, folder: Path, number: int, max_side: int, on_frame: Callable[[], None]
) -> None:
    name = content.sequences[number]
    file = file_name(number, name)
    files, pictures = content.inputs.frames.get(name, []), None
    if files:
        pictures = copy_frames(files, folder / "frames" / file, max_side, on_frame)
        unread = len(files) if pictures is None else len(pictures.unread)
        if unread:
            content.notes.append(
                f"{name}: {unread} of {len(files)} frames cannot be read and have no picture"
            )
    data = sequence_data(content.inputs, name, content.with_result(name), pictures)
    if pictures is not None:
        data["responses"] = _write_responses(content, folder, number)
    write_script(folder / "data" / f"{file}.js", file, data)


def _write_responses(content: Content, folder: Path, number: int) -> dict[int, str]:
    """Write the response maps that were recorded; their files by tracker."""
    name, files = content.sequences[number], {}
    for tracker, tracker_name in content.with_result(name):
        try:
            data = response_data(content.inputs, tracker_name, name)
        except SourceError as error:
            content.notes.append(f"{tracker_name}, {name}: no response maps: {error}")
            continue
        if data is not None:
            files[tracker] = f"{file_name(number, name)}.response-{tracker}"
            write_script(folder / "data" / f"{files[tracker]}.js", files[tracker], data)
    return files


def _bars(shown: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not shown,
    )
