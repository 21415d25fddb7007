"""Findings and files of all tables and figures, on one page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from crt_plugin.paper.reproduction import ScriptOutput
from crt_plugin.report.result_table import inline
from crt_plugin.runtime.atomic import write_text

FILE = "summary.md"


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
    return write_text(folder / FILE, "\n".join(lines))
