"""Memory between frames: kept by the process, or given back to the system."""

from __future__ import annotations

import ctypes
import os

# glibc's mallopt(3): number, value and environment variable of each parameter.
KEPT = {
    "MALLOC_TRIM_THRESHOLD_": (-1, 1 << 30),  # bytes that stay free before any are given back
    "MALLOC_MMAP_THRESHOLD_": (-3, 32 << 20),  # larger blocks come from the system; 32 MiB at most
}


def keep_freed_memory() -> bool:
    """Keep what a frame frees for the next one, in this process and those that it starts.

    A network's outputs are blocks of megabytes. glibc gives them back to the system when they are
    freed, and each page is then zeroed again when it is next written: thousands of page faults in
    every frame. For processes of our own; a library must not decide this for its user's.

    Returns:
        False where nothing was changed: another C library, or the environment variables are set.
    """
    if any(name in os.environ for name in KEPT):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, TypeError):  # macOS and musl; Windows
        return False
    for name, (number, value) in KEPT.items():
        os.environ[name] = str(value)
        mallopt(number, value)
    return True
