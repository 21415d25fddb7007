"""The scripts of the paper's tables and figures, in ``experiments/``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from crt_plugin.errors import ParameterError
from crt_plugin.paper.script import Make

ORDER = ("table1", "table2", "table3", "table4", "figure2", "figure3", "figure4", "figure5")


def script_directory() -> Path:
    """Folder of the scripts: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "bundled" / "experiments"
    return installed if installed.is_dir() else package.parent / "experiments"


def find_scripts(only: list[str] | None = None) -> dict[str, Path]:
    """Scripts by the short name of their table or figure, in the paper's order.

    Args:
        only: short names (``table2``), or the files' (``table2_mining``); None: all.

    Raises:
        ParameterError: one of them is no table or figure of the paper.
    """
    files = {name: next(script_directory().glob(f"{name}_*.py")) for name in ORDER}
    if only is None:
        return files
    by_name = files | {file.stem: file for file in files.values()}
    unknown = [name for name in only if name not in by_name]
    if unknown or not only:
        raise ParameterError(
            f"no table or figure {', '.join(unknown) or 'at all'}; expected {', '.join(ORDER)}"
        )
    chosen = {by_name[name] for name in only}
    return {name: file for name, file in files.items() if file in chosen}


def load(file: Path) -> Make:
    """What a script makes its outcome with."""
    spec = importlib.util.spec_from_file_location(f"crt_experiments_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ParameterError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for their names
    spec.loader.exec_module(module)
    make: Make = module.make
    return make
