import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from crt_plugin.errors import ParameterError
from crt_plugin.report.result_table import (
    Cell,
    ResultTable,
    cells,
    csv_text,
    escape_latex,
    latex,
    markdown,
    number,
    ranks,
    save_table,
    terminal_tables,
    write_table,
)
from crt_plugin.runtime.atomic import write_atomically

TABLE = ResultTable(
    "t",
    "A title",
    ("tracker", "AUC"),
    [[Cell("a_b"), Cell("0.5", 1)], [Cell("c|d"), Cell("0.4", 2)], [Cell("e"), Cell("")]],
    ["Left empty: e: no results"],
)


def test_ranks_by_hand():
    assert ranks([0.1, 0.3, None, 0.2, 0.3]) == [0, 1, 0, 2, 1]
    assert ranks([]) == [] and ranks([None]) == [0] and ranks([1.0]) == [1]


@given(st.lists(st.none() | st.integers(0, 5).map(float), min_size=1))
def test_ranks_follow_the_order(values):
    found = ranks(values)
    known = [value for value in values if value is not None]
    for value, rank in zip(values, found, strict=True):
        assert (rank == 1) == (value is not None and value == max(known))
        assert rank != 2 or sum(other > value for other in set(known)) == 1


def test_no_value_is_no_number():
    assert number(None) == "" and number(0.12349) == "0.123" and number(3.0, 1) == "3.0"
    assert [cell.text for cell in cells("x", 0.5, None, digits=1)] == ["x", "0.5", ""]


def test_markdown():
    assert markdown(TABLE, ["Made on a_machine"]) == (
        "# A title\n\n"
        "| tracker | AUC |\n| --- | --- |\n"
        "| a\\_b | **0.5** |\n| c\\|d | *0.4* |\n| e |  |\n\n"
        "Left empty: e: no results\n\nMade on a\\_machine\n"
    )


def test_csv_is_read_back():
    text = csv_text(TABLE, ["two\nlines"])
    lines = text.splitlines()
    assert lines[:3] == ["# A title", "# Left empty: e: no results", "# two lines"]
    rows = list(csv.reader(io.StringIO("\n".join(lines[3:]))))
    assert rows == [["tracker", "AUC"], ["a_b", "0.5"], ["c|d", "0.4"], ["e", ""]]


def test_latex():
    text = latex(
        ResultTable("t", "50 % of A & B", ("tracker_1", "AUC"), TABLE.rows, ["why"]), ["x"]
    )
    assert text.splitlines() == [
        "% why",
        "% x",
        "\\begin{table}",
        "\\centering",
        "\\caption{50 \\% of A \\& B}",
        "\\label{tab:t}",
        "\\begin{tabular}{lr}",
        "\\hline",
        "tracker\\_1 & AUC \\\\",
        "\\hline",
        "a\\_b & \\textbf{0.5} \\\\",
        "c\\textbar{}d & \\textit{0.4} \\\\",
        "e &  \\\\",
        "\\hline",
        "\\end{tabular}",
        "\\end{table}",
    ]


@given(st.text())
def test_latex_has_no_sign_of_its_own_left(text):
    """What is left without the escapes: no sign that LaTeX acts on, in one line."""
    escaped = escape_latex(text)
    rest = re.sub(r"\\(?:text\w+\{\}|[&%$#_{}])", "", escaped)
    assert not set(rest) & set("\\&%$#_{}~^") and "\n" not in escaped


@pytest.mark.parametrize("name", ["t.txt", "t", "t.LATEX"])
def test_a_table_s_format_is_its_suffix(name, tmp_path):
    with pytest.raises(ParameterError, match=r"expected a name that ends in .md, .csv, .tex"):
        write_table(TABLE, tmp_path / name)
    write_table(TABLE, tmp_path / "t.tex")
    assert (tmp_path / "t.tex").read_text() == latex(TABLE)


@pytest.mark.parametrize("width", (20, 40, 200))
def test_a_screen_shows_every_cell(width):
    heads = ("tracker", *(f"column {i}" for i in range(9)))
    rows = [[Cell("[bold]x"), *(Cell(f"v{i}") for i in range(9))]]
    console = Console(width=width, file=io.StringIO(), color_system=None)
    parts = terminal_tables(ResultTable("t", "Title", heads, rows), width)
    for part in parts:
        console.print(part)
    shown = console.file.getvalue()
    assert all(f"v{i}" in shown and f"column {i}" in shown for i in range(9))
    assert shown.count("[bold]x") == len(parts) and (len(parts) == 1) == (width == 200)
    assert max(map(len, shown.splitlines())) <= width


def test_files(tmp_path):
    files = save_table(TABLE, tmp_path / "new", ["below"])
    assert sorted(file.name for file in files) == ["t.csv", "t.md", "t.tex"]
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["t.csv", "t.md", "t.tex"]
    assert "below" in files[0].read_text()


def test_a_file_is_whole_or_as_before(tmp_path):
    file = tmp_path / "f"
    file.write_text("before")
    with pytest.raises(RuntimeError), write_atomically(file) as unfinished:
        unfinished.write_text("half")
        raise RuntimeError
    assert file.read_text() == "before" and list(tmp_path.iterdir()) == [file]
