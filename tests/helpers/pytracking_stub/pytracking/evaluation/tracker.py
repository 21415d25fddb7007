"""What the toolkit does with a tracker class, by entry point."""

import importlib
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Sequence:
    """Frames are RGB, as the toolkit reads them; a box, or a dict of boxes by object."""

    name: str
    frames: list
    box: object


class Tracker:
    """A tracker by the name of its folder; without the folder it has no class."""

    def __init__(self, name, parameter_name, run_id=None, display_name=None):
        self.name, self.parameter_name = name, parameter_name
        self.run_id, self.display_name = run_id, display_name
        local = importlib.import_module("pytracking.evaluation.local")
        self.results_dir = f"{local.local_env_settings().results_path}/{name}/{parameter_name}"
        self.tracker_class = None
        if Path(__file__).parents[1].joinpath("tracker", name).is_dir():
            module = importlib.import_module(f"pytracking.tracker.{name}")
            self.tracker_class = module.get_tracker_class()
        self.visdom = None

    def get_parameters(self):
        module = importlib.import_module(f"pytracking.parameter.{self.name}.{self.parameter_name}")
        return module.parameters()

    def run_sequence(self, seq):
        """Datasets: RGB; features are not asked for ahead."""
        params = self.get_parameters()
        params.visualization, params.debug = False, 0
        if isinstance(seq.box, dict):
            tracker, info = Parallel(self.tracker_class, params, self.visdom), by_object(seq.box)
        else:
            tracker, info = self.create_tracker(params), {"init_bbox": seq.box}
        outputs = [tracker.initialize(seq.frames[0], info)]
        assert tracker.params.visualization is False
        for frame in seq.frames[1:]:
            outputs.append(tracker.track(frame, {"previous_output": outputs[-1]}))
            if self.visdom is not None:
                tracker.visdom_draw_tracking(frame, [outputs[-1]["target_bbox"]], None)
        return outputs

    def run_video_generic(self, frames, box):
        """Videos and cameras: BGR, always by way of the wrapper for several objects."""
        params = self.get_parameters()
        params.debug, params.tracker_name, params.param_name = 0, self.name, self.parameter_name
        tracker = Parallel(self.tracker_class, params, self.visdom)
        outputs = [tracker.initialize(frames[0], by_object({1: box}))]
        for frame in frames[1:]:
            outputs.append(tracker.track(frame, {"sequence_object_ids": [1]}))
        return [{key: value[1] for key, value in output.items()} for output in outputs]

    def run_vot(self, frames, polygon):
        """VOT: RGB, a polygon that becomes a box in the way that the parameters say."""
        params = self.get_parameters()
        params.tracker_name, params.param_name = self.name, self.parameter_name
        params.run_id = self.run_id
        params.visualization, params.debug = False, 0
        tracker = self.create_tracker(params)
        tracker.initialize_features()
        assert not tracker.predicts_segmentation_mask()
        x, y = polygon[0::2], polygon[1::2]
        assert tracker.params.vot_anno_conversion_type == "union"
        box = [min(x), min(y), max(x) - min(x), max(y) - min(y)]
        first = tracker.initialize(frames[0], {"init_bbox": box})
        return [first, *(tracker.track(frame) for frame in frames[1:])]

    def create_tracker(self, params):
        tracker = self.tracker_class(params)
        tracker.visdom = self.visdom
        return tracker


def by_object(boxes):
    names = list(boxes)
    return {"init_bbox": boxes, "init_object_ids": names, "object_ids": names}


class Parallel:
    """One tracker for each object; each output becomes a dict by object."""

    def __init__(self, tracker_class, params, visdom):
        assert tracker_class.multiobj_mode == "parallel"
        self.tracker_class, self.params, self.visdom = tracker_class, params, visdom
        self.trackers = {}

    def initialize(self, image, info):
        outputs = {}
        for name in info["init_object_ids"]:
            tracker = self.trackers[name] = self.tracker_class(self.params)
            tracker.visdom = self.visdom
            single = {"init_bbox": info["init_bbox"][name], "object_ids": [name]}
            outputs[name] = tracker.initialize(image, single)
        return self._merged(outputs)

    def track(self, image, info=None):
        return self._merged({n: t.track(image, info) for n, t in self.trackers.items()})

    def visdom_draw_tracking(self, image, boxes, segmentation):
        self.visdom.register((image, *boxes[0].values()), "Tracking", 1, "Tracking")

    @staticmethod
    def _merged(outputs):
        keys = next(iter(outputs.values()))
        return {key: {name: output[key] for name, output in outputs.items()} for key in keys}
