"""The command ``crt parameters``."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crt_plugin.cli.options import PARAMETERS_HELP
from crt_plugin.cli.terminal import make_table
from crt_plugin.parameters import (
    Parameters,
    load_parameters,
    parameter_directory,
    parameter_names,
)


def parameters(
    name: Annotated[
        str | None, typer.Argument(help=PARAMETERS_HELP, autocompletion=parameter_names)
    ] = None,
) -> None:
    """List the parameter files, or explain every setting of one."""
    console = Console()
    if name is None:
        table = make_table("name", "what")
        for file in parameter_names():
            table.add_row(file, escape(_first_line(parameter_directory() / f"{file}.py")))
        console.print(table)
        console.print("crt parameters NAME explains one; NAME can be the path of your own file.")
    else:
        console.print(_tabulate_settings(name, load_parameters(name)))
        console.print(
            "* differs from the default. Source of the default value: paper (arXiv 1611.04215), "
            "reference (its authors' published code) or ours."
        )


def _first_line(path: Path) -> str:
    """First line of the docstring of a Python file, which is not run."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def _tabulate_settings(name: str, params: Parameters) -> Table:
    """A row for each setting: name, value and default, and its description."""
    table = Table(
        "setting", "value", "meaning", title=f"parameters {escape(name)}", box=None, padding=(0, 1)
    )
    default = load_parameters("default")
    comments = _read_comments(name)
    for key, value in params:
        usual = default.get(key)
        if value == usual:
            table.add_row(key, escape(_format(value)), escape(_describe(key)) + "\n")
            continue
        shown = f"[bold]{escape(_format(value))} *[/]\n(default {escape(_format(usual))})"
        about = _describe(key) + (f"\nthis file: {comments[key]}" if key in comments else "")
        table.add_row(f"[bold]{key}[/]", shown, escape(about) + "\n")
    return table


def _read_comments(name: str) -> dict[str, str]:
    """Comments of a parameter file on its values: ``params.<key> = ...  # <comment>``."""
    path = Path(name) if name.endswith(".py") else parameter_directory() / f"{name}.py"
    lines = re.findall(
        r"^\s*params\.(\w+) *=[^#\n]*# *(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    return dict(lines)


def _format(value: object) -> str:
    return "(empty)" if value == "" else str(value)


def _describe(key: str) -> str:
    """Meaning and unit, effect of raising, expected values and the default's source."""
    facts = Parameters.describe(key)
    unit = "" if facts["unit"] == "none" else f" [{facts['unit']}]"
    lines = [facts["meaning"] + unit]
    if facts["raising"]:
        lines.append("raised: " + facts["raising"])
    if not facts["expected"].startswith("any "):
        lines.append("expected " + facts["expected"])
    lines.append("source: " + facts["source"])
    return "\n".join(lines)
