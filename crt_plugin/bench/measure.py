"""A measurement has a process of its own: clean memory, its own number of threads."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from crt_plugin.errors import BenchError

Result = dict[str, Any]


@dataclass(frozen=True)
class Measurement:
    """What one process is to measure.

    Attributes:
        task: a key of ``process.TASKS``.
        threads: of torch and OpenCV; 0 leaves both as they are.
        arguments: of the task, as JSON can hold them.
    """

    task: str
    threads: int
    arguments: dict[str, Any] = field(default_factory=dict)


def measure(measurement: Measurement, on_step: Callable[[str], None] = lambda text: None) -> Result:
    """Measure in a new process.

    Args:
        on_step: called with what is being measured, now and then.

    Raises:
        BenchError: the process failed; its reason.
    """
    command = [sys.executable, "-m", "crt_plugin.bench.process", json.dumps(asdict(measurement))]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        result = None
        assert process.stdout is not None
        for line in process.stdout:
            message = json.loads(line)
            if "step" in message:
                on_step(message["step"])
            else:
                result = message
        process.wait()
        errors.seek(0)
        said = errors.read().strip()
    if result is None:
        last = said.splitlines()[-1] if said else f"exit status {process.returncode}"
        raise BenchError(f"{measurement.task} {measurement.arguments}: {last}")
    if "error" in result:
        raise BenchError(result["error"])
    return result
