"""Memory that the process keeps between frames, and how its threads wait."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys

import pytest

from crt_plugin.runtime.process import KEPT, SPINS, WAITING, wait_briefly

SCRIPT = """
import resource, sys
import torch
from crt_plugin import CRTTracker, load_parameters
from crt_plugin.runtime.process import keep_freed_memory
from tests.conftest import scene

print("keep" in sys.argv and keep_freed_memory())
torch.set_num_threads(1)
tracker = CRTTracker(load_parameters("light").copy(precision="float32"))
tracker.init(scene(60, 40), (60, 40, 24, 16))
for count in (5, 10):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for step in range(count):
        tracker.update(scene(60 + step, 40))
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def run(*words, **variables):
    """Whether it said that memory is kept, and page faults of ten frames of ``light``."""
    kept = {name: value for name, value in os.environ.items() if name not in KEPT}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words],
        env=kept | variables,
        check=True,
        capture_output=True,
        text=True,
    )
    changed, faults = result.stdout.splitlines()
    return changed == "True", int(faults)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_freed_memory_is_written_again_without_page_faults():
    """Against glibc's first threshold: it raises its own by what is freed, more or less early."""
    _, given_back = run(MALLOC_TRIM_THRESHOLD_="131072")
    changed, kept = run("keep")
    assert changed
    assert given_back > 10_000
    assert kept < given_back / 5


def test_the_users_own_choice_stays():
    changed, faults = run("keep", MALLOC_TRIM_THRESHOLD_="131072")
    assert not changed
    assert faults > 10_000


def spins(*words, **variables):
    """What the OpenMP library of torch says at its start of how long a thread waits awake."""
    unset = {name: value for name, value in os.environ.items() if name not in WAITING}
    done = subprocess.run(
        [sys.executable, *words],
        env=unset | {"OMP_DISPLAY_ENV": "verbose"} | variables,
        check=True,
        capture_output=True,
        text=True,
    )
    return re.findall(r"GOMP_SPINCOUNT = '(\d+)'", done.stderr)


COMMAND = ("-m", "crt_plugin", "doctor")
SERVER = (
    "-c",
    "import contextlib\nfrom crt_plugin.hosts.vot import main\n"
    "with contextlib.suppress(BaseException):\n    main(['--parameters', 'none'])\n"
    "import torch",
)


@pytest.mark.skipif(sys.platform != "linux", reason="torch has another OpenMP there")
@pytest.mark.parametrize("words", [COMMAND, SERVER], ids=["crt", "vot"])
def test_threads_wait_briefly(words):
    assert set(spins(*words)) == {SPINS}
    [own] = set(spins(*words, GOMP_SPINCOUNT="77"))
    assert own == "77"
    [passive] = set(spins(*words, OMP_WAIT_POLICY="passive"))
    assert passive == "0"


def test_what_torch_has_read_is_not_set_too_late(monkeypatch):
    import torch  # noqa: F401 - what the function looks for

    for name in WAITING:
        monkeypatch.delenv(name, raising=False)
    assert not wait_briefly()
    assert not any(name in os.environ for name in WAITING)
