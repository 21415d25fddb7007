"""A fixture that keeps figures."""

import pytest

from crt_plugin.report import plot_style


@pytest.fixture
def figures(monkeypatch):
    """Figures that the test has drawn."""
    drawn = []

    class KeptFigure(plot_style.Figure):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            drawn.append(self)

    monkeypatch.setattr(plot_style, "Figure", KeptFigure)
    return drawn
