"""OpenCV's trackers under got10k's interface, and the wheels that bring them (docs/peers.md)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from crt_plugin.errors import BoxError, MissingExtraError, ParameterError
from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.hosts.got10k.toolkit import Tracker
from crt_plugin.runtime.environment import OPENCV_WHEELS, describe_machine

OPENCV = {  # our name: OpenCV's, and whether the same frames give the same boxes (checked)
    "mil": ("MIL", False),
    "kcf": ("KCF", True),
    "csrt": ("CSRT", True),
    "mosse": ("MOSSE", True),
    "medianflow": ("MedianFlow", True),
    "tld": ("TLD", False),
    "boosting": ("Boosting", True),
    "nano": ("Nano", True),
    "vit": ("Vit", True),
    "dasiamrpn": ("DaSiamRPN", True),
}
MODELS_FOLDER = "CRT_OPENCV_MODELS"  # environment variable
MODELS = {  # of trackers that are networks: field of OpenCV's parameters and file, and the source
    "nano": (
        {"backbone": "nanotrack_backbone_sim.onnx", "neckhead": "nanotrack_head_sim.onnx"},
        "https://github.com/HonglinChu/SiamTrackers, NanoTrack/models/nanotrackv2",
    ),
    "vit": (
        {"net": "object_tracking_vittrack_2023sep.onnx"},
        "https://github.com/opencv/opencv_zoo, models/object_tracking_vittrack",
    ),
    "dasiamrpn": (
        {
            "model": "dasiamrpn_model.onnx",
            "kernel_cls1": "dasiamrpn_kernel_cls1.onnx",
            "kernel_r1": "dasiamrpn_kernel_r1.onnx",
        },
        "the links in https://github.com/opencv/opencv, samples/dnn/dasiamrpn_tracker.py",
    ),
}


class OpenCVTracker(Tracker):
    """A tracker of OpenCV, from its main modules, or else from ``cv2.legacy``.

    OpenCV takes BGR and whole pixels, counted from 0 (it refuses fractions, and Boosting crashes
    on them). When it reports that it has lost the object, the last box is repeated.

    Args:
        name: a key of ``OPENCV``.

    Raises:
        ParameterError: another name.
        MissingExtraError: the installed OpenCV lacks this tracker, or its network's files are not
            in the folder that ``CRT_OPENCV_MODELS`` names.
    """

    def __init__(self, name: str) -> None:
        if name not in OPENCV:
            raise ParameterError(f"no tracker opencv:{name}; expected opencv:{', '.join(OPENCV)}")
        if missing := missing_opencv(name):
            advice = "" if _find_factory(name) else f". {opencv_advice()}"
            raise MissingExtraError(f"opencv:{name} cannot run here: {missing}{advice}")
        opencv_name, is_deterministic = OPENCV[name]
        super().__init__(name=f"OpenCV-{opencv_name}", is_deterministic=is_deterministic)
        self._create, self._arguments = _find_factory(name), _list_arguments(name)

    def init(self, image: Any, box: NDArray[np.float64]) -> None:
        """Start with a box, (x, y, w, h), 1-based."""
        self._box = np.array(box, dtype=float)
        x, y, w, h = (round(value) for value in (self._box - FIRST_PIXEL).tolist())
        whole = (x, y, max(w, 1), max(h, 1))
        self._tracker = self._create(*self._arguments)
        # the classes of cv2.legacy return a bool, the others nothing
        if self._tracker.init(_bgr(image), whole) is False:
            raise BoxError(f"{self.name} refuses {whole}; expected a box inside the frame")

    def update(self, image: Any) -> NDArray[np.float64]:
        """Box of the next frame, (x, y, w, h), 1-based."""
        found, box = self._tracker.update(_bgr(image))
        if found:
            self._box = np.array(box, dtype=float) + FIRST_PIXEL
        return self._box.copy()


def opencv_wheels() -> dict[str, str]:
    """Installed OpenCV wheels and their versions; more than one is a mistake."""
    versions = describe_machine()["packages"]
    return {name: versions[name] for name in OPENCV_WHEELS if name in versions}


def opencv_advice() -> str:
    """How to get all of OpenCV's trackers here, "" if one contrib wheel alone is installed."""
    wheels = opencv_wheels()
    if len(wheels) > 1:
        problem = (
            f"{' and '.join(wheels)} are installed together and overwrite each other's cv2; keep "
            "one. For the one with all trackers"
        )
    elif all(map(_find_factory, OPENCV)):
        return ""
    else:
        problem = "Keep one OpenCV wheel in an environment. For the one with all trackers"
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
    """What a tracker that cannot run here needs, "" if it can."""
    if not _find_factory(name):
        wheels = ", ".join(f"{wheel} {version}" for wheel, version in opencv_wheels().items())
        return f"opencv-contrib-python brings it; here is {wheels or f'OpenCV {cv2.__version__}'}"
    files, origin = MODELS.get(name, ({}, ""))
    missing = [file for file in files.values() if not _find_model(file).is_file()]
    if not missing:
        return ""
    folder = os.environ.get(MODELS_FOLDER)
    where = f"is not in {folder}" if folder else f"is needed, and {MODELS_FOLDER} is not set"
    return f"{missing[0]} {where}; put it into the folder {MODELS_FOLDER} names. It is in {origin}"


def _find_model(file: str) -> Path:
    return Path(os.environ.get(MODELS_FOLDER, "")) / file


def _list_arguments(name: str) -> list[Any]:
    """Arguments of the constructor: where a network's files are."""
    if name not in MODELS:
        return []
    parameters = getattr(cv2, f"Tracker{OPENCV[name][0]}_Params")()
    for field, file in MODELS[name][0].items():
        setattr(parameters, field, str(_find_model(file)))
    return [parameters]
