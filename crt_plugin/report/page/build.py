"""A page of results: one folder that opens from disk, without a network."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from crt_plugin.benchmark.results.scores import score_results
from crt_plugin.errors import ParameterError, SourceError
from crt_plugin.report.page.content import Content, collect, summary
from crt_plugin.report.page.frame_copies import copy_frames
from crt_plugin.report.page.inputs import PageRequest, open_inputs
from crt_plugin.report.page.javascript import file_name, plotly_script, write_script
from crt_plugin.report.page.player_data import response_data, sequence_data
from crt_plugin.runtime.atomic import make_scratch_folder
from crt_plugin.runtime.progress import ProgressBar

ASSETS = Path(__file__).with_name("assets")
INDEX = "index.html"
SUMMARY = "data/summary.js"


def build(request: PageRequest, output: str | Path, progress: bool = False) -> Content:
    """Make a page.

    Args:
        output: its folder; an existing page is replaced.
        progress: show a bar on the standard error output.

    Returns:
        The content of the page, whose file to open is ``INDEX``; its notes name every result that
        could not be used.

    Raises:
        ParameterError: settings that conflict, or an ``output`` that is not a page.
        SourceError: nothing to show.
        MissingExtraError: plotly is not installed.
        StorageError: the disk is full; an existing page stays.
    """
    output = Path(output)
    _check_output(output)
    library = plotly_script()
    # beside the output: a stopped run leaves no half of a page, and the page moves by a rename
    with make_scratch_folder(output.parent, output.name) as work:
        inputs = open_inputs(request, work / "reports")
        scored = score_results(inputs.part, inputs.trackers, progress, curves=False)
        content = collect(inputs, scored, keep_all=request.sequences is not None)
        folder = work / "page"
        shutil.copytree(ASSETS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "page.html").rename(folder / INDEX)
        (folder / "plotly.min.js").write_text(library, encoding="utf-8")
        with ProgressBar(len(content.sequences), "sequences", is_shown=progress) as bar:
            for number in range(len(content.sequences)):
                _write_sequence(content, folder, number, request.max_side)
                bar.advance()
        write_script(folder / SUMMARY, "summary", summary(content))
        if output.is_dir():
            output.rename(work / "before")  # deleting it in its place would take a while
        folder.rename(output)
    return replace(content, notes=[*content.notes, *scored.problems])


def _check_output(output: Path) -> None:
    is_page = (output / SUMMARY).is_file()
    if output.exists() and not is_page and (not output.is_dir() or any(output.iterdir())):
        raise ParameterError(
            f"output {output} holds something that is no page; expected a new or empty folder, "
            "or a page to replace"
        )


def _write_sequence(content: Content, folder: Path, number: int, max_side: int) -> None:
    name = content.sequences[number]
    file = file_name(number, name)
    files, pictures = content.inputs.frames.get(name, []), None
    if files:
        pictures = copy_frames(files, folder / "frames" / file, max_side)
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
    """Write the recorded response maps, and return their files by tracker."""
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
