"""What came out of all tables and figures, on one page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from crt_plugin.paper.study import ScriptOutput
from crt_plugin.report.result_table import inline
from crt_plugin.runtime.atomic import write_text

FILE = "summary.md"


def write_summary(outcomes: Mapping[str, ScriptOutput], folder: Path) -> Path:
    """Findings, and links to tables and pictures, by short name of the table or figure."""
    lines = ["# The paper's tables and figures, and ours", ""]
    for name, outcome in outcomes.items():
        lines += [f"## {name.replace('table', 'Table ').replace('figure', 'Figure ')}", ""]
        lines += [f"- {inline(finding)}" for finding in outcome.findings]
        lines += [f"- [{inline(table.title)}]({table.name}.md)" for table in outcome.tables]
        pictures = [file for file in outcome.figures if file.suffix == ".png"]
        lines += [f"\n![{file.stem}]({os.path.relpath(file, folder)})" for file in pictures]
        lines.append("")
    folder.mkdir(parents=True, exist_ok=True)
    return write_text(folder / FILE, "\n".join(lines))
