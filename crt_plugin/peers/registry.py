"""Other trackers under got10k's interface, and one registry of all of them.

What a text names:

===================== ==========================================================================
``crt:hog``           this package's tracker with a parameter file (a name, or a path to one)
``opencv:mil``        a tracker of OpenCV: mil in any wheel, kcf, csrt, mosse, medianflow, tld and
                      boosting in contrib wheels
``dlib:correlation``  dlib's scale-adaptive correlation tracker, from the package dlib-bin
``results:KCF``       result files that are there already, e.g. by ``crt results import``
``module:Class``      any got10k tracker, or function that returns one, called without arguments
``name``              a tracker that an installed package registers by an entry point of the group
                      ``crt_plugin.trackers``; it stands for what ``module:Class`` would
===================== ==========================================================================

**One OpenCV wheel in an environment.** opencv-python and opencv-contrib-python put the same files
in the same place, ``cv2``; pip does not know, installs both, and whichever came last is what runs,
until the other is upgraded or removed and takes the files along. So::

    pip uninstall -y opencv-python opencv-contrib-python
    pip install --no-deps opencv-contrib-python

contrib holds all that plain OpenCV does. ``docs/peers.md`` has the whole story.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import BoxError, MissingExtraError, ParameterError, SourceError
from crt_plugin.features.vgg_weights import weights_origin
from crt_plugin.hosts.got10k.tracker import FIRST_PIXEL, GOT10kTracker, Tracker
from crt_plugin.parameters import load_parameters, parameter_names
from crt_plugin.runtime.environment import OPENCV_WHEELS

GROUP = "crt_plugin.trackers"
OPENCV = {  # our name: OpenCV's, and whether the same frames give the same boxes (checked)
    "mil": ("MIL", False),
    "kcf": ("KCF", True),
    "csrt": ("CSRT", True),
    "mosse": ("MOSSE", True),
    "medianflow": ("MedianFlow", True),
    "tld": ("TLD", False),
    "boosting": ("Boosting", True),
}
EXPECTED = (
    "crt:PARAMETERS, opencv:NAME, dlib:correlation, results:NAME, module:Class, or a registered "
    "name; crt trackers lists them"
)


@dataclass(frozen=True)
class Peer:
    """A tracker of the registry.

    Attributes:
        text: what names it.
        about: where it comes from.
        missing: what to install so that it runs here, "" if it does.
    """

    text: str
    about: str
    missing: str


def peers() -> list[Peer]:
    """All trackers of the registry, with those that cannot run here."""
    listed = [Peer(f"crt:{name}", "this package", _crt_missing(name)) for name in parameter_names()]
    listed += [Peer(f"opencv:{name}", "OpenCV", _opencv_missing(name)) for name in OPENCV]
    listed.append(Peer("dlib:correlation", "dlib", _dlib_missing()))
    for point in _entry_points():
        listed.append(Peer(point.name, point.value, ""))
    return listed


def make(text: str, seed: int | None = None) -> Tracker:
    """The tracker that ``text`` names, see the module's table.

    Args:
        seed: for trackers that take one (crt); results of a seed that is not the parameter
            file's own are called ``CRT-<parameters>-seed<N>``.

    Raises:
        ParameterError: no such tracker, or what is named is no got10k tracker.
        MissingExtraError: it cannot run here; says what to install.
    """
    family, colon, name = text.strip().partition(":")
    if not colon:
        return _registered(family)
    if family not in _FAMILIES:
        return _of_module(family, name)
    if not name:
        raise ParameterError(f"tracker {text!r} has no name; expected {EXPECTED}")
    return _FAMILIES[family](name, seed)


def opencv_wheels() -> dict[str, str]:
    """Installed OpenCV wheels and their versions; more than one is a mistake."""
    found = {}
    for name in OPENCV_WHEELS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def opencv_advice() -> str:
    """What to do about OpenCV here, "" if it is one contrib wheel alone."""
    wheels = opencv_wheels()
    if len(wheels) > 1:
        problem = (
            f"{' and '.join(wheels)} are installed together and overwrite each other's cv2; keep "
            "one. For the one with all trackers"
        )
    elif all(map(_opencv_factory, OPENCV)):
        return ""
    else:
        problem = "One OpenCV wheel an environment; for the one with all trackers"
    headless = "-headless" if any("headless" in name for name in wheels) else ""
    return (
        f"{problem}: pip uninstall -y {' '.join(wheels) or 'opencv-python'}, then "
        f"pip install --no-deps opencv-contrib-python{headless}"
    )


# ------------------------------------------------------------------------------------ families


def _crt(name: str, seed: int | None) -> Tracker:
    stem = Path(name).stem
    if seed is None or seed == load_parameters(name).seed:
        return GOT10kTracker(name)
    return GOT10kTracker(name, name=f"CRT-{stem}-seed{seed}", seed=seed)


def _crt_missing(name: str) -> str:
    params = load_parameters(name)
    origin = weights_origin(params) if "vgg" in params.features.split("+") else ""
    return origin.partition("missing: ")[2]


def _opencv(name: str, seed: int | None) -> Tracker:
    del seed  # OpenCV's trackers take none, though MIL and TLD are random
    if name not in OPENCV:
        raise ParameterError(f"no tracker opencv:{name}; expected opencv:{', '.join(OPENCV)}")
    missing = _opencv_missing(name)
    if missing:
        raise MissingExtraError(f"opencv:{name} cannot run here: {missing}. {opencv_advice()}")
    return OpenCVTracker(name)


def _dlib(name: str, seed: int | None) -> Tracker:
    del seed  # it has nothing random
    if name != "correlation":
        raise ParameterError(f"no tracker dlib:{name}; expected dlib:correlation")
    missing = _dlib_missing()
    if missing:
        raise MissingExtraError(f"dlib:correlation cannot run here: {missing}")
    return DlibTracker()


def _results(name: str, seed: int | None) -> Tracker:
    del seed
    return Published(name)


_FAMILIES: dict[str, Callable[[str, int | None], Tracker]] = {
    "crt": _crt,
    "opencv": _opencv,
    "dlib": _dlib,
    "results": _results,
}


def _entry_points() -> list[metadata.EntryPoint]:
    return sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name)


def _registered(name: str) -> Tracker:
    """A tracker that another package registers."""
    points = {point.name: point for point in _entry_points()}
    if name not in points:
        hint = f"did you mean crt:{name}? " if name in parameter_names() else ""
        known = f"; registered: {', '.join(points)}" if points else ""
        raise ParameterError(f"no tracker {name!r}; {hint}expected {EXPECTED}{known}")
    return _built(points[name].load, name)


def _of_module(module: str, attribute: str) -> Tracker:
    """``module:Class``, called without arguments."""

    def load() -> Any:
        return getattr(importlib.import_module(module), attribute)

    return _built(load, f"{module}:{attribute}")


def _built(load: Callable[[], Any], text: str) -> Tracker:
    """Load and call; what comes must have got10k's interface."""
    try:
        factory = load()
    except (ImportError, AttributeError, ValueError) as error:
        raise ParameterError(
            f"tracker {text!r} cannot be imported ({error}); expected {EXPECTED}"
        ) from error
    if not callable(factory) or _needs_arguments(factory):
        raise ParameterError(
            f"{text} cannot be called without arguments; expected a class or function that can"
        )
    tracker = factory()
    lacking = [
        name
        for name in ("name", "is_deterministic", "init", "update", "track")
        if not hasattr(tracker, name)
    ]
    if lacking:
        raise ParameterError(
            f"{text} gives a {type(tracker).__name__} without {', '.join(lacking)}; "
            "expected a got10k tracker"
        )
    return tracker


