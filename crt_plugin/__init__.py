"""CRT: Convolutional Regression for Visual Tracking (Chen and Tao, arXiv 1611.04215).

The names below are imported on first use, so that ``crt --help`` does not wait for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crt_plugin.algorithm.tracker import Detection
    from crt_plugin.parameters import Parameters, load_parameters
    from crt_plugin.plus.multi_tracker import MultiTracker
    from crt_plugin.plus.tracker import CRTTracker

__version__ = "0.1.0"

__all__ = ["CRTTracker", "Detection", "MultiTracker", "Parameters", "load_parameters"]

_MODULES = {
    "CRTTracker": "plus.tracker",
    "Detection": "algorithm.tracker",
    "MultiTracker": "plus.multi_tracker",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES.get(name, 'parameters')}")
    return globals().setdefault(name, getattr(module, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
