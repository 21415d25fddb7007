"""Pictures of a benchmark: accuracy over speed, and growth."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.ticker import LogFormatter, MaxNLocator

from crt_plugin.bench.measure import Result
from crt_plugin.bench.measurement_tables import LENGTH, growth_curves, name_results
from crt_plugin.report.plot_style import COLORS, LEGEND, new_figure, save_figure, style_axes

FILM = 25  # fps
CLOSE_BY = 1.35  # ratio of fps at which two names would overlap
MAX_COLUMNS = 3  # of panels


def draw_speed(points: Mapping[str, tuple[float, float]], title: str, file: Path) -> None:
    """Mean AUC over fps, with a logarithmic axis of fps; ``points`` are (fps, AUC) by tracker."""
    figure, ((axes,),) = new_figure(1, 1, (7, 4.5))
    for name, (fps, auc) in points.items():
        is_above = auc >= _find_best_nearby(points, name)
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


def _find_best_nearby(points: Mapping[str, tuple[float, float]], name: str) -> float:
    """Best AUC of the other trackers of about this fps; the best is named above, all else below.

    0 if there is none.
    """
    fps = points[name][0]
    others = [point for other, point in points.items() if other != name]
    close = [auc for other, auc in others if abs(math.log(other / fps)) < math.log(CLOSE_BY)]
    return max(close, default=0.0)


def draw_growth(results: Sequence[Result], file: Path) -> None:
    """Time over object, frame and sequence, memory over the sequence, and workers."""
    curves = [growth_curves(result) for result in results]
    panels = list(dict.fromkeys(panel for each in curves for panel in each))
    columns = min(len(panels), MAX_COLUMNS)
    rows = math.ceil(len(panels) / columns)
    figure, grid = new_figure(rows, columns, (3.4 * columns, 3.4 * rows))
    names = name_results(results)
    colors = dict(zip(dict.fromkeys(names), itertools.cycle(COLORS), strict=False))
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    lines = {}
    for axes, panel in zip(grid.flat, panels, strict=False):
        for name, each in zip(names, curves, strict=True):
            if panel in each:
                x, y = zip(*each[panel].items(), strict=True)
                (lines[name],) = axes.plot(x, y, marker="o", markersize=4, color=colors[name])
        axes.set(xlabel=panel[0], ylabel=panel[1], ylim=(0, 1.15 * axes.get_ylim()[1]))
        if panel[0] == LENGTH:
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
        style_axes(axes, grid="y")
    figure.legend(lines.values(), lines, loc="outside lower center", ncols=columns, **LEGEND)
    save_figure(figure, [file])
