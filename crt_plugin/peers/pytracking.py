"""Trackers of visionml's pytracking (ECO, ATOM, DiMP, ToMP, ...), from a checkout of the user's.

The checkout is the folder that ``CRT_PYTRACKING`` names, or what ``import pytracking`` finds. Its
own loop, datasets and Visdom are not used: a tracker's class is found as the toolkit finds it
(``get_tracker_class``), and is given frames and boxes as the toolkit gives them.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import MissingExtraError, ParameterError
from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.hosts.got10k.toolkit import Tracker
from crt_plugin.hosts.pytracking.attach import EVALUATION, find_checkout

CHECKOUT = "CRT_PYTRACKING"
EXPECTED = "pytracking:TRACKER/PARAMETERS, such as pytracking:dimp/dimp50"


class PytrackingTracker(Tracker):
    """A tracker of the toolkit with one of its parameter files, under got10k's interface.

    Not deterministic: most draw random numbers, and the toolkit sets no seed.

    Args:
        text: ``dimp/dimp50``: a folder of ``pytracking/tracker``, and a file of
            ``pytracking/parameter/dimp``. Results are called ``dimp-dimp50``.

    Raises:
        ParameterError: the checkout has no such tracker or parameter file.
        MissingExtraError: no checkout, or a package that it needs is not installed.
        SourceError: the folder that is named is no checkout.
    """

    def __init__(self, text: str) -> None:
        kind, slash, parameters = text.partition("/")
        if not (slash and kind.isidentifier() and parameters.isidentifier()):
            raise ParameterError(f"no tracker pytracking:{text}; expected {EXPECTED}")
        root = _open_checkout() / "pytracking"
        _check_listed(kind, [p.parent for p in root.glob("tracker/*/__init__.py")], "tracker", root)
        _check_listed(parameters, list(root.glob(f"parameter/{kind}/*.py")), "parameter file", root)
        self._class = _import(f"pytracking.tracker.{kind}").get_tracker_class()
        self._parameters = _import(f"pytracking.parameter.{kind}.{parameters}")
        self._tracker: Any = None
        self._output: dict[str, Any] = {}
        super().__init__(name=f"{kind}-{parameters}", is_deterministic=False)

    def init(self, image: Any, box: NDArray[np.float64]) -> None:
        """Make the tracker anew, as the toolkit does for each sequence.

        Args:
            image: RGB, a PIL image or H x W x 3.
            box: (x, y, w, h), counted from 1; the toolkit's trackers count from 0.
        """
        params = self._parameters.parameters()
        params.visualization, params.debug = False, 0
        self._tracker = self._class(params)
        self._tracker.visdom = None
        first = (np.asarray(box, dtype=float) - FIRST_PIXEL).tolist()
        self._output = self._tracker.initialize(_as_array(image), {"init_bbox": first}) or {}

    def update(self, image: Any) -> NDArray[np.float64]:
        """Box of the next frame, (x, y, w, h), counted from 1."""
        info = {"previous_output": self._output}
        self._output = self._tracker.track(_as_array(image), info)
        return np.asarray(self._output["target_bbox"], dtype=float) + FIRST_PIXEL


def missing_pytracking() -> str:
    """What to do so that the toolkit's trackers can run here, "" if a checkout is found."""
    if os.environ.get(CHECKOUT) or _find_importable() is not None:
        return ""
    return f"a checkout of github.com/visionml/pytracking, in the folder that {CHECKOUT} names"


def _open_checkout() -> Path:
    """The checkout, which is then importable."""
    named = os.environ.get(CHECKOUT)
    found = find_checkout(named) if named else _find_importable()
    if found is None:
        raise MissingExtraError(f"pytracking's trackers need {missing_pytracking()}")
    loaded = getattr(sys.modules.get("pytracking"), "__path__", [str(found / "pytracking")])
    if not any(Path(place) == found / "pytracking" for place in loaded):
        raise MissingExtraError(
            f"pytracking is loaded from {', '.join(loaded)} already; expected {found} alone"
        )
    if str(found) not in sys.path:
        sys.path.insert(0, str(found))  # as the toolkit's scripts do; its ltr lies there too
    return found


def _find_importable() -> Path | None:
    """The checkout on Python's path; PyPI's package of this name is another one."""
    spec = importlib.util.find_spec("pytracking")
    places = [] if spec is None else spec.submodule_search_locations or []
    folders = [Path(place).parent for place in places]
    return next((folder for folder in folders if (folder / EVALUATION).is_file()), None)


def _check_listed(name: str, there: list[Path], what: str, root: Path) -> None:
    names = sorted(path.stem for path in there if path.name != "__init__.py")
    if name not in names:
        raise ParameterError(f"no {what} {name!r} in {root}; expected {', '.join(names) or 'any'}")


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # packages of another version raise what they like
        kind = "" if isinstance(error, ImportError) else f"{type(error).__name__}: "
        raise MissingExtraError(
            f"{name} cannot be imported: {kind}{error}; expected the packages that the checkout's "
            "INSTALL.md names"
        ) from error


def _as_array(image: Any) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.asarray(image), dtype=np.uint8)
