"""The names that experiments import."""

from pytracking.evaluation.tracker import Sequence, Tracker

__all__ = ["Sequence", "Tracker"]
