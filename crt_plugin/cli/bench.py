"""The command ``crt bench``."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from crt_plugin.bench.measure import Measurement, Result, measure
from crt_plugin.cli.options import split
from crt_plugin.cli.terminal import warn
from crt_plugin.errors import BoxError, ParameterError
from crt_plugin.parameters import load_parameters
from crt_plugin.runtime.atomic import write_text
from crt_plugin.runtime.environment import describe_machine
from crt_plugin.runtime.progress import ProgressBar


def bench(
    parameters: Annotated[
        list[str] | None, typer.Argument(help="Parameter files, names or paths.")
    ] = None,
    source: Annotated[
        str, typer.Option(help="A source of crt track, or rabbit, the clip of crt demo.")
    ] = "rabbit",
    box: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y,W,H", help="The object in the first frame; see crt track."),
    ] = None,
    frames: Annotated[
        int, typer.Option(min=0, help="Number of frames for medians; 0: the whole source.")
    ] = 15,
    precision: Annotated[
        str, typer.Option(help="Comma-separated: auto, float32, bfloat16, float16.")
    ] = "auto",
    threads: Annotated[
        str, typer.Option(help="Numbers of threads, comma-separated; 0: torch's own choice.")
    ] = "0",
    naive: Annotated[
        bool, typer.Option("--naive", help="Compare with a tracker of library convolutions.")
    ] = False,
    peers: Annotated[
        str, typer.Option(help="Other trackers, comma-separated; crt trackers lists them.")
    ] = "",
    objects: Annotated[
        int, typer.Option(min=1, help="Cost of each further object that is tracked, up to these.")
    ] = 1,
    regression: Annotated[
        bool, typer.Option("--regression", help="Compare a step of the regression with autograd.")
    ] = False,
    growth: Annotated[
        bool,
        typer.Option("--growth", help="Cost over object size, frame size, length and workers."),
    ] = False,
    length: Annotated[
        int, typer.Option(min=1, help="Number of frames of the long sequence of --growth.")
    ] = 20_000,
    data: Annotated[
        Path | None, typer.Option(help="OTB's folder, for AUC and for the workers of --growth.")
    ] = None,
    sequences: Annotated[
        str, typer.Option(help="Sequences for the workers of --growth, comma-separated.")
    ] = "",
    results: Annotated[
        Path | None, typer.Option(help="Folder of results of crt evaluate: AUC for the picture.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw this PNG: AUC over fps, or with --growth its curves.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--json", help="Write all figures to this file.")
    ] = None,
) -> None:
    """Measure where the time goes: medians, each tracker in its own process."""
    from crt_plugin.media.starts import parse_starts

    starts = parse_starts(box or ())
    if len(starts) > 1:
        raise BoxError(f"--box given {len(starts)} times ({' and '.join(box or ())}); expected one")
    if any(start.moment for start in starts):
        raise BoxError(f"--box {' '.join(box or ())} is of a later frame; expected the first one's")
    clip = {"source": source, "box": starts[0].box if starts else None}
    names = parameters or ["default"]
    for name in names:
        load_parameters(name)
    counts = _parse_threads(threads)
    jobs: list[Measurement] = []
    for name, kind, count in itertools.product(names, split(precision), counts):
        same = {"parameters": name, "precision": kind, **clip}
        tasks: dict[str, dict[str, Any]] = {"tracker": {"frames": frames, "naive": naive}}
        if growth:
            tasks = {"object_sizes": {}, "frame_sizes": {}, "sequence_length": {"frames": length}}
        if objects > 1:
            tasks["objects"] = {"frames": frames, "most": objects}
        jobs += [Measurement(task, count, same | own, f"crt:{name}") for task, own in tasks.items()]
    for name in names if growth and data is not None else []:
        arguments = {"parameters": name, "data": str(data), "sequences": split(sequences)}
        jobs.append(Measurement("workers", 0, arguments, f"crt:{name}"))
    for text, count in itertools.product(split(peers), counts):
        jobs.append(Measurement("peer", count, {"text": text, **clip, "frames": frames}, text))
    jobs += [Measurement("regression", count) for count in counts if regression]
    if picture is not None and not growth and (data is None or results is None):
        raise ParameterError("--picture of fps against AUC needs --data and --results")
    from crt_plugin.bench.measurement_tables import tabulate_results  # imports torch

    measured = _measure_all(jobs)
    console = Console()
    for table in tabulate_results(measured):
        console.print(table)
    if output is not None:
        figures = {"machine": describe_machine(), "results": measured}
        write_text(output, json.dumps(figures, indent=1) + "\n")
        typer.echo(f"figures  {output}")
    if picture is not None:
        from crt_plugin.bench.pictures import draw_growth

        if growth:
            draw_growth(measured, picture)
        elif data is not None and results is not None:
            _draw_speed(measured, picture, data, results)
        typer.echo(f"picture  {picture}")


def _parse_threads(text: str) -> list[int]:
    items = split(text)
    if not items or not all(item.isdecimal() for item in items):
        raise ParameterError(f"--threads {text!r}; expected comma-separated integers >= 0")
    return [int(item) for item in items]


def _measure_all(jobs: Sequence[Measurement]) -> list[Result]:
    measured = []
    with ProgressBar(len(jobs), is_transient=True) as bar:
        for number, job in enumerate(jobs, start=1):
            title = f"{number} of {len(jobs)}: {job.tracker or job.task}"
            bar.describe(title)

            def show(step: str, title: str = title) -> None:
                bar.describe(f"{title}, {step}")

            measured.append({"tracker": job.tracker} | measure(job, show))
            bar.advance()
    return measured


def _draw_speed(measured: Sequence[Result], file: Path, data: Path, results: Path) -> None:
    """Draw fps against the AUC that results of ``crt evaluate`` have on the sequences of OTB."""
    from crt_plugin.bench.pictures import draw_speed
    from crt_plugin.benchmark.datasets.part import open_part
    from crt_plugin.benchmark.results.scores import score_results

    part = open_part("otb", data, None, results)
    for name, text in part.unusable.items():
        warn(f"{name} is left out: {text}")
    stored = {_name_results(result["tracker"]): result for result in measured if "fps" in result}
    scores = score_results(part, list(stored)).scores
    points = {stored[s.tracker]["tracker"]: (stored[s.tracker]["fps"], s.auc) for s in scores}
    for name in stored.keys() - {score.tracker for score in scores}:
        warn(f"{name} has no results in {results}: not drawn")
    draw_speed(points, f"{part}, {describe_machine()['processor']}", file)


def _name_results(tracker: str) -> str:
    """The name of a tracker's results of ``crt evaluate``."""
    from crt_plugin.peers.registry import make

    family, _, name = tracker.partition(":")
    return f"CRT-{Path(name).stem}" if family == "crt" else str(make(tracker).name)
