"""Memory of this process."""

from __future__ import annotations

import re
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_mib() -> float | None:
    """The largest resident memory so far, MiB; None if the system does not report it.

    Not ``resource.getrusage``: its figure can be that of the process which started this one.
    """
    return _read_status("VmHWM")


def resident_mib() -> float | None:
    """The resident memory now, MiB; None if the system does not report it."""
    return _read_status("VmRSS")


def _read_status(field: str) -> float | None:
    if not STATUS.is_file():
        return None
    found = re.search(rf"^{field}:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else None
