"""Tables into files, each with what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crt_plugin.report.tables import Table, csv_text, markdown
from crt_plugin.runtime.atomic import write_text


def save_table(table: Table, folder: Path, rests_on: Sequence[str]) -> list[Path]:
    """Write ``<folder>/<name>.md`` and ``.csv``."""
    texts = {".md": markdown(table, rests_on), ".csv": csv_text(table, rests_on)}
    return [write_text(folder / f"{table.name}{suffix}", text) for suffix, text in texts.items()]
