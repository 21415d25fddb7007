"""A fixture that keeps figures open."""

import matplotlib.pyplot as plt
import pytest

from crt_plugin.report import plot_style


@pytest.fixture
def figures(monkeypatch):
    """Figures that the test has drawn, still open."""
    drawn = []
    monkeypatch.setattr(plot_style.plt, "close", drawn.append)
    yield drawn
    monkeypatch.undo()
    plt.close("all")
