"""Memory of this process."""

from __future__ import annotations

import re
from pathlib import Path

STATUS = Path("/proc/self/status")
MIB = 1024  # KiB


def peak_mib() -> float | None:
    """Most memory that was ever resident, MiB; None where the system does not tell.

    Not ``resource.getrusage``: its figure can be that of the process which started this one.
    """
    return _status("VmHWM")


def resident_mib() -> float | None:
    """Memory that is resident now, MiB; None where the system does not tell."""
    return _status("VmRSS")


def _status(field: str) -> float | None:
    if not STATUS.is_file():
        return None
    found = re.search(rf"^{field}:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    return int(found[1]) / MIB if found else None
