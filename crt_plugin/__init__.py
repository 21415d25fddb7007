"""CRT: Convolutional Regression for Visual Tracking (Chen and Tao, arXiv 1611.04215)."""

__version__ = "0.1.0"
