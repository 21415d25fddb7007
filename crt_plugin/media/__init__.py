"""Frames in, boxes and pictures out: sources, the tracking loop, and what is written."""
