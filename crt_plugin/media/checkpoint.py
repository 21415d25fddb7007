"""Checkpoints: how far an unfinished run has come, kept so that it can be resumed."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save

from crt_plugin.algorithm.geometry import Box
from crt_plugin.errors import ParameterError, SourceError
from crt_plugin.features.weight_files import READING_FAILED
from crt_plugin.media.frame import Frame
from crt_plugin.media.loop import Boxes, Id, Step
from crt_plugin.media.selection import Selection
from crt_plugin.media.sources import Source
from crt_plugin.parameters import Parameters
from crt_plugin.plus.multi_tracker import MultiTracker
from crt_plugin.runtime.atomic import write_atomically

INTERVAL = 30.0  # s between two checkpoints, which for a long history have 50 MB


def describe_run(
    source: Source,
    first: Frame,
    boxes: Mapping[Id, Box],
    selection: Selection,
    params: Parameters,
    files: Iterable[str],
) -> dict[str, Any]:
    """What must be the same for a run to be resumed, by name.

    Of ``files`` the kinds count: one that is not asked for again would stay unfinished.
    """
    return {
        "source": source.name,
        "first frame": hashlib.sha256(first.picture.tobytes()).hexdigest(),
        "boxes": [[id, *box.tolist()] for id, box in boxes.items()],
        "start": selection.start,
        "every": selection.every,
        "files": sorted(files),
        **dict(params),
    }


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        run: see ``describe_run``.
        boxes: of the N tracked frames and K objects, N x K x 4, float64.
        scores: N x K, float64.
        state: of the tracker of each object after them, see ``CRTTracker.state_dict``.
    """

    run: dict[str, Any]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    state: dict[Id, dict[str, torch.Tensor]]

    @property
    def first_boxes(self) -> dict[Id, Box]:
        """The objects' boxes in the first frame."""
        return {id: np.array(box, dtype=np.float64) for id, *box in self.run["boxes"]}

    @classmethod
    def load(cls, file: Path) -> Progress:
        """Read a checkpoint; no code is run.

        Raises:
            SourceError: it is damaged, or something else.
        """
        try:
            with safe_open(file, framework="pt") as stored:
                run = json.loads(stored.metadata()["run"])
                tensors = {name: stored.get_tensor(name).clone() for name in stored.keys()}  # noqa: SIM118
            boxes, scores = tensors.pop("boxes").numpy(), tensors.pop("scores").numpy()
            ids = [id for id, *_ in run["boxes"]]
            if boxes.shape != (len(scores), len(ids), 4) or not len(scores):
                raise ValueError(f"{boxes.shape} boxes and {scores.shape} scores of {ids}")
            state: dict[Id, dict[str, torch.Tensor]] = {id: {} for id in ids}
            for name, tensor in tensors.items():
                number, _, own = name.partition(".")
                state[ids[int(number)]][own] = tensor
        except READING_FAILED as error:
            raise SourceError(
                f"{file} cannot be read: {error}; expected a checkpoint of crt track; "
                "--overwrite tracks anew"
            ) from error
        return cls(run, boxes, scores, state)

    def require(self, run: Mapping[str, Any]) -> None:
        """Check that ``run`` is this one.

        Raises:
            ParameterError: names what differs.
        """
        # Through JSON, as what was stored: tuples are lists there.
        now = json.loads(json.dumps(run))
        names = [name for name in {**self.run, **now} if self.run.get(name) != now.get(name)]
        if names:
            differences = "; ".join(
                f"{name} was {self.run.get(name)!r} and is {now.get(name)!r}" for name in names
            )
            raise ParameterError(
                f"another run cannot be resumed: {differences}; expected the same, or --overwrite"
            )


class ResumingTracker:
    """A tracker of several objects that repeats the boxes of a checkpoint, and goes on behind."""

    def __init__(self, tracker: MultiTracker, progress: Progress) -> None:
        self._tracker, self._progress = tracker, progress
        self._index = 0

    @property
    def last(self) -> Mapping[Any, Any]:
        """The last detections; of a repeated frame objects with their ``score``."""
        if self._index < len(self._progress.scores):
            scores = self._progress.scores[self._index].tolist()
            return dict(zip(self._tracker.last, map(_Repeated, scores), strict=True))
        return self._tracker.last

    def init(self, image: Any, boxes: Boxes) -> None:
        """Learn from the first frame again, and then what was learned from the others."""
        self._tracker.init(image, boxes)
        try:
            self._tracker.load_state_dict(self._progress.state)
        except READING_FAILED as error:
            raise SourceError(f"the checkpoint is not of this tracker: {error}") from error

    def update(self, image: Any) -> Mapping[Any, Box]:
        """The boxes of the next frame."""
        self._index += 1
        if self._index < len(self._progress.boxes):
            boxes = self._progress.boxes[self._index].copy()
            return dict(zip(self._tracker.last, boxes, strict=True))
        return self._tracker.update(image)


@dataclass(frozen=True)
class _Repeated:
    score: float


class Checkpoint:
    """Sink that saves how far the run has come, at the first step and every ``INTERVAL``."""

    def __init__(
        self,
        path: Path,
        tracker: MultiTracker,
        run: dict[str, Any],
        resumed: Progress | None = None,
    ) -> None:
        """Write to ``path``; steps that ``resumed`` has are not written again."""
        self.path, self._tracker, self._run = path, tracker, run
        self._repeated = 0 if resumed is None else len(resumed.scores)
        self._boxes = [] if resumed is None else list(resumed.boxes)
        self._scores = [] if resumed is None else resumed.scores.tolist()
        self._state: dict[Any, dict[str, torch.Tensor]] = {}
        self._saved_at = -math.inf

    def write(self, step: Step) -> None:
        """Remember one step."""
        if self._repeated:
            self._repeated -= 1
            return
        self._boxes.append(np.array([found.box for found in step.objects]))
        self._scores.append([found.score for found in step.objects])
        # Now, since Ctrl-C may come in the middle of the next update.
        self._state = self._tracker.state_dict()
        if time.monotonic() - self._saved_at >= INTERVAL:
            self.save()

    def save(self) -> None:
        """Write what is remembered.

        Raises:
            StorageError: it cannot be written.
        """
        if not self._state:
            return
        tensors = {
            f"{number}.{name}": tensor.contiguous()
            for number, state in enumerate(self._state.values())
            for name, tensor in state.items()
        }
        tensors["boxes"] = torch.from_numpy(np.array(self._boxes))
        tensors["scores"] = torch.tensor(self._scores, dtype=torch.float64)
        with write_atomically(self.path) as unfinished:
            # Bytes, since the library's own writing hides the system's error, of a full disk.
            unfinished.write_bytes(save(tensors, {"run": json.dumps(self._run)}))
        self._saved_at = time.monotonic()

    def remove(self) -> None:
        """Remove the file: the run is complete."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is open."""
