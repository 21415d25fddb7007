"""What a process of our own sets for its speed: memory between frames, waiting between threads.

A library must not decide either for its user's process.
"""

from __future__ import annotations

import ctypes
import os
import sys

# glibc's mallopt(3): number, value and environment variable of each parameter.
KEPT = {
    "MALLOC_TRIM_THRESHOLD_": (-1, 1 << 30),  # bytes that stay free before any are given back
    "MALLOC_MMAP_THRESHOLD_": (-3, 32 << 20),  # larger blocks come from the system; 32 MiB at most
}
SPINS = "3000"  # of GNU OpenMP, whose own number is 300,000; with fewer a lone tracker is slower
WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def prepare_process() -> None:
    """Both of the below; before torch is imported."""
    keep_freed_memory()
    wait_briefly()


def keep_freed_memory() -> bool:
    """Keep what a frame frees for the next one, in this process and those that it starts.

    A network's outputs are blocks of megabytes. glibc gives them back to the system when they are
    freed, and each page is then zeroed again when it is next written: thousands of page faults in
    every frame.

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


def wait_briefly() -> bool:
    """Let threads of torch that wait for another one sleep soon, here and in processes started.

    A frame is hundreds of steps, after each of which the threads wait for the last. By default
    they keep their core busy meanwhile (GNU OpenMP, torch's on Linux). Where another program runs
    beside it, the thread that is waited for may be the one that has no core.

    Returns:
        False where nothing was changed: torch is imported, or the environment variables are set.
    """
    if "torch" in sys.modules or any(name in os.environ for name in WAITING):
        return False
    os.environ["GOMP_SPINCOUNT"] = SPINS
    return True
