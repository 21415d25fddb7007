"""The command line of every experiment, and how its output is shown and summed up."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from crt_plugin.errors import CRTError
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput
from crt_plugin.report.result_table import inline, terminal_tables
from crt_plugin.runtime.atomic import write_text


def main(make: Callable[[Reproduction], ScriptOutput], description: str) -> None:
    """Parse the arguments, make the table or figure, and show it."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--data", type=Path, help="OTB, or a part of it")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--output", type=Path, default=Path("paper"))
    parser.add_argument(
        "--rivals",
        type=Path,
        dest="published",
        metavar="RIVALS",
        help="published results: archive or folder",
    )
    parser.add_argument("--groundtruth", type=Path, help="annotations: archive or folder")
    parser.add_argument("--sequences", nargs="+")
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    try:
        reproduction = Reproduction(**vars(args))
        show(make(reproduction), Console())
    except CRTError as error:
        parser.error(str(error))


def show(output: ScriptOutput, console: Console) -> None:
    """Print tables with their notes, findings that are in no table, and names of files."""
    printed: set[str] = set()
    for table in output.tables:
        for part in terminal_tables(table, console.width):
            console.print(part)
        for note in table.notes:
            console.print(escape(note), style="dim", highlight=False)
        printed.update(table.notes)
    for finding in output.findings:
        if finding not in printed:
            console.print(escape(finding), highlight=False)
    for file in output.figures:
        console.print(escape(str(file)), highlight=False)


def write_summary(outputs: Mapping[str, ScriptOutput], folder: Path) -> Path:
    """Findings, and links to tables and pictures, by short name of the table or figure."""
    lines = ["# The paper's tables and figures, and ours", ""]
    for name, output in outputs.items():
        lines += [f"## {name.replace('table', 'Table ').replace('figure', 'Figure ')}", ""]
        lines += [f"- {inline(finding)}" for finding in output.findings]
        lines += [f"- [{inline(table.title)}]({table.name}.md)" for table in output.tables]
        pictures = [file for file in output.figures if file.suffix == ".png"]
        lines += [f"\n![{file.stem}]({os.path.relpath(file, folder)})" for file in pictures]
        lines.append("")
    folder.mkdir(parents=True, exist_ok=True)
    return write_text(folder / "summary.md", "\n".join(lines))
