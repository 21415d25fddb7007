"""Results of a benchmark as tables, and in one plain structure for JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from crt_plugin.bench.measure import Result
from crt_plugin.bench.stages import STAGES

BESIDE = 4  # trackers in one table: more do not fit into 80 columns


def measurement_tables(results: Sequence[Result]) -> list[RenderableType]:
    """Everything that the results hold, one table a subject."""
    tracked = [result for result in results if "fps" in result]
    found: list[RenderableType] = [
        _trackers(tracked[start : start + BESIDE]) for start in range(0, len(tracked), BESIDE)
    ]
    found += [_regression(result["regression"]) for result in results if "regression" in result]
    for result in results:
        found += _growth(result)
    return found


def _trackers(results: Sequence[Result]) -> Table:
    """A column a tracker; rows that no tracker has are left out."""
    table = _table("", *(_name(result) for result in results))
    rows: list[tuple[str, Callable[[Result], float | None]]] = [
        *((f"{stage}, ms", partial(_stage, stage)) for stage in (*STAGES, "frame")),
        ("fps", _value("fps")),
        ("init, ms", _value("init_ms")),
        ("first init, ms", _value("first_init_ms")),
        ("steps of init", _value("steps")),
        ("peak memory, MiB", _value("peak_mib")),
        ("bare VGG, ms", _value("bare_ms")),
        ("frame / bare VGG", _value("to_bare")),
        ("VGG, GFLOP", _value("operations", 1e9)),
        ("bare VGG, GFLOP/s", _value("bare_rate", 1e9)),
        ("matrix products, GFLOP/s", _value("product_rate", 1e9)),
        ("fps at that rate", _value("limit_fps")),
        ("naive tracker, ms", _value("naive_ms")),
        ("naive / frame", _value("naive_ratio")),
    ]
    for title, read in rows:
        values = [read(result) for result in results]
        if any(value is not None for value in values):
            table.add_row(title, *map(_number, values))
    return table


def _stage(stage: str, result: Result) -> float | None:
    value: float | None = result["stages_ms"].get(stage)
    return value


def _value(key: str, unit: float = 1) -> Callable[[Result], float | None]:
    return lambda result: result[key] / unit if result.get(key) is not None else None


def _regression(measured: dict[str, dict[str, float]]) -> Table:
    table = _table("regression step, samples", "ms", "conv2d + autograd ms", "ratio", "difference")
    for samples, each in measured.items():
        values = (_number(each[key]) for key in ("ours_ms", "naive_ms", "ratio"))
        table.add_row(samples, *values, f"{each['difference']:.1e}")
    return table


def _growth(result: Result) -> list[Table]:
    found = []
    for key, title in (
        ("object_ms", "object px"),
        ("frame_ms", "frame"),
        ("workers_per_minute", "workers"),
    ):
        if key in result:
            unit = "sequences a minute" if key == "workers_per_minute" else "ms"
            table = _table(f"{result['tracker']}: {title}", unit)
            for name, value in result[key].items():
                table.add_row(name, _number(value))
            found.append(table)
    if "length" in result:
        table = _table(f"{result['tracker']}: to frame", "ms", "MiB")
        for block in result["length"]:
            table.add_row(str(block["frame"]), _number(block["ms"]), _number(block["mib"]))
        found.append(table)
    return found


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left")
    return table


def _name(result: Result) -> str:
    """Three short lines."""
    name = result["tracker"].removeprefix("crt:")
    return escape(f"{name}\n{result.get('precision', '')}\n{result['threads']} threads")


def _number(value: float | None) -> str:
    """Three digits, or more before the point."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
