"""A fixture that keeps the drawn figures."""

import matplotlib.pyplot as plt
import pytest

from crt_plugin.report import plot_style


@pytest.fixture
def figures(monkeypatch):
    """Figures that were drawn; they stay open for the test."""
    drawn = []
    monkeypatch.setattr(plot_style.plt, "close", drawn.append)
    yield drawn
    monkeypatch.undo()
    plt.close("all")
