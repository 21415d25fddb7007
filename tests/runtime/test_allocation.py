"""Memory that the process keeps between frames."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from crt_plugin.runtime.allocation import KEPT

ROUNDS = 10
# Five blocks of 16 MiB, written and freed: 20,480 pages of 4 KiB.
SCRIPT = f"""
import resource, torch
from crt_plugin.runtime.allocation import keep_freed_memory

def write_blocks():
    [torch.ones(4 << 20) for _ in range(5)]

def count_page_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range({ROUNDS}):
        write_blocks()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

write_blocks()
given_back = count_page_faults()
print(keep_freed_memory())
for _ in range(3):  # until the heap is large enough
    write_blocks()
print(given_back, count_page_faults())
"""


def run(**variables):
    kept = {name: value for name, value in os.environ.items() if name not in KEPT}
    script = [sys.executable, "-c", SCRIPT]
    result = subprocess.run(
        script, env=kept | variables, check=True, capture_output=True, text=True
    )
    changed, faults = result.stdout.splitlines()
    return changed == "True", *map(int, faults.split())


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_freed_memory_is_written_again_without_page_faults():
    changed, given_back, kept = run()
    assert changed
    assert given_back > 1000 * ROUNDS
    assert kept < given_back / 20


def test_the_users_own_choice_stays():
    changed, given_back, kept = run(MALLOC_TRIM_THRESHOLD_="131072")
    assert not changed
    assert kept > given_back / 2
