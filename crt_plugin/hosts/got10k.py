"""CRT as a tracker of the got10k toolkit; and that toolkit without its prints."""

from __future__ import annotations

import contextlib
import io
import logging
import re
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import MissingExtraError, SourceError
from crt_plugin.parameters import load_parameters
from crt_plugin.tracker import CRTTracker

OLDEST = (0, 1, 3)
INSTALL = 'pip install "got10k>=0.1.3" six'

try:
    from got10k import datasets, experiments
    from got10k.trackers import Tracker
except ImportError as error:
    raise MissingExtraError(
        f"got10k cannot be imported ({error}); accepted: 0.1.3 or newer, with six: {INSTALL}"
    ) from error

__all__ = ["GOT10kTracker", "Tracker", "datasets", "experiments", "quiet", "require_got10k"]

logger = logging.getLogger(__name__)

# OTB and GOT-10k count pixels from 1, this package from 0.
FIRST_PIXEL = np.array([1.0, 1.0, 0.0, 0.0])


class GOT10kTracker(Tracker):
    """CRT with a parameter file, under got10k's interface.

    Args:
        parameters: name or path of a parameter file.
        name: what the results are called; without it ``CRT-<parameters>``.
        **changes: single settings that differ from the file.

    Attributes:
        tracker: the ``CRTTracker``.
        settings: its parameters as text, kept beside the results.
    """

    def __init__(
        self, parameters: str | Path = "default", name: str | None = None, **changes: Any
    ) -> None:
        super().__init__(name=name or f"CRT-{Path(parameters).stem}", is_deterministic=True)
        params = load_parameters(parameters).copy(**changes)
        self.settings = f"{params}\n"
        self.tracker = CRTTracker(params)

    def init(self, image: Any, box: NDArray[np.float64]) -> None:
        """Train on the first frame; ``box`` is (x, y, w, h), 1-based, and is not kept."""
        self.tracker.init(image, box - FIRST_PIXEL)

    def update(self, image: Any) -> NDArray[np.float64]:
        """Box of the next frame, (x, y, w, h), 1-based."""
        return self.tracker.update(image) + FIRST_PIXEL


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
            f"got10k {version} is installed; accepted: 0.1.3 or newer: {INSTALL}"
        )


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


class OTBSubset(experiments.ExperimentOTB):
    """got10k's OTB experiment on the sequences that a folder holds; downloads nothing.

    Args:
        root: folder of sequences in OTB's layout.
        version: which list of sequences, as got10k names them: 2013, 2015, "tb50", "tb100".
        sequences: names to keep (``Jogging.1``); None keeps all that are there.

    Attributes:
        listed: number of sequences in got10k's list of this version.

    Raises:
        SourceError: none of the wanted sequences is there, or a named one is missing.
    """

    def __init__(
        self,
        root: str | Path,
        version: int | str = 2015,
        sequences: Sequence[str] | None = None,
        result_dir: str | Path = "results",
        report_dir: str | Path = "reports",
    ) -> None:
        self.dataset = _present_part(Path(root), version, sequences)
        self.result_dir = str(Path(result_dir) / f"OTB{version}")
        self.report_dir = str(Path(report_dir) / f"OTB{version}")
        self.nbins_iou = 21
        self.nbins_ce = 51


class _OTBPart(datasets.OTB):
    """got10k's OTB without its demand that every sequence of the version is there."""

    def _check_integrity(self, root_dir: str, version: int | str) -> None:
        if not Path(root_dir).is_dir():
            raise SourceError(f"no folder {root_dir}; accepted: a folder of OTB sequences")


def _present_part(root: Path, version: int | str, sequences: Sequence[str] | None) -> Any:
    dataset = _OTBPart(str(root), version, download=False)
    names = dataset.seq_names
    wanted = list(names) if sequences is None else list(sequences)
    missing = [name for name in wanted if name not in names]
    if missing or not wanted:
        raise SourceError(
            f"{root} does not hold {', '.join(missing) or 'any sequence of OTB'}; "
            f"it holds {', '.join(names) or 'none'}"
        )
    kept = [names.index(name) for name in wanted]
    for attribute in ("seq_names", "seq_dirs", "anno_files"):
        values = getattr(dataset, attribute)
        setattr(dataset, attribute, [values[i] for i in kept])
    return dataset
