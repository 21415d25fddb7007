"""Trackers with known boxes, and a run without progress output."""

from crt_plugin.benchmark.run.evaluate import Options, run_trackers
from crt_plugin.hosts.got10k.toolkit import Tracker, experiments


class Still(Tracker):
    """Returns the first frame's box in every frame."""

    def __init__(self, name="Still", is_deterministic=True):
        super().__init__(name, is_deterministic)
        self.inits = []

    def init(self, image, box):
        self.inits.append(float(box[0]))
        self.box = box

    def update(self, image):
        return self.box


class Faulty(Still):
    """Returns, or raises, ``what`` in frame ``frame`` of the sequence that begins at ``x``."""

    def __init__(self, what, frame=2, x=5.0, name="Faulty"):
        super().__init__(name)
        self.what, self.at, self.x = what, frame, x

    def init(self, image, box):
        super().init(image, box)
        self.frame = 0

    def update(self, image):
        self.frame += 1
        if self.frame != self.at or self.box[0] != self.x:
            return self.box
        if isinstance(self.what, type):
            raise self.what("it broke")
        return self.what


def run_quietly(part, *trackers, **options):
    return run_trackers(part, trackers, Options(progress=False, **options))


def leave_curves_out(monkeypatch):
    """Skip got10k's curves, which take seconds and are tested in test_scores.py."""
    for experiment in (experiments.ExperimentOTB, experiments.ExperimentGOT10k):
        monkeypatch.setattr(experiment, "plot_curves", lambda *_: None)
