"""The got10k toolkit: the only import of it, without its prints, checks and files."""

from __future__ import annotations

import contextlib
import io
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
    from got10k import datasets, experiments  # noqa: F401 - the package passes them on
    from got10k.trackers import Tracker
    from got10k.utils.metrics import center_error, rect_iou  # noqa: F401
except ImportError as error:
    raise MissingExtraError(
        f"got10k cannot be imported ({error}); expected 0.1.3 or newer, with six: {INSTALL}"
    ) from error

# OTB and GOT-10k count pixels from 1, this package from 0.
FIRST_PIXEL = np.array([1.0, 1.0, 0.0, 0.0])

logger = logging.getLogger(__name__)


def require_got10k() -> None:
    """Check the host's version.

    Raises:
        MissingExtraError: it is older than what the adapter was written for.
    """
    try:
        version = metadata.version("got10k")
    except metadata.PackageNotFoundError:  # a checkout on the path: it could be imported
        return
    if tuple(int(part) for part in re.findall(r"\d+", version)[:3]) < OLDEST:
        raise MissingExtraError(
            f"got10k {version} is installed; expected 0.1.3 or newer: {INSTALL}"
        )


def skip_check(dataset: type) -> type:
    """The same dataset class for folders that are not complete, which its check refuses."""
    return type(dataset.__name__, (dataset,), {"_check_integrity": lambda *_: None})


def run_experiment(
    experiment: Any,
    tracker: Tracker,
    write: Callable[[Path, NDArray[np.float64], NDArray[np.float64]], None],
) -> None:
    """Run a tracker without prints, and without the host's way of writing.

    The host writes in place, boxes before times. Killed there, it leaves boxes that look whole
    and have no times, and readers see parts.

    Args:
        write: given the host's file, boxes, N x 4, and seconds, N, of each repetition.
    """
    assert callable(experiment._record)  # in got10k 0.1.3
    experiment._record = lambda file, boxes, times: write(Path(file), boxes, times)
    with quiet():
        experiment.run(tracker)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send what is printed inside to the log, level INFO: got10k prints every sequence."""
    with contextlib.redirect_stdout(_Log()):
        yield


class _Log(io.TextIOBase):
    """A text stream whose lines go to the log."""

    def write(self, text: str) -> int:
        for line in filter(None, map(str.strip, text.splitlines())):
            logger.info(line)
        return len(text)
