"""The tracker of section 4: train on the first frame, then detect and update in each frame."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from crt_plugin.algorithm.geometry import Box, PatchGeometry, Pose, cut_patches
from crt_plugin.algorithm.maps import gaussian_top, label_map, motion_map, score_of
from crt_plugin.algorithm.regression import ConvRegression
from crt_plugin.errors import NotInitialisedError, ParameterError
from crt_plugin.features.pipeline import FeaturePipeline
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.plus.pose_search import Axis, chosen, poses
from crt_plugin.runtime.device import after_fork, choose_device, choose_precision
from crt_plugin.runtime.image import as_box, as_rgb

# Ours: limits of the object's size, so that a lost object neither vanishes nor explodes.
SMALLEST_SIDE = 1.0  # px, of the shorter side
LARGEST_SIDE = 4.0  # of the frame's longer side, of the longer side


@dataclass(frozen=True)
class Detection:
    """Where the object was found in one frame, and why.

    Attributes:
        pose: place, size and angle, frame px, 0-based.
        peak: maximum of motion map x response; below ``confidence_threshold`` the frame was
            not learned from.
        score: from 0 to 1, see ``maps.score_of``.
        scale: size of the object against the frame before.
        response: regression result on the search patch, Ho x Wo, float32.
        motion_map: Ho x Wo, float32.
        patch_rect: search patch, (x, y, w, h), frame px; of the chosen scale where places and
            scales are searched at once, else of the last one.
        patch_angle: by which the search patch is turned around its centre, radians, clockwise on
            the screen.
        cell: (row, column) of the maximum in the response; fractions where ``subcell`` is on.
    """

    pose: Pose
    peak: float
    score: float
    scale: float
    response: NDArray[np.float32]
    motion_map: NDArray[np.float32]
    patch_rect: Box
    patch_angle: float
    cell: tuple[float, float]

    @property
    def box(self) -> Box:
        """(x, y, w, h), frame px, 0-based."""
        return self.pose.box


@dataclass(frozen=True)
class Sample:
    """One train data pair: features H x W x C, and label Ho x Wo."""

    features: torch.Tensor
    label: torch.Tensor


class CRTTracker:
    """Convolutional Regression for Visual Tracking.

    Images are RGB, H x W x 3, uint8 (numpy) or PIL images; boxes are (x, y, w, h) in float
    pixels, top-left corner, 0-based. The same seed gives the same boxes, bit for bit.

    Attributes:
        params: the settings.
        last: the last ``Detection``; after ``init`` the first frame's own.
        training: ``Descent`` of the first frame.

    Example:
        >>> tracker = CRTTracker(load_parameters("default"))
        >>> tracker.init(first_frame, (10, 20, 30, 40))
        >>> box = tracker.update(next_frame)
    """

    regression_type = ConvRegression  # a subclass may learn by other means

    def __init__(self, params: Parameters | None = None) -> None:
        """Load the features.

        Args:
            params: a copy is kept; without it the file ``default``.

        Raises:
            ParameterError: settings that do not go together.
        """
        after_fork()
        self.params = load_parameters("default") if params is None else params.copy()
        if self.params.rotation_step and self.params.search != "two_step":
            raise ParameterError(
                f"rotation_step = {self.params.rotation_step} with search = "
                f"{self.params.search!r}; expected 0, or search = 'two_step'"
            )
        self.device = choose_device(self.params.device)
        precision = choose_precision(self.params.precision, self.device)
        self.features = FeaturePipeline(self.params, self.device, precision)
        self._last: Detection | None = None

    @property
    def last(self) -> Detection:
        """The last detection.

        Raises:
            NotInitialisedError: before ``init``.
        """
        if self._last is None:
            raise NotInitialisedError("the tracker has no object yet: call init(image, box) first")
        return self._last

    @torch.inference_mode()
    def init(self, image: Any, box: Any) -> None:
        """Training: learn the regression from the first frame and the object's box.

        Raises:
            ImageError, BoxError: see ``crt_plugin.runtime.image``.
        """
        after_fork()
        frame = as_rgb(image)
        box = as_box(box, *frame.shape[:2])
        self.geometry = PatchGeometry.of_object(box[2], box[3], self.params, self.features.stride)
        self._motion_map = motion_map(self.geometry, self.params)

        features = self.features.fit(self._cut(frame, [Pose(box)], self.geometry))
        sample = Sample(features[0], self._label(*self.geometry.center))

        generator = torch.Generator().manual_seed(self.params.seed)
        self.regression = self.regression_type(
            (self.geometry.filter_h, self.geometry.filter_w), features, self.params, generator
        )
        self.training = self.regression.descend(
            self.regression.optimizer(self.params.train_learning_rate),
            features,
            sample.label[None],
            self.params.train_steps,
        )
        # The optimizer of the updates keeps its state through the sequence (reference).
        self._update_optimizer = self.regression.optimizer(self.params.update_learning_rate)
        span = (self.params.history_length - 1) * self.params.history_gap + 1
        self._history: deque[Sample] = deque([sample], maxlen=span)
        self._frame_index = 0
        self._lost = 0  # frames below lost_score, one after the other
        response = self.regression.response(features)
        first = self._detection([Pose(box)], [1.0], response)
        self._last = replace(first, pose=Pose(box), cell=self.geometry.center)

    @torch.inference_mode()
    def update(self, image: Any) -> Box:
        """Detect the object in the next frame, and learn from it.

        Returns:
            A copy of ``last.box``.

        Raises:
            NotInitialisedError: before ``init``.
            ImageError: see ``crt_plugin.runtime.image``.
        """
        last_pose = self.last.pose
        after_fork()
        frame = as_rgb(image)
        self._frame_index += 1
        detection, sample = self._detect(frame, last_pose)
        self._history.append(sample)
        self._lost = self._lost + 1 if detection.score < self.params.lost_score else 0
        if self._lost and self._lost % self.params.lost_frames == 0:
            detection = self._search(frame, detection)
        self._last = detection
        if detection.peak >= self.params.confidence_threshold:
            self._learn()
        return detection.box.copy()

    def _detect(self, frame: NDArray[np.uint8], last: Pose) -> tuple[Detection, Sample]:
        """Detecting: the maximum of motion map x response over places and scales."""
        two_steps = self.params.search == "two_step"
        side = max(frame.shape[:2])
        factors = [1.0] if two_steps else self._scale_factors(last.upright, side)
        tried = [last.scaled(factor) for factor in factors]
        features = self.features(self._cut(frame, tried, self.geometry))
        detection = self._detection(tried, factors, self.regression.response(features))
        # The search patch is the new train data pair, labelled where the object was found.
        index = factors.index(detection.scale)
        sample = Sample(features[index].clone(), self._label(*detection.cell))
        if two_steps and detection.peak >= self.params.pose_threshold:
            detection = self._second_step(frame, detection)
        return _kept_in_frame(detection, *frame.shape[:2]), sample

    def _second_step(self, frame: NDArray[np.uint8], detection: Detection) -> Detection:
        """The best size and angle at the place that was found (ours).

        The response may still move by one cell there.
        """
        sizes, angles = self._axes(detection.pose.upright, max(frame.shape[:2]))
        if len(sizes.steps) == len(angles.steps) == 1:
            return detection
        geometry = self.geometry.with_margin(self.params.scale_margin)
        tried = poses(detection.pose, sizes, angles)
        response = self.regression.response(self.features(self._cut(frame, tried, geometry)))
        row, column = geometry.center
        near = response[:, row - 1 : row + 2, column - 1 : column + 2].amax(dim=(1, 2))
        scale, turn = chosen(sizes, angles, near.tolist(), self.params)
        return replace(detection, pose=detection.pose.scaled(scale).turned(turn), scale=scale)

    def _search(self, frame: NDArray[np.uint8], detection: Detection) -> Detection:
        """Look for a lost object in the whole frame (ours): all windows are real, so it can.

        Without the motion map, as the last place says nothing any more. The place is learned
        from when the next frame confirms it.
        """
        pose, size = detection.pose, (frame.shape[0], frame.shape[1])
        geometry, middle = self.geometry.searching(size, pose.upright, self.params.found_cells)
        looked_at = Pose(middle, pose.angle)
        response = self.regression.response(self.features(self._cut(frame, [looked_at], geometry)))
        peak = float(response.max())
        score = score_of(peak, self.params)
        if score < self.params.found_score:
            return detection
        row, column = divmod(int(response.argmax()), response.shape[2])
        found = looked_at.moved_to(geometry.box_at(geometry.patch_rect(middle), row, column))
        return _kept_in_frame(replace(detection, pose=found, score=score), *size)

    def _axes(self, box: Box, frame_side: int) -> tuple[Axis, Axis]:
        """Sizes and angles that the second step looks at in this frame."""
        sizes, angles = [1.0], [0.0]
        if self._frame_index % self.params.scale_interval == 0:
            sizes = self._scale_factors(box, frame_side)
        turn = (self._frame_index - 1) % self.params.rotation_interval == 0
        if turn and self.params.rotation_step:
            step = math.radians(self.params.rotation_step)
            angles = [-step, 0.0, step]
        price = self.params.rotation_price
        return Axis(sizes, sizes.index(1.0)), Axis(angles, angles.index(0.0), price)

    def _detection(
        self, tried: list[Pose], factors: list[float], response: torch.Tensor
    ) -> Detection:
        """Read the prediction off the response, S x Ho x Wo."""
        response = response.cpu()  # the one time in a frame that the host waits for the device
        prediction = self._motion_map * response
        index = int(prediction.argmax())
        scale, place = divmod(index, self._motion_map.numel())
        row, column = divmod(place, self._motion_map.shape[1])
        cell = self._refined(prediction[scale], row, column)
        patch_rect = self.geometry.patch_rect(tried[scale].upright)
        peak = float(prediction.flatten()[index])
        return Detection(
            pose=tried[scale].moved_to(self.geometry.box_at(patch_rect, *cell)),
            peak=peak,
            score=score_of(peak, self.params),
            scale=factors[scale],
            response=response[scale].numpy(),
            motion_map=self._motion_map.numpy(),
            patch_rect=patch_rect,
            patch_angle=tried[scale].angle,
            cell=cell,
        )

    def _refined(self, prediction: torch.Tensor, row: int, column: int) -> tuple[float, float]:
        """Where the maximum at a cell really is, as ``subcell`` says."""
        if self.params.subcell == "off":
            return row, column
        return (
            row + gaussian_top(prediction[:, column], row),
            column + gaussian_top(prediction[row], column),
        )

    def _learn(self) -> None:
        """Updating: a few steps on the train data pairs of frames t, t - 2, t - 4, ..."""
        samples = list(self._history)[:: -self.params.history_gap]
        self.regression.descend(
            self._update_optimizer,
            torch.stack([sample.features for sample in samples]),
            torch.stack([sample.label for sample in samples]),
            self.params.update_steps,
        )

    def _scale_factors(self, box: Box, frame_side: int) -> list[float]:
        """Sizes to search against the last one, smallest first."""
        longer, shorter = max(box[2:]), min(box[2:])
        step = max(self.params.scale_step, self.params.scale_step_pixels / longer)
        half = self.params.scale_count // 2
        factors = [1 + step * k for k in range(-half, half + 1)]
        return [
            f
            for f in factors
            if f == 1
            or (f < 1 and shorter * f >= SMALLEST_SIDE)
            or (f > 1 and longer * f <= LARGEST_SIDE * frame_side)
        ]

    def _cut(
        self, frame: NDArray[np.uint8], poses: Sequence[Pose], geometry: PatchGeometry
    ) -> torch.Tensor:
        """A patch around the object in each pose, N x H x W x 3."""
        rects = [geometry.patch_rect(pose.upright) for pose in poses]
        angles = [pose.angle for pose in poses]
        patches = cut_patches(frame, rects, *geometry.input_size, angles)
        return torch.from_numpy(patches).to(self.device)

    def _label(self, row: float, column: float) -> torch.Tensor:
        return label_map(self.geometry, self.params, row, column).to(self.device)


def _kept_in_frame(detection: Detection, height: int, width: int) -> Detection:
    """Move a box that has left the frame back until one pixel of it is inside (ours)."""
    x, y, w, h = detection.box
    inside = np.array([np.clip(x, 1 - w, width - 1), np.clip(y, 1 - h, height - 1), w, h])
    return replace(detection, pose=detection.pose.with_box(inside))
