"""Trackers of which only result files exist."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import SourceError
from crt_plugin.hosts.got10k.toolkit import Tracker


class Published(Tracker):
    """A name for existing result files; cannot run.

    got10k skips sequences that have results, so that ``init`` is called for missing ones only.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name, is_deterministic=True)

    def init(self, image: Any, box: NDArray[np.float64]) -> None:
        """Raise ``SourceError``: there is no result of this sequence."""
        raise SourceError(
            f"there is no result file of {self.name}, which is known by its result files only; "
            "crt results import brings them"
        )
