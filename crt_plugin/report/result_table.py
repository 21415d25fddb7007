"""A table of results as Markdown, as CSV, as LaTeX, and for the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import rich.table
import rich.text
from rich.markup import escape

from crt_plugin.errors import ParameterError
from crt_plugin.runtime.atomic import write_text

_LATEX = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
    }
)
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


def latex(table: ResultTable, below: Sequence[str] = ()) -> str:
    r"""A ``table`` of LaTeX, the best in bold and the second best in italics; needs no package.

    The title is its caption, the name its label; notes and ``below`` are comments at the top.
    """
    marks = ("{}", r"\textbf{{{}}}", r"\textit{{{}}}")
    lines = [f"% {' '.join(line.split())}" for line in (*table.notes, *below)]
    lines += [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape_latex(table.title)}}}",
        rf"\label{{tab:{table.name}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}",
        r"\hline",
        _latex_row(map(escape_latex, table.columns)),
        r"\hline",
    ]
    for row in table.rows:
        lines.append(_latex_row(marks[c.rank].format(escape_latex(c.text)) for c in row))
    lines += [r"\hline", r"\end{tabular}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def _latex_row(texts: Iterable[str]) -> str:
    return " & ".join(texts) + r" \\"


def escape_latex(text: str) -> str:
    """Text in one line that LaTeX prints as it is."""
    return " ".join(text.split()).translate(_LATEX)


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
        GAP + max([len(head), *(len(row[i].text) for row in table.rows)])
        for i, head in enumerate(table.columns)
    ]
    parts: list[list[int]] = [[0]]
    for column in range(1, len(widths)):
        taken = sum(widths[i] for i in parts[-1])
        if len(parts[-1]) > 1 and taken + widths[column] > width:
            parts.append([0])
        parts[-1].append(column)
    return parts


FORMATS = {".md": markdown, ".csv": csv_text, ".tex": latex}


def save_table(table: ResultTable, folder: Path, provenance: Sequence[str]) -> list[Path]:
    """Write ``<folder>/<name>.md``, ``.csv`` and ``.tex``."""
    return [
        write_text(folder / f"{table.name}{suffix}", write(table, provenance))
        for suffix, write in FORMATS.items()
    ]


def write_table(table: ResultTable, file: Path, provenance: Sequence[str] = ()) -> None:
    """Write a table in the format of the file's suffix, a key of ``FORMATS``.

    Raises:
        ParameterError: another suffix.
        StorageError: it cannot be written.
    """
    check_format(file)
    write_text(file, FORMATS[file.suffix](table, provenance))


def check_format(file: Path) -> None:
    """Raise ``ParameterError`` if a table cannot be written in the format of this suffix."""
    if file.suffix not in FORMATS:
        raise ParameterError(f"table {file}; expected a name that ends in {', '.join(FORMATS)}")
