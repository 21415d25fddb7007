"""The tracker of section 4: train on the first frame, then detect and update in each frame."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from crt_plugin.algorithm.geometry import Box, PatchGeometry, cut_patches, scale_box
from crt_plugin.algorithm.history import History, Sample
from crt_plugin.algorithm.maps import label_map, motion_map
from crt_plugin.algorithm.regression import ConvRegression
from crt_plugin.errors import NotInitialisedError, ParameterError
from crt_plugin.features.pipeline import FeaturePipeline
from crt_plugin.parameters import PaperParameters, load_parameters
from crt_plugin.runtime.device import after_fork, choose_device, choose_precision
from crt_plugin.runtime.image import as_box, as_rgb

# Ours: limits of the object's size, so that a lost object neither vanishes nor explodes.
SMALLEST_SIDE = 1.0  # px, of the shorter side
LARGEST_SIDE = 4.0  # of the frame's longer side, of the longer side
# Ours: a lower peak says nothing of where the object is. Where all of the response near the last
# place is below 0, the maximum is at the patch's border, where the motion map is almost 0.
LEAST_PEAK = 0.001  # response units
SAMPLE = re.compile(r"(.*history\.\d+\.)(features|label)")  # a sample's part in a state


@dataclass(frozen=True)
class Detection:
    """Where the object was found in one frame, and why.

    Attributes:
        box: (x, y, w, h), frame px, 0-based.
        peak: maximum of motion map x response; below ``confidence_threshold`` the frame was
            not learned from.
        score: the peak, limited to 0 to 1 (reference).
        scale: size of the object against the frame before.
        response: regression result on the search patch, Ho x Wo, float32.
        motion_map: Ho x Wo, float32.
        patch_rect: search patch, (x, y, w, h), frame px.
        cell: (row, column) of the maximum in the response.
    """

    box: Box
    peak: float
    score: float
    scale: float
    response: NDArray[np.float32] = field(repr=False)
    motion_map: NDArray[np.float32] = field(repr=False)
    patch_rect: Box
    cell: tuple[float, float]


class PaperTracker:
    """Convolutional Regression for Visual Tracking, as the paper has it.

    Images are RGB, H x W x 3, uint8 (numpy) or PIL images; boxes are (x, y, w, h) in float
    pixels, top-left corner, 0-based. The same seed gives the same boxes, bit for bit.

    Attributes:
        params: the settings.
        last: the last ``Detection``; after ``init`` the first frame's own.
        training: ``Descent`` of the first frame.

    Examples:
        >>> tracker = PaperTracker(load_parameters("default"))
        >>> tracker.init(first_frame, (10, 20, 30, 40))
        >>> box = tracker.update(next_frame)
    """

    regression_type: Callable[..., ConvRegression] = ConvRegression  # others learn by other means

    def __init__(self, params: PaperParameters | None = None) -> None:
        """Load the features.

        Args:
            params: a copy is kept; without it the file ``default``.

        Raises:
            ParameterError: values that are wrong, or do not go together.
        """
        after_fork()
        chosen = load_parameters("default") if params is None else params
        if not isinstance(chosen, PaperParameters):
            name = chosen if isinstance(chosen, str) else "light"
            raise ParameterError(
                f"params is {chosen!r}; expected Parameters, such as load_parameters({name!r})"
            )
        self.params = chosen.copy()
        self.device = choose_device(self.params.device)
        precision = choose_precision(self.params.precision, self.device)
        self.features = FeaturePipeline(self.params, self.device, precision)
        self._last: Detection | None = None

    def __repr__(self) -> str:
        if self._last is None:
            state = "no object yet"
        else:
            numbers = ", ".join(f"{value:.1f}" for value in self._last.box)
            state = f"box ({numbers}), score {self._last.score:.2f}"
        return f"<{type(self).__name__} on {self.device}: {state}>"

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
        p = self.params
        self.geometry = PatchGeometry.of_object(
            box[2:],
            filter_cells=p.filter_cells,
            patch_size=(p.patch_height, p.patch_width),
            stride=self.features.stride,
        )
        self._motion_map = motion_map(self.geometry, p.motion_sigma * math.sqrt(p.filter_cells))

        features = self.features.fit(self._cut(frame, [box], self.geometry))
        sample = Sample(features[0], self._label(self.geometry.center))

        self.regression = self.regression_type(
            (self.geometry.filter_h, self.geometry.filter_w),
            features,
            torch.Generator().manual_seed(p.seed),
            **objective_of(p),
        )
        self.training = self.regression.descend(
            self.regression.make_optimizer(p.optimizer, p.train_learning_rate),
            features,
            sample.label[None],
            p.train_steps,
            p.stop_loss,
        )
        # The optimizer of the updates keeps its state through the sequence (reference).
        self._update_optimizer = self.regression.make_optimizer(p.optimizer, p.update_learning_rate)
        self._first_sample = sample
        self._history = self._start_history(sample)
        first, _ = self._predict([box], self.regression.response(features))
        self._last = replace(first, box=box, cell=self.geometry.center)

    @torch.inference_mode()
    def update(self, image: Any) -> Box:
        """Detect the object in the next frame, and learn from it.

        Returns:
            A copy of ``last.box``.

        Raises:
            NotInitialisedError: before ``init``.
            ImageError: see ``crt_plugin.runtime.image``.
        """
        after_fork()
        detection, sample = self._detect(as_rgb(image))
        is_sure = detection.peak >= self.params.confidence_threshold
        self._history.add(sample, is_sure)
        self._last = detection
        if is_sure:
            self._learn()
        return detection.box.copy()

    def state_dict(self) -> dict[str, torch.Tensor]:
        """What the frames after the first have changed: filter, optimizer, history and place.

        A tracker of the same settings that had ``init`` with the same frame and box goes on from
        it by ``load_state_dict``, with the same boxes, bit for bit. Later updates do not change it.

        Raises:
            NotInitialisedError: before ``init``.
        """
        last, regression = self.last, self.regression
        state = {
            "box": torch.from_numpy(last.box.copy()),
            "peak_and_score": torch.tensor([last.peak, last.score], dtype=torch.float64),
            "weight": regression.weight.clone(),
            "bias": regression.bias.clone(),
        }
        for i, tensor in enumerate(self._update_optimizer.state):
            state[f"optimizer.{i}"] = tensor.clone()
        for i, sample in enumerate(self._history.kept):
            if sample is not self._first_sample:  # which ``init`` makes again
                state[f"history.{i}.features"] = sample.features
                state[f"history.{i}.label"] = sample.label
        return state

    @torch.inference_mode()
    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        """Go on from what ``state_dict`` gave; of ``last``, the maps stay the first frame's.

        Raises:
            NotInitialisedError: before ``init``.
            ParameterError: a state of other settings, or of an object of another size; nothing is
                changed.
        """
        wrong = [
            name
            for name, tensor in self.state_dict().items()
            if not SAMPLE.fullmatch(name)
            and (name not in state or state[name].shape != tensor.shape)
        ]
        samples = {match[1] for name in state if (match := SAMPLE.fullmatch(name))}
        pairs = (f"{sample}{part}" for sample in sorted(samples) for part in ("features", "label"))
        wrong += [name for name in pairs if name not in state]
        if wrong:
            raise ParameterError(
                f"{', '.join(wrong)} of the state are missing or of another shape; expected the "
                "state of a tracker of the same settings, first frame and box"
            )
        peak, score = state["peak_and_score"].tolist()
        self._last = replace(self.last, box=state["box"].numpy().copy(), peak=peak, score=score)
        self.regression.weight.copy_(state["weight"])
        self.regression.bias.copy_(state["bias"])
        for i, tensor in enumerate(self._update_optimizer.state):
            tensor.copy_(state[f"optimizer.{i}"])
        count = sum(name.startswith("history.") and name.endswith(".label") for name in state)
        is_first_kept = "history.0.label" not in state
        kept = [self._first_sample] if is_first_kept else []
        for i in range(is_first_kept, count + is_first_kept):
            pair = (state[f"history.{i}.{name}"].to(self.device) for name in ("features", "label"))
            kept.append(Sample(*pair))
        self._history.kept.clear()
        self._history.kept.extend(kept)

    def _detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, Sample]:
        """Detecting: the maximum of motion map x response over places and scales."""
        last = self.last.box
        factors = self._scale_factors(last, max(frame.shape[:2]))
        boxes = [scale_box(last, factor) for factor in factors]
        patches = self._cut(frame, boxes, self.geometry)
        features = self.features(patches)
        response = self._respond(patches, features)
        detection, index = self._predict(boxes, response, factors.index(1))
        # The search patch is the new train data pair, labelled where the object was found.
        sample = Sample(features[index].clone(), self._label(detection.cell))
        box = keep_in_frame(detection.box, *frame.shape[:2])
        return replace(detection, box=box, scale=factors[index]), sample

    def _respond(self, patches: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Response of S patches, S x Ho x Wo; 0 where they are of one colour (ours).

        There the regression would see rounding, or what a network makes of the patch's border.
        """
        is_blank = (patches == patches[0, 0, 0]).all()  # a GPU is not waited for
        return torch.where(is_blank, 0.0, self.regression.response(features))

    def _predict(
        self, boxes: Sequence[Box], response: torch.Tensor, present: int = 0
    ) -> tuple[Detection, int]:
        """Read the prediction off the response of the patches around S boxes, S x Ho x Wo.

        Where the peak is below ``LEAST_PEAK``, the object stays where it was (ours).

        Args:
            present: index of the box of the last size.

        Returns:
            The detection, and the index of the box around which it is.
        """
        response = response.cpu()  # the only time in a frame that a GPU is waited for
        prediction = self._motion_map * response
        maximum = int(prediction.argmax())
        index, place = divmod(maximum, self._motion_map.numel())
        peak = float(prediction.flatten()[maximum])
        cell: tuple[float, float] = self.geometry.center
        if LEAST_PEAK <= peak < math.inf:
            cell = self._refine(prediction[index], *divmod(place, self._motion_map.shape[1]))
        else:
            index = present
        patch_rect = self.geometry.patch_rect(boxes[index])
        detection = Detection(
            box=self.geometry.box_at(patch_rect, *cell),
            peak=peak,
            score=self._score(peak),
            scale=1.0,
            response=response[index].numpy(),
            motion_map=self._motion_map.numpy(),
            patch_rect=patch_rect,
            cell=cell,
        )
        return detection, index

    def _refine(self, prediction: torch.Tensor, row: int, column: int) -> tuple[float, float]:
        """Place of the maximum at a cell of the prediction, Ho x Wo."""
        return row, column

    def _score(self, peak: float) -> float:
        """Score from 0 to 1 of a detection's peak (reference)."""
        return min(1.0, max(0.0, peak))  # a peak below 0: no window resembles the object at all

    def _start_history(self, first: Sample) -> History:
        return History(first, self.params.history_length, self.params.history_gap)

    def _learn(self) -> None:
        """Updating: a few steps on the train data pairs of frames t, t - 2, t - 4, ..."""
        samples = self._history.choose()
        self.regression.descend(
            self._update_optimizer,
            torch.stack([sample.features for sample in samples]),
            torch.stack([sample.label for sample in samples]),
            self.params.update_steps,
            self.params.stop_loss,
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
        self, frame: NDArray[np.uint8], boxes: Sequence[Box], geometry: PatchGeometry
    ) -> torch.Tensor:
        """A patch around each box, N x H x W x 3."""
        rects = [geometry.patch_rect(box) for box in boxes]
        return torch.from_numpy(cut_patches(frame, rects, geometry.input_size)).to(self.device)

    def _label(self, cell: tuple[float, float]) -> torch.Tensor:
        return label_map(self.geometry, self.params.label_sigma, cell).to(self.device)


def objective_of(params: PaperParameters) -> dict[str, float]:
    """Arguments of ``ConvRegression`` that are settings."""
    return {
        "threshold": params.loss_threshold,
        "exponent": params.loss_exponent,
        "factor": params.loss_factor,
        "regularization": params.regularization,
    }


def keep_in_frame(box: Box, height: int, width: int) -> Box:
    """Move a box that has left the frame back until one pixel of it is inside (ours)."""
    x, y, w, h = box
    return np.array([np.clip(x, 1 - w, width - 1), np.clip(y, 1 - h, height - 1), w, h])
