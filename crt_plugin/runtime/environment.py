"""Processor, system, Python and packages that results are made with, and what to install."""

from __future__ import annotations

import platform
import re
from collections import defaultdict
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from crt_plugin import __version__

# All provide the module cv2, so at most one of them may be installed.
OPENCV_WHEELS = (
    "opencv-python",
    "opencv-contrib-python",
    "opencv-python-headless",
    "opencv-contrib-python-headless",
)
KERNEL = "JPY_PARENT_PID"  # Jupyter sets it for its kernels, and what they start inherits it
CPU_INFO = Path("/proc/cpuinfo")
DISTRIBUTION = "crt-plugin"
PACKAGES = ("torch", "numpy", "got10k", *OPENCV_WHEELS)
ROOT = Path(__file__).resolve().parents[2]  # the clone, or site-packages


class Requirement(NamedTuple):
    """A distribution that the package asks for.

    Attributes:
        text: as in the package's metadata, without the extra: "av>=12".
        name: of the distribution: "av".
        version: that is installed; None if it is missing.
    """

    text: str
    name: str
    version: str | None


def describe_machine() -> dict[str, Any]:
    """Under ``processor``, ``system``, ``python`` and, by package, ``packages``.

    ``auto`` is what the settings ``device`` and ``precision`` mean here where they are "auto", such
    as "cpu, float32" or "NVIDIA H200, bfloat16".
    """
    found = {name: find_version(name) for name in PACKAGES}
    versions = {DISTRIBUTION: __version__} | {name: v for name, v in found.items() if v}
    import torch  # not above: crt sets how its threads wait before torch starts them

    from crt_plugin.runtime.device import choose_device, choose_precision

    device = choose_device("auto")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    precision = str(choose_precision("auto", device)).removeprefix("torch.")
    return {
        "processor": _find_processor(),
        "auto": f"{name}, {precision}",
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": versions,
    }


def find_version(name: str) -> str | None:
    """Version of an installed distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def read_requirements() -> dict[str, list[Requirement]]:
    """What the package's metadata asks for, by extra, "" for what is always needed.

    Empty if the package runs without being installed.
    """
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return {}
    found: dict[str, list[Requirement]] = defaultdict(list)
    for line in lines:  # av>=12; extra == 'video'
        text, _, marker = line.partition(";")
        name = re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0]
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", marker)
        # Any of the OpenCV wheels brings cv2.
        versions = map(find_version, OPENCV_WHEELS if name in OPENCV_WHEELS else [name])
        item = Requirement(text.strip(), name, next(filter(None, versions), None))
        found[extra[1] if extra else ""].append(item)
    return dict(found)


def advise_extra(extra: str) -> str:
    """The command that installs an extra, for where this package came from.

    An installed package is no reason to believe that an index has this project: it may come from a
    file. What the extra asks for is on every index.
    """
    if _is_clone(ROOT):
        return f'pip install -e "{ROOT}[{extra}]"'
    wanted = [item.text for item in read_requirements().get(extra, [])]
    return " ".join(
        ["pip install", *(f'"{text}"' for text in wanted or [f"{DISTRIBUTION}[{extra}]"])]
    )


def _is_clone(folder: Path) -> bool:
    project = folder / "pyproject.toml"
    return project.is_file() and f'name = "{DISTRIBUTION}"' in project.read_text(encoding="utf-8")


def _find_processor() -> str:
    if CPU_INFO.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", CPU_INFO.read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()
