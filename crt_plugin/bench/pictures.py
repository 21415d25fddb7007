"""Pictures of a benchmark: speed against accuracy, and growth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matplotlib.ticker import LogFormatter

from crt_plugin.bench.measure import Result
from crt_plugin.report.plot_style import COLORS, LEGEND, new_figure, save_figure, style_axes

FILM = 25  # fps
CLOSE_BY = 1.35  # ratio of fps at which two names would overlap
MANY_LABELS = 6  # on an axis: they are turned


def draw_speed(points: Mapping[str, tuple[float, float]], title: str, file: Path) -> None:
    """Mean AUC over fps, with a logarithmic axis of fps; ``points`` are (fps, AUC) by tracker."""
    figure, ((axes,),) = new_figure(1, 1, (7, 4.5))
    for name, (fps, auc) in points.items():
        is_above = auc >= _best_close_by(points, name)
        is_ours = name.startswith("crt:")
        axes.scatter(fps, auc, s=60, color=COLORS[0 if is_ours else 1], zorder=3)
        axes.annotate(
            name.removeprefix("crt:"),
            (fps, auc),
            xytext=(0, 9 if is_above else -9),
            textcoords="offset points",
            ha="center",
            va="bottom" if is_above else "top",
        )
    axes.axvline(FILM, color="0.7", linewidth=1, linestyle=":")
    axes.annotate("25 fps", (FILM, axes.get_ylim()[0]), color="0.5", rotation=90, va="bottom")
    axes.set(xscale="log", xlabel="frames per second", ylabel="mean success AUC", title=title)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.4)))  # 26, not 2.6 x 10^1
    axes.margins(x=0.12, y=0.2)
    style_axes(axes)
    save_figure(figure, [file])


def _best_close_by(points: Mapping[str, tuple[float, float]], name: str) -> float:
    """Best AUC of the other trackers of about this fps; the best is named above, all else below.

    0 where there is none.
    """
    fps = points[name][0]
    others = [point for other, point in points.items() if other != name]
    close = [auc for other, auc in others if abs(math.log(other / fps)) < math.log(CLOSE_BY)]
    return max(close, default=0.0)


Panel = Callable[[Result], Mapping[str, float]]


def draw_growth(results: Sequence[Result], file: Path) -> None:
    """Time over object, frame and sequence, memory over the sequence, and workers."""
    panels: list[tuple[str, str, Panel]] = [
        ("side of the object, px", "median ms a frame", lambda r: r.get("object_ms", {})),
        ("frame", "median ms a frame", lambda r: r.get("frame_ms", {})),
        ("frame of the sequence", "median ms a frame", lambda r: _blocks(r, "ms")),
        ("frame of the sequence", "resident MiB", lambda r: _blocks(r, "mib")),
        ("workers", "sequences a minute", lambda r: r.get("workers_per_minute", {})),
    ]
    there = [panel for panel in panels if any(panel[2](result) for result in results)]
    figure, rows = new_figure(1, len(there), (3.4 * len(there), 3.4))
    colors = dict(zip(dict.fromkeys(r["tracker"] for r in results), COLORS, strict=False))
    for axes, (across, up, values) in zip(rows[0], there, strict=True):
        for result in results:
            drawn, name = values(result), result["tracker"]
            if drawn:
                axes.plot(
                    list(drawn), list(drawn.values()), marker="o", color=colors[name], label=name
                )
        axes.set(xlabel=across, ylabel=up, ylim=(0, 1.15 * axes.get_ylim()[1]))
        style_axes(axes, grid="y")
        if len(axes.get_xticklabels()) > MANY_LABELS:
            axes.tick_params(axis="x", rotation=60)
    rows[0][0].legend(**LEGEND, loc="lower left")
    save_figure(figure, [file])


def _blocks(result: Result, key: str) -> dict[str, float]:
    """Values of a long sequence by the last frame of each block."""
    blocks = result.get("length", [])
    return {str(block["frame"]): block[key] for block in blocks if block[key] is not None}
