"""The got10k toolkit: the only import of it, without its prints, checks and files."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import MissingExtraError

OLDEST = (0, 1, 3)
INSTALL = 'pip install "got10k>=0.1.3" six'

try:
    from got10k import datasets, experiments  # noqa: F401 - imported from here by all others
    from got10k.trackers import Tracker
    from got10k.utils.metrics import center_error, rect_iou  # noqa: F401
except ImportError as error:
    raise MissingExtraError(
        f"got10k cannot be imported ({error}); expected 0.1.3 or newer, with six: {INSTALL}"
    ) from error

logger = logging.getLogger(__name__)


def require_got10k() -> None:
    """Raise ``MissingExtraError`` if got10k is older than what the adapter was written for."""
    try:
        version = metadata.version("got10k")
    except metadata.PackageNotFoundError:  # a checkout on the path
        return
    if tuple(int(part) for part in re.findall(r"\d+", version)[:3]) < OLDEST:
        raise MissingExtraError(
            f"got10k {version} is installed; expected 0.1.3 or newer: {INSTALL}"
        )


@functools.cache
def read_list(name: str) -> dict[str, Any]:
    """One of the lists of sequences that come with got10k: ``lasot.json`` or ``uav123.json``."""
    text = Path(datasets.__file__).with_name(name).read_text(encoding="utf-8")
    return dict(json.loads(text))


def skip_check(dataset: type) -> type:
    """A dataset class without the check that refuses incomplete folders."""
    return type(dataset.__name__, (dataset,), {"_check_integrity": lambda *_: None})


def run_experiment(
    experiment: Any,
    tracker: Tracker,
    write: Callable[[Path, NDArray[np.float64], NDArray[np.float64]], None],
) -> None:
    """Run a tracker without prints, with ``write`` in place of got10k's own writing.

    got10k writes in place, boxes before times. If it is killed, it leaves boxes that look whole
    without times.

    Args:
        write: gets got10k's file, boxes, N x 4, and seconds, N, of each repetition.
    """
    assert callable(experiment._record)  # in got10k 0.1.3
    experiment._record = lambda file, boxes, times: write(Path(file), boxes, times)
    with quiet():
        experiment.run(tracker)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send prints to the log, level INFO: got10k prints every sequence."""
    with contextlib.redirect_stdout(_Log()):
        yield


class _Log(io.TextIOBase):
    """A text stream whose lines go to the log."""

    def write(self, text: str) -> int:
        for line in filter(None, map(str.strip, text.splitlines())):
            logger.info(line)
        return len(text)
