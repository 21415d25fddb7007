"""All drawing of results: curves, series, and rows of pictures, as SVG, PDF and PNG."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from crt_plugin.report.plot_style import COLORS, LEGEND, new_figure, save_figure, style_axes

DASHES = ("-", "--", ":")
CHARACTERS = 21  # an inch, of the text below a picture


@dataclass(frozen=True)
class Line:
    """A line of a panel.

    Attributes:
        name: lines of one name have one colour in all panels.
        legend: what the legend says.
        y: as many as the panel's x.
        is_ours: drawn thicker, and above the others.
    """

    name: str
    legend: str
    y: NDArray[np.float64]
    is_ours: bool = False


@dataclass(frozen=True)
class Curves:
    """A panel of lines over one axis, in the order of the legend."""

    title: str
    x_label: str
    y_label: str
    x: NDArray[np.float64]
    lines: Sequence[Line]


@dataclass(frozen=True)
class Panel:
    """A picture with boxes on it.

    Attributes:
        image: H x W x 3, uint8, or a map, H x W, float.
        boxes: x, y, w, h in px of the picture, 0-based, by the label that the legend shows.
        limits: values of a map that the darkest and brightest colours stand for.
    """

    title: str
    image: NDArray[Any]
    boxes: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    limits: tuple[float, float] | None = None


def draw_curves(
    panels: Sequence[Curves], columns: int, file: Path, provenance: Sequence[str]
) -> list[Path]:
    """Panels of lines side by side, ``columns`` in a row."""
    rows = -(-len(panels) // columns)
    figure, axes = new_figure(rows, columns, (6 * columns, 4.4 * rows))
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines))
    for panel, ax in zip(panels, axes.flat, strict=False):
        _draw_lines(panel, ax, names)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    return _save(figure, file, provenance)


def _draw_lines(panel: Curves, ax: Any, names: Sequence[str]) -> None:
    for line in panel.lines:
        index = names.index(line.name)
        ax.plot(
            panel.x,
            line.y,
            DASHES[index // len(COLORS) % len(DASHES)],
            color=COLORS[index % len(COLORS)],
            label=line.legend,
            linewidth=2.6 if line.is_ours else 1.4,
            zorder=3 if line.is_ours else 2,
        )
    ax.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
    style_axes(ax)
    if panel.lines:
        ax.legend(**LEGEND)


def draw_panels(
    rows: Sequence[Sequence[Panel]], file: Path, provenance: Sequence[str]
) -> list[Path]:
    """Rows of pictures; each tracker's boxes have one colour in all of them."""
    columns = max(map(len, rows))
    labels = list(dict.fromkeys(label for row in rows for panel in row for label in panel.boxes))
    shape = rows[0][0].image.shape
    size = (3.2 * columns, 3.2 * shape[0] / shape[1] * len(rows) + 0.5 * len(rows) + 0.6)
    figure, axes = new_figure(len(rows), columns, size)
    for row, row_axes in zip(rows, axes, strict=True):
        for ax in row_axes[len(row) :]:
            ax.set_axis_off()
        for panel, ax in zip(row, row_axes, strict=False):
            _draw_panel(panel, ax, labels)
    handles = [Line2D([], [], color=_color(labels, label), label=label) for label in labels]
    if handles:
        figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), fontsize=9)
    return _save(figure, file, provenance)


def _draw_panel(panel: Panel, ax: Any, labels: Sequence[str]) -> None:
    is_map = panel.image.ndim == 2
    low, high = panel.limits or (None, None)
    ax.imshow(panel.image, cmap="viridis" if is_map else None, vmin=low, vmax=high)
    ax.set_title(panel.title, fontsize=9)
    ax.set(xticks=[], yticks=[])
    for label, (x, y, w, h) in reversed(list(panel.boxes.items())):  # the first on top
        # imshow puts the centre of the first pixel at 0; boxes count from its corner
        corner = (x - 0.5, y - 0.5)
        color = _color(labels, label)
        ax.add_patch(Rectangle(corner, w, h, fill=False, edgecolor=color, linewidth=1.6))


def _color(labels: Sequence[str], label: str) -> str:
    return COLORS[labels.index(label) % len(COLORS)]


def _save(figure: Any, file: Path, provenance: Sequence[str]) -> list[Path]:
    """Write ``<file>.svg``, ``.pdf`` and ``.png``, with ``provenance`` below and in them."""
    columns = int(CHARACTERS * figure.get_figwidth())
    text = "\n".join("\n".join(textwrap.wrap(line, columns)) for line in provenance)
    figure.supxlabel(text, fontsize=6, color="0.4", x=0.01, ha="left")
    files = [file.with_name(file.name + suffix) for suffix in (".svg", ".pdf", ".png")]
    save_figure(figure, files, "\n".join(provenance))
    return files
