"""The one bar, as a counter of frames and as a sink."""

import importlib.util
import subprocess
import sys

import pytest

from crt_plugin.runtime.progress import ProgressBar, open_console


def test_a_job_that_fails_is_counted_as_done():
    """7 + 5 frames; the first job fails after one, and its others are counted as done."""
    with ProgressBar(12, counts_frames=True, is_shown=False) as bar:
        task = bar._progress.tasks[0]
        bar.describe("CRT-hog Deer")
        bar.advance()
        assert (task.description, task.completed, task.total) == ("CRT-hog Deer", 1, 12)
        bar.move_to(7)
        assert (task.completed, task.total) == (7, 12)
        bar.advance()
        assert task.completed == 8


def test_a_total_may_be_known_later():
    with ProgressBar(description="linking frames", is_shown=False) as bar:
        task = bar._progress.tasks[0]
        assert task.total is None
        bar.move_to(1, 3)
        assert (task.completed, task.total) == (1, 3)


def test_a_sink_goes_from_training_to_tracking_and_writes_to_standard_error(capsys):
    bar = ProgressBar(2, "training on frame 0", counts_frames=True)
    task = bar._progress.tasks[0]
    bar.write(None)
    bar.close()
    assert (task.description, task.completed) == ("tracking", 1)
    captured = capsys.readouterr()
    assert not captured.out and "tracking" in captured.err


def test_a_bar_that_goes_leaves_nothing_in_a_log(capsys):
    with ProgressBar(2, is_transient=True) as bar:
        bar.advance()
    assert capsys.readouterr() == ("", "")


def test_the_lowest_layer_imports_nothing_above_it():
    code = "import sys, crt_plugin.runtime.progress; print('crt_plugin.media' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n"


CELL = """
from crt_plugin.runtime.progress import ProgressBar, open_console
with ProgressBar(5, "tracking", counts_frames=True) as bar:
    for _ in range(5):
        bar.advance()
"""


def test_a_notebook_has_one_bar_without_codes_and_warnings():
    """Where ipywidgets are missing, with which rich draws a bar of its own."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    if importlib.util.find_spec("ipywidgets"):
        pytest.skip("ipywidgets are installed")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    nbclient.NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    text = "".join(output["text"] for output in notebook.cells[0].outputs)
    assert text.count("tracking") == 1 and "5/5" in text
    assert "\x1b" not in text and "\r" not in text and "ipywidgets" not in text


def test_a_command_of_a_notebook_s_cell_has_no_terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # what a terminal makes of it
    assert open_console().is_terminal
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    assert not open_console().is_terminal
