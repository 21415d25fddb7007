"""A measurement's process: ``python -m crt_plugin.bench.process JSON``, lines of JSON out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TextIO

import cv2
import torch

from crt_plugin.bench import growth
from crt_plugin.bench.measure import Result
from crt_plugin.bench.objects import measure_objects
from crt_plugin.bench.regression_step import measure_regression
from crt_plugin.bench.tracking import measure_peer, measure_tracker
from crt_plugin.errors import CRTError

TASKS: dict[str, Callable[..., Result]] = {
    "tracker": measure_tracker,
    "peer": measure_peer,
    "regression": measure_regression,
    "objects": measure_objects,
    "object_sizes": partial(growth.measure_sizes, "object_ms", growth.OBJECT_SIZES),
    "frame_sizes": partial(growth.measure_sizes, "frame_ms", growth.FRAME_SIZES),
    "sequence_length": growth.measure_sequence_length,
    "workers": growth.measure_workers,
}


def main(text: str, out: TextIO) -> None:
    """Do the ``Measurement`` of a text of JSON; its result, or error, is the last line."""
    measurement = json.loads(text)
    if measurement["threads"]:
        torch.set_num_threads(measurement["threads"])
        cv2.setNumThreads(measurement["threads"])

    def send(message: dict[str, Any]) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    try:
        task = TASKS[measurement["task"]]
        result = task(**measurement["arguments"], on_step=lambda step: send({"step": step}))
    except CRTError as error:
        result = {"error": str(error)}
    send(result)


if __name__ == "__main__":
    main(sys.argv[1], sys.stdout)
