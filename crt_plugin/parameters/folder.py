"""The folder of the packaged parameter files."""

from __future__ import annotations

from pathlib import Path

from crt_plugin.runtime.python_files import bundled_folder


def parameter_directory() -> Path:
    """Folder of the parameter files: beside the package in a checkout, inside it in a wheel."""
    return bundled_folder("parameters")


def parameter_names() -> list[str]:
    """Names of the packaged parameter files, sorted."""
    return sorted(p.stem for p in parameter_directory().glob("*.py") if p.stem != "__init__")
