"""CRT as a tracker of visionml's pytracking, a checkout of the user's (docs/pytracking.md).

Only ``HostedTracker`` needs the toolkit, the top-level package ``pytracking``.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from crt_plugin.errors import BoxError, MissingExtraError, SourceError
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.plus.tracker import CRTTracker
from crt_plugin.runtime.python_files import bundled_folder, load_python_file

# How the toolkit's run_vot turns polygons into boxes: by the upright rectangle around them.
VOT_RECTANGLE = "union"


class CRT:
    """The class that the toolkit instantiates for each object; boxes as in ``CRTTracker``.

    Frames are H x W x 3, uint8, RGB in datasets and VOT, BGR in videos and cameras, which the
    toolkit does not convert. The attributes that it sets on the parameters tell which:
    ``tracker_name`` and ``run_id`` for VOT, ``tracker_name`` alone for videos and cameras,
    neither for datasets.

    Attributes:
        params: a copy of the settings, with the toolkit's attributes.
        tracker: the ``CRTTracker``.
        visdom: the toolkit's Visdom window, set by it, or None.
    """

    multiobj_mode = "parallel"  # several objects: one of this class for each

    def __init__(self, params: Parameters) -> None:
        self.params = params.copy()
        if not hasattr(self.params, "vot_anno_conversion_type"):
            self.params.vot_anno_conversion_type = VOT_RECTANGLE
        self.tracker = CRTTracker(self.params)
        self.visdom: Any = None
        self._is_bgr = hasattr(params, "tracker_name") and not hasattr(params, "run_id")
        self._suffix = ""

    def initialize_features(self) -> None:
        """Do nothing before the first frame: the constructor has loaded the features."""

    def predicts_segmentation_mask(self) -> bool:
        """False: boxes only."""
        return False

    def initialize(self, image: NDArray[np.uint8], info: dict[str, Any]) -> dict[str, Any]:
        """Train on the first frame.

        Args:
            image: H x W x 3.
            info: ``init_bbox`` is the object's (x, y, w, h), 0-based; the first of
                ``object_ids``, if any, is its name.

        Returns:
            The same box as ``target_bbox``, and the ``object_presence_score`` 1.

        Raises:
            BoxError: no ``init_bbox``, or one that cannot be tracked.
        """
        if info.get("init_bbox") is None:
            raise BoxError(
                f"info has no init_bbox, only {sorted(info)}; expected a dataset that annotates "
                "the object by a box (x, y, w, h); masks alone are not enough"
            )
        ids = info.get("object_ids")
        self._suffix = f" {ids[0]}" if ids else ""
        self.tracker.init(self._rgb(image), info["init_bbox"])
        return self._output(score=1.0)

    def track(self, image: NDArray[np.uint8], info: dict[str, Any] | None = None) -> dict[str, Any]:
        """Detect in the next frame; ``info`` is not used.

        Returns:
            ``target_bbox``, a list (x, y, w, h), 0-based, not rounded, and
            ``object_presence_score``, the detection's score from 0 to 1.
        """
        self.tracker.update(self._rgb(image))
        return self._output(score=self.tracker.last.score)

    def visdom_draw_tracking(self, image: NDArray[np.uint8], box: Any, segmentation: Any) -> None:
        """Show the frame with its boxes.

        Args:
            box: (x, y, w, h), a list of them, a dict from object to box, or None.
            segmentation: None, since there is none.
        """
        boxes = list(box.values()) if isinstance(box, dict) else [] if box is None else box
        lists = np.asarray(boxes, dtype=float).reshape(-1, 4).tolist()
        self.visdom.register((image, *lists), "Tracking", 1, "Tracking")

    def _rgb(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.ascontiguousarray(image[:, :, ::-1]) if self._is_bgr else image

    def _output(self, score: float) -> dict[str, Any]:
        if self.visdom is not None:
            self._show_maps(score)
        return {"target_bbox": self.tracker.last.box.tolist(), "object_presence_score": score}

    def _show_maps(self, score: float) -> None:
        """Response and motion map, Ho x Wo, and the numbers beside them."""
        last = self.tracker.last
        for title, values in (("Response", last.response), ("Motion map", last.motion_map)):
            self.visdom.register(torch.tensor(values), "heatmap", 1, title + self._suffix)
        numbers = {f"score{self._suffix}": score, f"scale{self._suffix}": last.scale}
        self.visdom.register(numbers, "info_dict", 1, "Status")


def experiments() -> ModuleType:
    """The module ``experiments/examples/pytracking.py``."""
    return load_python_file(bundled_folder("experiments") / "examples" / "pytracking.py")


def __getattr__(name: str) -> Any:
    """Make ``HostedTracker`` on its first use: its base class is the toolkit's."""
    if name != "HostedTracker":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        evaluation = importlib.import_module("pytracking.evaluation.tracker")
    except ImportError as error:
        raise MissingExtraError(_explain(error)) from error
    globals()[name] = _make_hosted_tracker(evaluation)
    return globals()[name]


def _explain(error: ImportError) -> str:
    """Why the toolkit is not found: missing, another package, or without one that it needs."""
    spec = importlib.util.find_spec("pytracking")
    found = Path(spec.origin) if spec and spec.origin else None
    if found and found.with_name("evaluation").is_dir():
        return f"visionml's pytracking in {found.parent} cannot be imported: {error}"
    return (
        "HostedTracker needs visionml's pytracking: sys.path.insert(0, DIR), DIR its checkout. "
        f"`import pytracking` finds {found or 'nothing'}. The package of that name on PyPI is an "
        "unrelated library for tracking e-mail: pip uninstall pytracking"
    )


def _make_hosted_tracker(evaluation: ModuleType) -> type:
    local = Path(str(evaluation.__file__)).parent / "local.py"

    class HostedTracker(evaluation.Tracker):  # type: ignore[name-defined]
        """The toolkit's ``Tracker`` for CRT, for notebooks and scripts without ``crt attach``.

        Its results go to ``crt/<parameters>`` in the toolkit's folder of results.

        Args:
            parameters: name or path of a parameter file.
            run_id: a number, for several runs; None for a single one.
            display_name: name in the toolkit's plots.

        Raises:
            ParameterError: no such parameter file.
            SourceError: the toolkit has no ``evaluation/local.py`` yet.
        """

        def __init__(
            self,
            parameters: str | Path = "default",
            run_id: int | None = None,
            display_name: str | None = None,
        ) -> None:
            self.parameter_file = str(parameters)
            load_parameters(self.parameter_file)
            if not local.is_file():  # without it the toolkit would write one
                raise SourceError(
                    f"no {local}: pytracking keeps its paths there; make it once, with `from "
                    "pytracking.evaluation.environment import create_default_local_file; "
                    "create_default_local_file()`, and set the paths of your datasets in it"
                )
            super().__init__("crt", Path(parameters).stem, run_id, display_name)
            self.tracker_class = CRT

        def get_parameters(self) -> Parameters:
            """Settings for the next sequence."""
            return load_parameters(self.parameter_file)

    # The class is this module's, so that it can be sent to the toolkit's worker processes.
    HostedTracker.__qualname__ = HostedTracker.__name__
    return HostedTracker
