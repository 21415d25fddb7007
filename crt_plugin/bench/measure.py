"""A measurement has its own process: clean memory, its own number of threads."""

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
OnStep = Callable[[str], None]  # called with what is being measured, now and then


@dataclass(frozen=True)
class Measurement:
    """What one process is to measure.

    Attributes:
        task: a key of ``process.TASKS``.
        threads: of torch and OpenCV; 0 leaves both as they are.
        arguments: of the task, as JSON can hold them.
        tracker: the name of what is measured, "" if it is not a tracker.
    """

    task: str
    threads: int
    arguments: dict[str, Any] = field(default_factory=dict)
    tracker: str = ""


def measure(measurement: Measurement, on_step: OnStep = lambda step: None) -> Result:
    """Measure in a new process.

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
        error_lines = errors.read().strip().splitlines()
    if result is None:
        reason = error_lines[-1] if error_lines else f"exit status {process.returncode}"
        raise BenchError(f"{measurement.task} {measurement.arguments}: {reason}")
    if "error" in result:
        raise BenchError(result["error"])
    return result
