"""plotly's script, which draws the page's curves."""

from __future__ import annotations

import importlib

from crt_plugin.errors import MissingExtraError


def plotly_script() -> str:
    """The library's text, as the installed package brings it.

    Raises:
        MissingExtraError: plotly is not installed.
    """
    try:
        offline = importlib.import_module("plotly.offline")
    except ImportError as error:
        raise MissingExtraError(
            'the page draws its curves with plotly: pip install "crt-plugin[report]", or '
            'pip install "plotly>=5.20"'
        ) from error
    return str(offline.get_plotlyjs())
