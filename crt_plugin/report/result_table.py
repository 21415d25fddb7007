"""A table of results as Markdown, as CSV, and for the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import rich.table
import rich.text
from rich.markup import escape

from crt_plugin.runtime.atomic import write_text

GAP = 2  # blanks between columns on the terminal
Value = str | float | None


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what it shows.
        rank: 1 for the best of its row or column, 2 for the second best, 0 for others.
    """

    text: str
    rank: int = 0


@dataclass(frozen=True)
class ResultTable:
    """A table with its title and notes.

    Attributes:
        name: of its files.
        title: one line.
        columns: heads.
        rows: a cell for each column; one without a value has an empty text.
        notes: lines below it, for example why cells are empty.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = field(default_factory=list)


def number(value: float | None, digits: int = 3) -> str:
    """A value with ``digits`` decimals; "" for None."""
    return "" if value is None else f"{value:.{digits}f}"


def cells(*values: Value, digits: int = 3) -> list[Cell]:
    """A row without marks."""
    return [Cell(v if isinstance(v, str) else number(v, digits)) for v in values]


def ranks(values: Sequence[float | None]) -> list[int]:
    """1 for the largest value, 2 for the second largest, else 0; equal values share a rank."""
    known = sorted({value for value in values if value is not None}, reverse=True)[:2]
    return [known.index(value) + 1 if value in known else 0 for value in values]


def markdown(table: ResultTable, below: Sequence[str] = ()) -> str:
    """Markdown with the best in bold and the second best in italics, notes, and ``below``."""
    marks = ("{}", "**{}**", "*{}*")
    lines = [f"# {table.title}", "", _markdown_row(table.columns)]
    lines.append(_markdown_row(["---"] * len(table.columns)))
    for row in table.rows:
        lines.append(
            _markdown_row([marks[c.rank].format(inline(c.text)) if c.text else "" for c in row])
        )
    for paragraph in (*table.notes, *below):
        lines += ["", inline(paragraph)]
    return "\n".join(lines) + "\n"


def _markdown_row(texts: Sequence[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def inline(text: str) -> str:
    """Text with Markdown's signs escaped, in one line."""
    for sign in "\\|*_<>[]`":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ")


def csv_text(table: ResultTable, below: Sequence[str] = ()) -> str:
    """CSV without marks; title, notes and ``below`` are lines after ``# ``."""
    text = io.StringIO()
    for line in (table.title, *table.notes, *below):
        text.write(f"# {' '.join(line.split())}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([cell.text for cell in row] for row in table.rows)
    return text.getvalue()


def terminal_tables(table: ResultTable, width: int) -> list[rich.table.Table]:
    """The table for rich, without its notes, in as many parts as ``width`` columns need.

    Each part begins with the first column.
    """
    styles = ("", "bold red", "blue")
    shown: list[rich.table.Table] = []
    for part in _parts(table, width):
        one = rich.table.Table(box=None, padding=(0, GAP, 0, 0))
        if not shown:
            one.title, one.title_justify = escape(table.title), "left"
        for column in part:
            one.add_column(escape(table.columns[column]), no_wrap=True)
        for row in table.rows:
            one.add_row(*(rich.text.Text(row[i].text, styles[row[i].rank]) for i in part))
        shown.append(one)
    return shown


def _parts(table: ResultTable, width: int) -> list[list[int]]:
    """Columns of each part: the first, and as many others as fit."""
    widths = [
        GAP + max(len(head), *(len(row[i].text) for row in table.rows))
        for i, head in enumerate(table.columns)
    ]
    parts: list[list[int]] = [[0]]
    for column in range(1, len(widths)):
        taken = sum(widths[i] for i in parts[-1])
        if len(parts[-1]) > 1 and taken + widths[column] > width:
            parts.append([0])
        parts[-1].append(column)
    return parts


def save_table(table: ResultTable, folder: Path, provenance: Sequence[str]) -> list[Path]:
    """Write ``<folder>/<name>.md`` and ``.csv``."""
    texts = {".md": markdown(table, provenance), ".csv": csv_text(table, provenance)}
    return [write_text(folder / f"{table.name}{suffix}", text) for suffix, text in texts.items()]
