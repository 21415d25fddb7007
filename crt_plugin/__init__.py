"""CRT: Convolutional Regression for Visual Tracking (Chen and Tao, arXiv 1611.04215)."""

from crt_plugin.algorithm.tracker import CRTTracker, Detection
from crt_plugin.parameters import Parameters, load_parameters

__version__ = "0.1.0"

__all__ = ["CRTTracker", "Detection", "Parameters", "load_parameters"]
