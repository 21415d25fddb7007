"""Options that several commands have, and what is read from their texts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from crt_plugin.errors import BoxError, ParameterError
from crt_plugin.parameters import Parameters, load_parameters

EXPECTED_BOX = (
    "X,Y,W,H: four numbers with commas between, the top left corner from 0 and the size, in pixels"
)

ParametersOption = Annotated[
    str, typer.Option(help="A parameter file: its name, or a path that ends in .py.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Override a setting; may be repeated."),
]
OutputOption = Annotated[
    Path | None, typer.Option(help="Folder of the results; without it output/<source name>.")
]
FramesOption = Annotated[int | None, typer.Option(min=1, help="Stop after this many frames.")]
NoVideoOption = Annotated[bool, typer.Option("--no-video", help="Write no MP4.")]
ShowOption = Annotated[bool, typer.Option("--show", help="Show it in a window; q or Esc ends.")]
ReportsOption = Annotated[
    Path | None,
    typer.Option(help="Folder of got10k's reports; without it reports inside of the results."),
]


def split(text: str) -> list[str]:
    """The parts of a text with commas between."""
    return [part for part in (part.strip() for part in text.split(",")) if part]


def parse_box(texts: list[str] | None) -> list[float] | None:
    """The box (x, y, w, h), in pixels, of the only text ``X,Y,W,H``; None without a text.

    Raises:
        BoxError: several texts, or not four finite numbers.
    """
    if not texts:
        return None
    text, *others = texts
    if others:
        raise BoxError(
            f"--box given {len(texts)} times ({' and '.join(texts)}); expected one: crt follows "
            "one object"
        )
    try:
        box = [float(part) for part in text.split(",")]
    except ValueError:
        box = []
    if len(box) != 4 or not all(map(math.isfinite, box)):
        raise BoxError(f"--box {text!r} is not a box; expected {EXPECTED_BOX}")
    return box


def load_settings(name: str, overrides: list[str] | None) -> Parameters:
    """The named parameters with each ``NAME=VALUE`` applied.

    Raises:
        ParameterError: no such file or setting, or a value that is none of its.
    """
    params, changes = load_parameters(name), {}
    for text in overrides or []:
        setting, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"--set {text!r} sets nothing; expected NAME=VALUE")
        changes[setting] = params.parse(setting, value)
    return params.copy(**changes)