def _needs_arguments(factory: Any) -> bool:
    try:
        inspect.signature(factory).bind()
    except TypeError:
        return True
    except ValueError:  # no signature, as of some compiled classes
        return False
    return False


# -------------------------------------------------------------------------------------- OpenCV


class OpenCVTracker(Tracker):
    """A tracker of OpenCV, from its main modules, or else from ``cv2.legacy``.

    OpenCV takes BGR and whole pixels, counted from 0 (fractions it refuses, and Boosting crashes
    on). Where it reports that it has lost the object, the box before is repeated.
    """

    def __init__(self, name: str) -> None:
        opencv_name, deterministic = OPENCV[name]
        super().__init__(name=f"OpenCV-{opencv_name}", is_deterministic=deterministic)
        self._create = _opencv_factory(name)

    def init(self, image: Any, box: NDArray[np.float64]) -> None:
        """Begin with a box, (x, y, w, h), counted from 1."""
        self._box = np.array(box, dtype=float)
        x, y, w, h = (round(value) for value in (self._box - FIRST_PIXEL).tolist())
        whole = (x, y, max(w, 1), max(h, 1))
        self._tracker = self._create()
        # the classes of cv2.legacy return a bool, the others nothing
        if self._tracker.init(_bgr(image), whole) is False:
            raise BoxError(f"{self.name} refuses {whole}; expected a box inside the frame")

    def update(self, image: Any) -> NDArray[np.float64]:
        """Box of the next frame, (x, y, w, h), counted from 1."""
        found, box = self._tracker.update(_bgr(image))
        if found:
            self._box = np.array(box, dtype=float) + FIRST_PIXEL
        return self._box.copy()


