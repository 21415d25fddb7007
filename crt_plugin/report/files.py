"""Tables and pictures into files, each with what it rests on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from crt_plugin.report.tables import Table, csv_text, markdown


def save_table(table: Table, folder: Path, rests_on: Sequence[str]) -> list[Path]:
    """Write ``<folder>/<name>.md`` and ``.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {".md": markdown(table, rests_on), ".csv": csv_text(table, rests_on)}
    return [write_text(folder / f"{table.name}{suffix}", text) for suffix, text in texts.items()]


def write_text(file: Path, text: str) -> Path:
    """Write a text in one step."""
    with finished(file) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return file


@contextlib.contextmanager
def finished(file: Path) -> Iterator[Path]:
    """A path to write to, renamed to ``file`` in the end, so that nobody reads a part."""
    unfinished = file.with_name(file.name + ".part")
    try:
        yield unfinished
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
