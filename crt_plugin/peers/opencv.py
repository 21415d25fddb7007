"""OpenCV's trackers under got10k's interface, and the wheels that bring them.

**One OpenCV wheel in an environment.** opencv-python and opencv-contrib-python put the same files
in the same place, ``cv2``; pip does not know, installs both, and whichever came last is what runs,
until the other is upgraded or removed and takes the files along. So::

    pip uninstall -y opencv-python opencv-contrib-python
    pip install --no-deps opencv-contrib-python

contrib holds all that plain OpenCV does. ``docs/peers.md`` has the whole story.
"""

from __future__ import annotations

from importlib import metadata
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import BoxError, MissingExtraError, ParameterError
from crt_plugin.hosts.got10k import FIRST_PIXEL, Tracker
from crt_plugin.runtime.environment import OPENCV_WHEELS

OPENCV = {  # our name: OpenCV's, and whether the same frames give the same boxes (checked)
    "mil": ("MIL", False),
    "kcf": ("KCF", True),
    "csrt": ("CSRT", True),
    "mosse": ("MOSSE", True),
    "medianflow": ("MedianFlow", True),
    "tld": ("TLD", False),
    "boosting": ("Boosting", True),
}


class OpenCVTracker(Tracker):
    """A tracker of OpenCV, from its main modules, or else from ``cv2.legacy``.

    OpenCV takes BGR and whole pixels, counted from 0 (fractions it refuses, and Boosting crashes
    on). Where it reports that it has lost the object, the box before is repeated.
    """

    def __init__(self, name: str) -> None:
        opencv_name, deterministic = OPENCV[name]
        super().__init__(name=f"OpenCV-{opencv_name}", is_deterministic=deterministic)
        self._create = _find_factory(name)

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


def make_opencv(name: str) -> Tracker:
    """OpenCV's tracker of a name.

    Raises:
        ParameterError: no key of ``OPENCV``.
        MissingExtraError: the OpenCV that is installed lacks it.
    """
    if name not in OPENCV:
        raise ParameterError(f"no tracker opencv:{name}; expected opencv:{', '.join(OPENCV)}")
    missing = missing_opencv(name)
    if missing:
        raise MissingExtraError(f"opencv:{name} cannot run here: {missing}. {opencv_advice()}")
    return OpenCVTracker(name)


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
    elif all(map(_find_factory, OPENCV)):
        return ""
    else:
        problem = "One OpenCV wheel an environment; for the one with all trackers"
    headless = "-headless" if any("headless" in name for name in wheels) else ""
    return (
        f"{problem}: pip uninstall -y {' '.join(wheels) or 'opencv-python'}, then "
        f"pip install --no-deps opencv-contrib-python{headless}"
    )


def _bgr(image: Any) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.asarray(image)[..., ::-1])


def _find_factory(name: str) -> Any:
    """The constructor in the cv2 that is installed, None if it has none."""
    constructor = f"Tracker{OPENCV[name][0]}_create"
    for module in (cv2, getattr(cv2, "legacy", None)):
        if hasattr(module, constructor):
            return getattr(module, constructor)
    return None


def missing_opencv(name: str) -> str:
    """What brings a tracker that cannot run here, "" if it can."""
    if _find_factory(name):
        return ""
    wheels = ", ".join(f"{wheel} {version}" for wheel, version in opencv_wheels().items())
    return f"opencv-contrib-python brings it; here is {wheels or f'OpenCV {cv2.__version__}'}"
