"""Processor, system, Python and packages that results are made with."""

from __future__ import annotations

import platform
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from crt_plugin import __version__

# All provide the module cv2, so at most one of them may be installed.
OPENCV_WHEELS = (
    "opencv-python",
    "opencv-contrib-python",
    "opencv-python-headless",
    "opencv-contrib-python-headless",
)
CPU_INFO = Path("/proc/cpuinfo")
PACKAGES = ("torch", "numpy", "got10k", *OPENCV_WHEELS)


def describe_machine() -> dict[str, Any]:
    """Under ``processor``, ``system``, ``python`` and, by package, ``packages``."""
    versions = {"crt-plugin": __version__}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "processor": _find_processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": versions,
    }


def _find_processor() -> str:
    if CPU_INFO.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", CPU_INFO.read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()
