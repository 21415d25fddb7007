"""Tables of a benchmark's results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from crt_plugin.bench.measure import Result
from crt_plugin.bench.stages import STAGES

LENGTH = "frame of the sequence"
COLUMNS = 4  # trackers in one table: more do not fit into 80 columns

ROWS = (  # title, key of the result, unit
    ("fps", "fps", 1),
    ("init, ms", "init_ms", 1),
    ("first init, ms", "first_init_ms", 1),
    ("steps of init", "steps", 1),
    ("peak memory, MiB", "peak_mib", 1),
    ("bare network, ms", "bare_ms", 1),
    ("frame / bare network", "to_bare", 1),
    ("network, GFLOP", "operations", 1e9),
    ("bare network, GFLOP/s", "bare_rate", 1e9),
    ("matrix products, GFLOP/s", "product_rate", 1e9),
    ("fps at that rate", "limit_fps", 1),
    ("naive tracker, ms", "naive_ms", 1),
    ("naive / frame", "naive_ratio", 1),
)


def tabulate_results(results: Sequence[Result]) -> list[Table]:
    """Everything that the results hold: trackers side by side, regression, growth."""
    tracked = [result for result in results if "fps" in result]
    starts = range(0, len(tracked), COLUMNS)
    tables = [_tabulate_trackers(tracked[start : start + COLUMNS]) for start in starts]
    tables += [_tabulate_regression(r["regression"]) for r in results if "regression" in r]
    for name, result in zip(name_results(results), results, strict=True):
        tables += _tabulate_growth(name, result)
    return tables


def name_results(results: Sequence[Result]) -> list[str]:
    """The tracker of each result, with precision and threads if there are several of them."""
    variants = {(r["precision"], r["threads"]) for r in results if "precision" in r}
    return [
        f"{result['tracker']}, {result['precision']}, {_count_threads(result)}"
        if "precision" in result and len(variants) > 1
        else result["tracker"]
        for result in results
    ]


def _count_threads(result: Result) -> str:
    return f"{result['threads']} thread{'s' * (result['threads'] != 1)}"


def _tabulate_trackers(results: Sequence[Result]) -> Table:
    """A column for each tracker; rows that no tracker has are left out."""
    table = _make_table("")
    for result in results:
        name = result["tracker"].removeprefix("crt:")
        title = f"{name}\n{result.get('precision', '')}\n{_count_threads(result)}"
        table.add_column(escape(title), justify="right")
    rows = {f"{s}, ms": [r["stages_ms"].get(s) for r in results] for s in (*STAGES, "frame")}
    for title, key, unit in ROWS:
        found = (result.get(key) for result in results)
        rows[title] = [None if value is None else value / unit for value in found]
    for title, values in rows.items():
        if any(value is not None for value in values):
            table.add_row(title, *map(_format, values))
    return table


def _tabulate_regression(measured: dict[str, dict[str, float]]) -> Table:
    table = _make_table(
        "regression step, samples", "ms", "conv2d + autograd ms", "ratio", "difference"
    )
    for samples, each in measured.items():
        values = (_format(each[key]) for key in ("ours_ms", "naive_ms", "ratio"))
        table.add_row(samples, *values, f"{each['difference']:.1e}")
    return table


def _tabulate_growth(name: str, result: Result) -> list[Table]:
    """A table for each thing that was varied."""
    curves, tables = growth_curves(result), []
    for over in dict.fromkeys(over for over, _ in curves):
        columns = {what: values for (x, what), values in curves.items() if x == over}
        tables.append(_make_table(f"{name}: {over}", *columns))
        for case in next(iter(columns.values())):
            figures = (_format(values.get(case)) for values in columns.values())
            tables[-1].add_row(str(case), *figures)
    return tables


def growth_curves(result: Result) -> dict[tuple[str, str], dict[Any, float]]:
    """What a result of ``--growth`` holds: values by what is varied and what is measured."""
    blocks = result.get("length", [])  # by the last frame of each
    curves = {
        ("side of the object, px", "median ms a frame"): result.get("object_ms"),
        ("size of the frame", "median ms a frame"): result.get("frame_ms"),
        (LENGTH, "median ms a frame"): {block["frame"]: block["ms"] for block in blocks},
        (LENGTH, "resident MiB"): {b["frame"]: b["mib"] for b in blocks if b["mib"] is not None},
        ("workers", "sequences a minute"): result.get("workers_per_minute"),
        ("objects", "median ms a frame"): result.get("objects_ms"),
        ("objects", "frame / that of one object"): result.get("objects_ratio"),
    }
    return {key: values for key, values in curves.items() if values}


def _make_table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left")
    return table


def _format(value: float | None) -> str:
    """Three digits, or more before the point."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
