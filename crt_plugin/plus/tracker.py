"""The paper's tracker with our extensions, each enabled by a setting."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from crt_plugin.algorithm.geometry import Box, PatchGeometry
from crt_plugin.algorithm.history import History, Sample
from crt_plugin.algorithm.tracker import LEAST_PEAK, Detection, PaperTracker, keep_in_frame
from crt_plugin.parameters import Parameters
from crt_plugin.parameters.ensemble import LEAD, list_members
from crt_plugin.parameters.settings import parse_numbers
from crt_plugin.plus.confidence import TrackRecord, calibrate
from crt_plugin.plus.ensemble import average_boxes
from crt_plugin.plus.filter_window import WindowedRegression
from crt_plugin.plus.frame_noise import add_noise
from crt_plugin.plus.history import LongHistory
from crt_plugin.plus.initial_filter import start_at_zero
from crt_plugin.plus.pose import Pose, cut_posed_patches
from crt_plugin.plus.pose_search import Axis, choose_pose, list_poses, shrink_patch
from crt_plugin.plus.redetection import cover_frame
from crt_plugin.plus.subcell import find_gaussian_peak
from crt_plugin.runtime.image import as_box, as_rgb


@dataclass(frozen=True)
class PosedDetection(Detection):
    """A detection of an object that may rotate.

    Attributes:
        pose: place, size and angle; ``box`` follows from it, if there is no ``mean_box``.
        score: the peak, or the probability that the box is right if ``score_exponent`` is set.
        patch_rect: of the chosen scale if places and scales are searched jointly, else of the
            last one.
        patch_angle: of the search patch around its centre, radians, clockwise on the screen.
        cell: fractional if ``subcell`` is on.
        mean_box: of an ensemble, (x, y, w, h), frame px: the mean of the boxes that agree, which is
            then ``box``; all else is the lead's. None without an ensemble, and in its first frame.
    """

    pose: Pose
    patch_angle: float = 0.0
    mean_box: Box | None = None

    def __post_init__(self) -> None:
        box = self.pose.box if self.mean_box is None else self.mean_box
        object.__setattr__(self, "box", box)  # frozen


class CRTTracker(PaperTracker):
    """Convolutional Regression for Visual Tracking: the paper's tracker, and our extensions.

    With the paper's settings it is ``PaperTracker``.

    Examples:
        >>> tracker = CRTTracker(load_parameters("default"))
        >>> tracker.init(first_frame, (10, 20, 30, 40))
        >>> box = tracker.update(next_frame)
    """

    params: Parameters
    windowed_type: type[WindowedRegression] = WindowedRegression  # with ``filter_window``

    def __init__(self, params: Parameters | None = None) -> None:
        """See ``PaperTracker``."""
        super().__init__(params)
        settings = list_members(self.params).items()
        self._others = {name: self._make_member(each) for name, each in settings if name != LEAD}
        self._record: TrackRecord | None = None  # until ``init``, and where the score is the peak's
        if self.params.filter_window is not None:
            self.regression_type = partial(self.windowed_type, sigma=self.params.filter_window)
        if self.params.initial_filter == "zero":
            self.regression_type = partial(start_at_zero, self.regression_type)

    @property
    def members(self) -> dict[str, CRTTracker]:
        """The trackers of an ensemble by name, first this one, called "lead".

        Each goes on from its own box, ``last.pose.box``.
        """
        return {LEAD: self, **self._others}

    def _make_member(self, params: Parameters) -> CRTTracker:
        return CRTTracker(params)

    @property
    def last(self) -> PosedDetection:
        """The last detection.

        Raises:
            NotInitialisedError: before ``init``.
        """
        return cast(PosedDetection, super().last)

    def init(self, image: Any, box: Any) -> None:
        """See ``PaperTracker.init``."""
        given = as_rgb(image)
        box = as_box(box, *given.shape[:2])  # wrong input changes nothing
        for other in self._others.values():
            other.init(given, box)
        frame = self._add_noise(given, 0)
        self._record = None
        super().init(frame, box)
        first = super().last
        self._last = PosedDetection(**vars(first), pose=Pose(first.box))
        if self.params.score_shape_weight or self.params.score_color_weight:
            self._record = TrackRecord.of_object(frame, first.box)
        self._frame_index = 0
        self._frames_lost = 0

    @torch.inference_mode()
    def update(self, image: Any) -> Box:
        """See ``PaperTracker.update``."""
        frame = as_rgb(image)
        box = super().update(frame)
        if self._others:
            others = [other.update(frame)[None] for other in self._others.values()]
            box = average_boxes(box[None], others)[0]
            self._last = replace(self.last, mean_box=box.copy())
        return box

    def state_dict(self) -> dict[str, torch.Tensor]:
        """See ``PaperTracker.state_dict``."""
        pose, record = self.last.pose, self._record
        seen = [] if record is None else [record.shape_change, record.color_distance]
        state = super().state_dict() | {
            "upright": torch.from_numpy(pose.upright.copy()),
            "angle": torch.tensor(pose.angle, dtype=torch.float64),
            "frames": torch.tensor([self._frame_index, self._frames_lost]),
            "record": torch.tensor(seen, dtype=torch.float64),
        }
        for name, other in self._others.items():
            state |= {f"{name}.{key}": tensor for key, tensor in other.state_dict().items()}
        return state

    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        """See ``PaperTracker.load_state_dict``."""
        super().load_state_dict(state)
        pose = Pose(state["upright"].numpy().copy(), float(state["angle"]))
        mean_box = state["box"].numpy().copy() if self._others else None
        self._last = replace(self.last, pose=pose, mean_box=mean_box)
        self._frame_index, self._frames_lost = state["frames"].tolist()
        if self._record is not None:
            self._record.shape_change, self._record.color_distance = state["record"].tolist()
        for name, other in self._others.items():
            start = f"{name}."
            other.load_state_dict(
                {key.removeprefix(start): state[key] for key in state if key.startswith(start)}
            )

    def _add_noise(self, frame: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
        fraction = self.params.frame_noise
        return add_noise(frame, fraction, self.params.seed, index) if fraction else frame

    def _start_history(self, first: Sample) -> History:
        if self.params.history_ages is None:
            return super()._start_history(first)
        return LongHistory(first, parse_numbers(self.params.history_ages))

    def _detect(self, frame: NDArray[np.uint8]) -> tuple[PosedDetection, Sample]:
        last = self.last.pose
        self._frame_index += 1
        frame = self._add_noise(frame, self._frame_index)
        if self.params.search == "joint":
            found, sample = super()._detect(frame)
            detection = PosedDetection(**vars(found), pose=Pose(found.box))
        else:
            # The place on one patch in the last pose, then size and angle at that place.
            patches = self._cut(frame, [last], self.geometry)
            features = self.features(patches)
            found, _ = self._predict([last.upright], self._respond(patches, features))
            sample = Sample(features[0].clone(), self._label(found.cell))
            pose = last.move_to(found.box)
            detection = PosedDetection(**vars(found), pose=pose, patch_angle=last.angle)
            if detection.peak >= max(LEAST_PEAK, self.params.pose_threshold):
                detection = self._search_pose(frame, detection)
            detection = _keep_in_frame(detection, frame)
        if self._record is not None:
            self._record.add(frame, detection.box, last.box)
            detection = replace(detection, score=self._score(detection.peak))
        if self._is_search_due(detection.score):
            detection = self._search_frame(frame, detection)
        return detection, sample

    def _search_pose(self, frame: NDArray[np.uint8], detection: PosedDetection) -> PosedDetection:
        """The best size and angle at the place that was found, give or take one cell."""
        sizes, angles = self._axes(detection.pose.upright, max(frame.shape[:2]))
        if len(sizes.steps) == len(angles.steps) == 1:
            return detection
        geometry = shrink_patch(self.geometry, self.params.scale_margin)
        tried = list_poses(detection.pose, sizes, angles)
        response = self.regression.response(self.features(self._cut(frame, tried, geometry)))
        row, column = geometry.center
        near = response[:, row - 1 : row + 2, column - 1 : column + 2].amax(dim=(1, 2))
        refine = self.params.pose_refinement == "parabola"
        scale, rotation = choose_pose(sizes, angles, near.tolist(), refine)
        return replace(detection, pose=detection.pose.scale(scale).rotate(rotation), scale=scale)

    def _axes(self, box: Box, frame_side: int) -> tuple[Axis, Axis]:
        """Sizes and angles to search in this frame."""
        sizes, angles = [1.0], [0.0]
        if self._frame_index % self.params.scale_interval == 0:
            sizes = self._scale_factors(box, frame_side)
        is_rotation_due = (self._frame_index - 1) % self.params.rotation_interval == 0
        if is_rotation_due and self.params.rotation_step is not None:
            step = math.radians(self.params.rotation_step)
            angles = [-step, 0.0, step]
        penalty = self.params.rotation_penalty
        return Axis(sizes, sizes.index(1.0)), Axis(angles, angles.index(0.0), penalty)

    def _is_search_due(self, score: float) -> bool:
        """Count the consecutive frames in which the object is lost."""
        limit = self.params.lost_score
        self._frames_lost = self._frames_lost + 1 if limit is not None and score < limit else 0
        return self._frames_lost > 0 and self._frames_lost % self.params.lost_frames == 0

    def _search_frame(self, frame: NDArray[np.uint8], detection: PosedDetection) -> PosedDetection:
        """Look for a lost object in the whole frame.

        The motion map is left out, since the last place is no longer a clue. The filter learns
        from the new place once the next frame confirms it.
        """
        pose, size = detection.pose, (frame.shape[0], frame.shape[1])
        geometry, middle = cover_frame(self.geometry, size, pose.upright, self.params.found_cells)
        search_pose = Pose(middle, pose.angle)
        patches = self._cut(frame, [search_pose], geometry)
        response = self._respond(patches, self.features(patches))
        cell = divmod(int(response.argmax()), response.shape[2])
        found = search_pose.move_to(geometry.box_at(geometry.patch_rect(middle), *cell))
        # The colours of the last frames are those of where the object is not.
        colors = None if self._record is None else self._record.compare(frame, found.box)
        score = self._score(float(response.max()), colors)
        if score < self.params.found_score:
            return detection
        return _keep_in_frame(replace(detection, pose=found, score=score), frame)

    def _refine(self, prediction: torch.Tensor, row: int, column: int) -> tuple[float, float]:
        if self.params.subcell == "off":
            return super()._refine(prediction, row, column)
        return (
            row + find_gaussian_peak(prediction[:, column], row),
            column + find_gaussian_peak(prediction[row], column),
        )

    def _score(self, peak: float, colors: float | None = None) -> float:
        """Score of a peak, with the distance of the colours there, or their mean so far."""
        exponent, midpoint = self.params.score_exponent, self.params.score_midpoint
        if exponent is None or midpoint is None:
            return super()._score(peak)
        if self._record is None:
            return calibrate(peak, exponent, midpoint)
        shape, mean = self._record.evidence
        doubt = shape * (self.params.score_shape_weight or 0.0)
        doubt += (mean if colors is None else colors) * (self.params.score_color_weight or 0.0)
        return calibrate(peak, exponent, midpoint, doubt)

    def _cut(
        self, frame: NDArray[np.uint8], boxes: Sequence[Box | Pose], geometry: PatchGeometry
    ) -> torch.Tensor:
        """A patch around each box or pose, N x H x W x 3."""
        poses = [box if isinstance(box, Pose) else Pose(box) for box in boxes]
        return torch.from_numpy(cut_posed_patches(frame, poses, geometry)).to(self.device)


def _keep_in_frame(detection: PosedDetection, frame: NDArray[np.uint8]) -> PosedDetection:
    box = keep_in_frame(detection.box, *frame.shape[:2])
    return replace(detection, pose=detection.pose.place_box(box))
