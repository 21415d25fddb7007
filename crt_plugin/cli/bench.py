"""The command that measures: ``crt bench``."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from crt_plugin.bench.measure import Measurement, Result, measure
from crt_plugin.cli.messages import warn
from crt_plugin.cli.options import parse_box, split
from crt_plugin.errors import ParameterError
from crt_plugin.parameters import load_parameters
from crt_plugin.runtime.atomic import write_text
from crt_plugin.runtime.environment import describe_machine
from crt_plugin.runtime.progress import ProgressBar

LONG_SEQUENCE = 20_000  # frames


def bench(
    parameters: Annotated[
        list[str] | None, typer.Argument(help="Parameter files: names, or paths.")
    ] = None,
    source: Annotated[
        str,
        typer.Option(help="What crt track takes, or rabbit or carphone, the clips of crt demo."),
    ] = "carphone",
    box: Annotated[
        list[str] | None, typer.Option(metavar="X,Y,W,H", help="The object, without an annotation.")
    ] = None,
    frames: Annotated[
        int, typer.Option(min=0, help="Frames that the medians are of; 0: all of the source.")
    ] = 15,
    precision: Annotated[
        str, typer.Option(help="With commas between: auto, float32, bfloat16, float16.")
    ] = "auto",
    threads: Annotated[
        str, typer.Option(help="Numbers of threads, with commas between; 0: as torch chooses.")
    ] = "0",
    naive: Annotated[
        bool, typer.Option("--naive", help="Beside it the tracker in library convolutions.")
    ] = False,
    peers: Annotated[
        str, typer.Option(help="Other trackers, with commas between, see crt trackers.")
    ] = "",
    regression: Annotated[
        bool, typer.Option("--regression", help="One step of the regression against autograd.")
    ] = False,
    growth: Annotated[
        bool, typer.Option("--growth", help="Cost against object, frame, length and workers.")
    ] = False,
    length: Annotated[
        int, typer.Option(min=1, help="Frames of the long sequence of --growth.")
    ] = LONG_SEQUENCE,
    data: Annotated[
        Path | None, typer.Option(help="OTB's folder, for AUC and for the workers of --growth.")
    ] = None,
    sequences: Annotated[
        str, typer.Option(help="For the workers of --growth, with commas between.")
    ] = "",
    results: Annotated[
        Path | None, typer.Option(help="Folder of results of crt evaluate: AUC for the picture.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="PNG: fps against AUC, or growth with --growth.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--json", help="File of all figures.")] = None,
) -> None:
    """Measure where the time goes; medians, each tracker in a process of its own."""
    where: dict[str, Any] = {"source": source, "box": parse_box(box)}
    names = [_check_name(name) for name in parameters or ["default"]]
    counts = _parse_threads(threads)
    variants = list(itertools.product(names, split(precision), counts))
    measurements = _Measurements()
    for name, kind, count in variants:
        same = {"parameters": name, "precision": kind, **where}
        if growth:
            measurements.add(f"crt:{name}", "object_sizes", count, **same)
            measurements.add(f"crt:{name}", "frame_sizes", count, **same)
            measurements.add(f"crt:{name}", "sequence_length", count, **same, frames=length)
        else:
            measurements.add(f"crt:{name}", "tracker", count, **same, frames=frames, naive=naive)
    for name in names if growth and data is not None else []:
        arguments = {"parameters": name, "data": str(data), "sequences": split(sequences)}
        measurements.add(f"crt:{name}", "workers", 0, **arguments)
    for text, count in itertools.product(split(peers), counts):
        measurements.add(text, "peer", count, text=text, **where, frames=frames)
    for count in counts if regression else []:
        measurements.add("", "regression", count)
    draws_speed = picture is not None and not growth
    if draws_speed and (data is None or results is None):
        raise ParameterError("--picture of fps against AUC needs --data and --results")
    from crt_plugin.bench.measurement_tables import measurement_tables  # imports torch

    measured = _measure_all(measurements)

    found = {"machine": describe_machine(), "results": measured}
    console = Console()
    for table in measurement_tables(measured):
        console.print(table)
    if output is not None:
        write_text(output, json.dumps(found, indent=1) + "\n")
        typer.echo(f"figures  {output}")
    if picture is not None:
        _draw(measured, picture, growth, data, results)
        typer.echo(f"picture  {picture}")


class _Measurements(list[tuple[str, Measurement]]):
    """Measurements, each with the name of the tracker that it measures."""

    def add(self, tracker: str, task: str, threads: int, **arguments: Any) -> None:
        """Append one."""
        self.append((tracker, Measurement(task, threads, arguments)))


def _measure_all(measurements: list[tuple[str, Measurement]]) -> list[Result]:
    measured = []
    with ProgressBar(len(measurements), is_transient=True) as bar:
        for number, (name, measurement) in enumerate(measurements, start=1):
            title = f"{number} of {len(measurements)}: {name or measurement.task}"
            bar.describe(title)

            def show(step: str, title: str = title) -> None:
                bar.describe(f"{title}, {step}")

            measured.append({"tracker": name} | measure(measurement, show))
            bar.advance()
    return measured


def _draw(
    measured: list[Result], file: Path, growth: bool, data: Path | None, results: Path | None
) -> None:
    from crt_plugin.bench.pictures import draw_growth, draw_speed

    if growth:
        draw_growth(measured, file)
        return
    assert data is not None and results is not None  # seen to before measuring
    from crt_plugin.benchmark.datasets.part import open_part
    from crt_plugin.benchmark.results.scores import score_results

    part = open_part("otb", data, None, results)
    stored = {
        _find_stored_name(result["tracker"]): result for result in measured if "fps" in result
    }
    scores = score_results(part, list(stored)).scores
    points = {stored[s.tracker]["tracker"]: (stored[s.tracker]["fps"], s.auc) for s in scores}
    for name in stored.keys() - {score.tracker for score in scores}:
        warn(f"{name} has no results in {results}: not drawn")
    draw_speed(points, f"{part}, {describe_machine()['processor']}", file)


def _find_stored_name(tracker: str) -> str:
    """The name under which ``crt evaluate`` keeps the results of a tracker."""
    from crt_plugin.peers.registry import make

    family, _, name = tracker.partition(":")
    return f"CRT-{Path(name).stem}" if family == "crt" else str(make(tracker).name)


def _check_name(name: str) -> str:
    load_parameters(name)
    return name


def _parse_threads(text: str) -> list[int]:
    parts = split(text)
    if not parts or not all(part.isdecimal() for part in parts):
        raise ParameterError(f"--threads {text!r}; expected integers >= 0 with commas between")
    return [int(part) for part in parts]
