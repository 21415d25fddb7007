"""CRT: Convolutional Regression for Visual Tracking (Chen and Tao, arXiv 1611.04215)."""

from crt_plugin.algorithm.tracker import Detection
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.plus.tracker import CRTTracker

__version__ = "0.1.0"

__all__ = ["CRTTracker", "Detection", "Parameters", "load_parameters"]
