"""What a table or picture rests on: sequences, parameters, versions, machine and date."""

from __future__ import annotations

import datetime
import hashlib
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

CPU_INFO = Path("/proc/cpuinfo")
PACKAGES = ("crt-plugin", "torch", "numpy", "got10k", "opencv-python", "opencv-contrib-python")
HASH_DIGITS = 12


def machine() -> dict[str, Any]:
    """What figures were measured on: processor, system, Python and packages."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": versions,
    }


def _processor() -> str:
    if CPU_INFO.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", CPU_INFO.read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()


@dataclass(frozen=True)
class Provenance:
    """What a result rests on.

    Attributes:
        sequences: of the benchmark, by its name and the number that it lists, e.g.
            ``{("OTB-50", 50): ("Deer", "Girl")}``.
        parameters: of each CRT tracker, the text of all its settings.
    """

    sequences: Mapping[tuple[str, int], Sequence[str]]
    parameters: Mapping[str, str]

    def lines(self) -> list[str]:
        """A line for each subject."""
        found = [
            f"{benchmark}: {len(names)} of {listed} sequences: {', '.join(names) or 'none'}"
            for (benchmark, listed), names in self.sequences.items()
        ]
        if self.parameters:
            hashes = (f"{name} {digest(text)}" for name, text in self.parameters.items())
            found.append(f"Settings (SHA-256, first {HASH_DIGITS} digits): {', '.join(hashes)}")
        about = machine()
        packages = ", ".join(f"{name} {version}" for name, version in about["packages"].items())
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        found.append(
            f"Made on {today} with Python {about['python']}, {packages}, on {about['processor']}, "
            f"{about['system']}"
        )
        return found


def digest(text: str) -> str:
    """The first digits of SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]
