"""Pictures of a benchmark: speed against accuracy, and growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from crt_plugin.bench.jobs import Result

OURS, OTHERS = "#d1495b", "#5b7a99"
FILM = 25  # fps


def draw_speed(points: Mapping[str, tuple[float, float]], title: str, file: Path) -> None:
    """Mean AUC over fps, with a logarithmic axis of fps; ``points`` are (fps, AUC) by tracker."""
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, (fps, auc) in points.items():
        is_ours = name.startswith("crt:")
        axes.scatter(fps, auc, s=60, color=OURS if is_ours else OTHERS, zorder=3)
        axes.annotate(
            name.removeprefix("crt:"),
            (fps, auc),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
        )
    axes.axvline(FILM, color="0.7", linewidth=1, linestyle=":")
    axes.annotate("25 fps", (FILM, axes.get_ylim()[0]), color="0.5", rotation=90, va="bottom")
    axes.set(xscale="log", xlabel="frames per second", ylabel="mean success AUC", title=title)
    axes.margins(x=0.12, y=0.18)
    axes.grid(color="0.92", zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=120)
    plt.close(figure)


def draw_growth(results: Sequence[Result], file: Path) -> None:
    """Time over object, frame and sequence, memory over the sequence, and workers."""
    panels: list[tuple[str, str, Any]] = [
        ("object_ms", "side of the object, px", _line),
        ("frame_ms", "frame", _line),
        ("length", "frame of the sequence", _length),
        ("workers_per_minute", "workers", _bars),
    ]
    there = [panel for panel in panels if any(panel[0] in result for result in results)]
    figure, rows = plt.subplots(
        1, len(there), figsize=(4.2 * len(there), 3.6), layout="constrained", squeeze=False
    )
    for axes, (key, label, draw) in zip(rows[0], there, strict=True):
        for result in results:
            if key in result:
                draw(axes, result[key], result["tracker"])
        axes.set_xlabel(label)
        axes.set_ylim(bottom=0)
        axes.spines[["top", "right"]].set_visible(False)
    rows[0][0].legend(frameon=False)
    figure.savefig(file, dpi=120)
    plt.close(figure)


def _line(axes: Any, values: Mapping[str, float], name: str) -> None:
    axes.plot(list(values), list(values.values()), marker="o", label=name)
    axes.set_ylabel("median ms a frame")


def _length(axes: Any, blocks: Sequence[Mapping[str, float]], name: str) -> None:
    frames = [block["frame"] for block in blocks]
    axes.plot(frames, [block["ms"] for block in blocks], label=f"{name}, ms")
    if all(block["mib"] is not None for block in blocks):
        axes.plot(frames, [block["mib"] for block in blocks], "--", label=f"{name}, MiB")
    axes.set_ylabel("median ms a frame; resident MiB (dashed)")


def _bars(axes: Any, values: Mapping[str, float], name: str) -> None:
    axes.bar(list(values), list(values.values()), width=0.5, label=name)
    axes.set_ylabel("sequences a minute")
