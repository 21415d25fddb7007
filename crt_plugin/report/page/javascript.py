"""A page's scripts: plotly's, and data, as a page opened from disk cannot fetch JSON."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

from crt_plugin.errors import MissingExtraError
from crt_plugin.runtime.environment import advise_extra

# Harmless in JSON, but not in a script inside of a page
_ESCAPES = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})
CALLED = "crtReport"  # the page's function that takes data


def as_json(data: Any) -> str:
    """JSON that can stand in a script.

    Raises:
        ValueError: numbers that are not finite, which JSON does not have.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPES)


def write_script(file: Path, key: str, data: Any) -> None:
    """Write a script that hands ``data`` to the page under ``key``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{CALLED}({as_json(key)},{as_json(data)});\n", encoding="utf-8")


def file_name(index: int, name: str) -> str:
    """A unique name for the files of a sequence, safe in every file system and URL."""
    return f"{index:03d}-{re.sub(r'[^A-Za-z0-9_.-]+', '_', name)[:60]}"


def plotly_script() -> str:
    """Text of the script of the installed plotly, which draws the page's curves.

    Raises:
        MissingExtraError: plotly is not installed.
    """
    try:
        offline = importlib.import_module("plotly.offline")
    except ImportError as error:
        raise MissingExtraError(
            f"the page draws its curves with plotly: {advise_extra('report')}"
        ) from error
    return str(offline.get_plotlyjs())
