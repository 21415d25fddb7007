"""The style of all plots: colours, grid, legend, and how figures are made and saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from crt_plugin.runtime.atomic import write_atomically

# Colours of Okabe and Ito, distinct in any colour vision; the first is ours.
COLORS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#000000")
LEGEND: dict[str, Any] = {"fontsize": 8, "frameon": False}
DPI = 130


def new_figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    """A figure of width x height inches, and its axes, an array of rows x columns."""
    # Not by pyplot, which opens windows and keeps figures: the user's own plots stay as they are.
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def style_axes(ax: Any, grid: str = "both") -> None:
    """A light grid across the axes ``grid`` (x, y or both), and no frame above and on the right."""
    ax.grid(axis=grid, color="0.92", zorder=0)
    ax.spines[["top", "right"]].set_visible(False)


def save_figure(figure: Any, files: Sequence[Path], description: str = "") -> None:
    """Write each file in the format of its suffix, PNG without one.

    Args:
        description: kept in the files' metadata.
    """
    for file in files:
        key = "Subject" if file.suffix == ".pdf" else "Description"
        metadata = {key: description} if description else None
        file.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(file) as unfinished:
            kind = file.suffix[1:] or "png"
            figure.savefig(unfinished, format=kind, dpi=DPI, metadata=metadata)
