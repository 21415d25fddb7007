"""A measurement's process: ``python -m crt_plugin.bench.process JSON``, lines of JSON out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TextIO

import cv2
import torch

from crt_plugin.bench.growth import GROWTH
from crt_plugin.bench.measure import Result
from crt_plugin.bench.regression_step import regression_step
from crt_plugin.bench.tracking import peer, tracker
from crt_plugin.errors import CRTError

TASKS: dict[str, Callable[..., Result]] = {
    "tracker": tracker,
    "peer": peer,
    "regression": regression_step,
    **GROWTH,
}


def main(text: str, out: TextIO) -> None:
    """Take the ``Measurement`` of a text of JSON; its result, or error, is the last line."""
    measurement = json.loads(text)
    if measurement["threads"]:
        torch.set_num_threads(measurement["threads"])
        cv2.setNumThreads(measurement["threads"])

    def say(message: dict[str, Any]) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    try:
        task = TASKS[measurement["task"]]
        result = task(**measurement["arguments"], on_step=lambda step: say({"step": step}))
    except CRTError as error:
        result = {"error": str(error)}
    say(result)


if __name__ == "__main__":
    main(sys.argv[1], sys.stdout)
