import subprocess
import sys

import numpy as np
from matplotlib.colors import to_hex
from PIL import Image

from crt_plugin.report.plot_style import COLORS
from crt_plugin.report.plots import Curves, Line, Panel, draw_curves, draw_panels
from tests.helpers.figures import figures

__all__ = ["figures"]  # a fixture


def test_a_tracker_has_one_colour_in_all_panels(figures, tmp_path):
    x = np.arange(3.0)
    a, b = Line("a", "a [1]", x, is_ours=True), Line("b", "b [2]", 2 * x)
    panels = [Curves("P", "x", "y", x, [a, b]), Curves("S", "x", "y", x, [b, a])]
    files = draw_curves(panels, 2, tmp_path / "f", ["rests on"])
    left, right = figures[0].axes
    assert [line.get_color() for line in left.lines] == list(COLORS[:2])
    assert [line.get_color() for line in right.lines] == [COLORS[1], COLORS[0]]
    assert [t.get_text() for t in right.get_legend().get_texts()] == ["b [2]", "a [1]"]
    assert left.lines[0].get_linewidth() > left.lines[1].get_linewidth()
    np.testing.assert_array_equal(right.lines[0].get_ydata(), 2 * x)
    assert [file.name for file in files] == ["f.svg", "f.pdf", "f.png"]


def test_what_a_picture_rests_on_is_in_it(figures, tmp_path):
    line = Line("a", "a", np.zeros(2))
    svg, pdf, png = draw_curves(
        [Curves("", "", "", np.arange(2.0), [line])], 1, tmp_path / "f", ["13 of 100", "today"]
    )
    assert Image.open(png).info["Description"] == "13 of 100\ntoday"
    assert "13 of 100" in svg.read_text()
    assert pdf.read_bytes().startswith(b"%PDF") and b"/Subject (13 of 100" in pdf.read_bytes()
    assert figures[0].get_supxlabel() == "13 of 100\ntoday"


def test_boxes_lie_on_the_pixels_that_they_count(figures, tmp_path):
    """0-based: a box at (0, 0) begins at the outer corner of the first pixel, -0.5 for imshow."""
    image = np.zeros((20, 30, 3), np.uint8)
    boxes = {"CRT": np.array([0.0, 0, 4, 5]), "KCF": np.array([2.0, 3, 4, 5])}
    draw_panels([[Panel("f", image, boxes)], [Panel("m", np.eye(4))]], tmp_path / "f", [])
    kcf, crt = figures[0].axes[0].patches  # the first tracker is drawn last, on top
    assert (crt.get_xy(), crt.get_width(), crt.get_height()) == ((-0.5, -0.5), 4, 5)
    assert kcf.get_xy() == (1.5, 2.5)
    assert to_hex(crt.get_edgecolor()) == COLORS[0] and to_hex(kcf.get_edgecolor()) == COLORS[1]
    (legend,) = figures[0].legends
    assert [text.get_text() for text in legend.get_texts()] == ["CRT", "KCF"]


def test_rows_of_different_lengths(figures, tmp_path):
    image = np.zeros((20, 30, 3), np.uint8)
    draw_panels([[Panel("a", image)], [Panel("b", image), Panel("c", image)]], tmp_path / "f", [])
    shown = [ax.get_title() for ax in figures[0].axes if ax.axison]
    assert shown == ["a", "b", "c"]


def test_the_backend_of_the_user_s_own_plots_stays(tmp_path):
    """Importing and drawing neither choose a backend nor leave a figure to pyplot."""
    code = (
        "import matplotlib, sys; matplotlib.use('svg'); import matplotlib.pyplot as plt\n"
        "from pathlib import Path; from crt_plugin.report.plots import *\n"
        "curves = Curves('', '', '', [0.0, 1.0], [Line('a', 'a', [0.0, 1.0])])\n"
        "draw_curves([curves], 1, Path(sys.argv[1]), [])\n"
        "print(matplotlib.get_backend(), plt.get_fignums())"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "f")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout == "svg []\n", done.stderr
    assert Image.open(tmp_path / "f.png").size[0] > 100