def _bgr(image: Any) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.asarray(image)[..., ::-1])


def _opencv_factory(name: str) -> Any:
    """The constructor in the cv2 that is installed, None if it has none."""
    constructor = f"Tracker{OPENCV[name][0]}_create"
    for module in (cv2, getattr(cv2, "legacy", None)):
        if hasattr(module, constructor):
            return getattr(module, constructor)
    return None


def _opencv_missing(name: str) -> str:
    if _opencv_factory(name):
        return ""
    wheels = ", ".join(f"{wheel} {version}" for wheel, version in opencv_wheels().items())
    return f"opencv-contrib-python brings it; here is {wheels or f'OpenCV {cv2.__version__}'}"


# ---------------------------------------------------------------------------------------- dlib


class DlibTracker(Tracker):
    """dlib's correlation tracker (Danelljan et al., BMVC 2014).

    Its rectangles name the first and the last pixel, counted from 0: w = right - left + 1.
    """

    def __init__(self) -> None:
        super().__init__(name="dlib-correlation", is_deterministic=True)
        self._dlib = importlib.import_module("dlib")

    def init(self, image: Any, box: NDArray[np.float64]) -> None:
        """Begin with a box, (x, y, w, h), counted from 1."""
        x, y, w, h = (np.asarray(box, dtype=float) - FIRST_PIXEL).tolist()
        self._tracker = self._dlib.correlation_tracker()
        rectangle = self._dlib.drectangle(x, y, x + w - 1, y + h - 1)
        self._tracker.start_track(np.asarray(image), rectangle)

    def update(self, image: Any) -> NDArray[np.float64]:
        """Box of the next frame, (x, y, w, h), counted from 1."""
        self._tracker.update(np.asarray(image))
        at = self._tracker.get_position()
        return np.array([at.left(), at.top(), at.width(), at.height()]) + FIRST_PIXEL


def _dlib_missing() -> str:
    if importlib.util.find_spec("dlib"):
        return ""
    return "the package dlib-bin brings it: pip install dlib-bin"


# --------------------------------------------------------------------------------- result files


class Published(Tracker):
    """Stands for result files that are there; cannot run.

    The host skips sequences that have results, so that ``init`` is called for missing ones only.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name, is_deterministic=True)

    def init(self, image: Any, box: NDArray[np.float64]) -> None:
        """Raise ``SourceError``: there is no result of this sequence."""
        raise SourceError(
            f"there is no result file of {self.name}, which is known by its result files only; "
            "crt results import brings them"
        )
