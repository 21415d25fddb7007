"""Python files that are loaded by their path, and the packaged folders of such files."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from crt_plugin.errors import SourceError


def bundled_folder(name: str) -> Path:
    """``parameters`` or ``experiments``: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "bundled" / name
    return installed if installed.is_dir() else package.parent / name


def load_python_file(path: Path) -> ModuleType:
    """Execute a Python file and return it as a module.

    Its name in ``sys.modules`` begins with ``crt_``, so that ``examples/pytracking.py`` does not
    hide the toolkit of that name.

    Raises:
        SourceError: no such file; else whatever the file raises.
    """
    spec = importlib.util.spec_from_file_location(f"crt_{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SourceError(f"no file {path}; expected a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look names up there
    spec.loader.exec_module(module)
    return module
