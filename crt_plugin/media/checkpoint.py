"""Checkpoints: how far an unfinished run has come, kept so that it can be resumed."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
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
from crt_plugin.media.loop import Boxes, Step
from crt_plugin.media.selection import Selection
from crt_plugin.media.sources import Source
from crt_plugin.media.starts import Id, Start
from crt_plugin.parameters import Parameters
from crt_plugin.parameters.ensemble import find_differences, list_settings
from crt_plugin.plus.ensemble import hash_all_weights
from crt_plugin.plus.multi_tracker import MultiTracker
from crt_plugin.runtime.atomic import write_atomically

INTERVAL = 30.0  # s between two checkpoints, which for a long history have 50 MB


def describe_run(
    source: Source,
    first: Frame,
    starts: Iterable[Start],
    selection: Selection,
    params: Parameters,
    files: Iterable[str],
    lost_below: float | None = None,
) -> dict[str, Any]:
    """What must be the same for a run to be resumed, by name.

    Of ``files`` the kinds count: one that is not asked for again would stay unfinished.
    """
    return {
        "source": source.origin or source.name,
        "first frame": hashlib.sha256(first.picture.tobytes()).hexdigest(),
        "boxes": [[id, moment, *map(float, box)] for id, moment, box in starts],
        "start": selection.start,
        "every": selection.every,
        "files": sorted(files),
        "lost_below": lost_below,
        "weights": hash_all_weights(params),
        **list_settings(params),
    }


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        run: see ``describe_run``.
        given: starts that were taken, at the numbers of their frames, drawn ones too.
        ids: of the K objects that have begun.
        boxes: of the N tracked frames, N x K x 4, float64; NaN before an object has begun.
        scores: N x K, float64; NaN likewise.
        state: of the tracker of each object after them, see ``CRTTracker.state_dict``.
    """

    run: dict[str, Any]
    given: list[Start]
    ids: list[Id]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    state: dict[Id, dict[str, torch.Tensor]]

    @classmethod
    def load(cls, file: Path) -> Progress:
        """Read a checkpoint; no code is run.

        Raises:
            SourceError: it is damaged, or something else.
        """
        try:
            with safe_open(file, framework="pt") as stored:
                run, given, ids = (
                    json.loads(stored.metadata()[name]) for name in ("run", "given", "ids")
                )
                tensors = {name: stored.get_tensor(name).clone() for name in stored.keys()}  # noqa: SIM118
            boxes, scores = tensors.pop("boxes").numpy(), tensors.pop("scores").numpy()
            if boxes.shape != (len(scores), len(ids), 4) or not len(scores):
                raise ValueError(f"{boxes.shape} boxes and {scores.shape} scores of {ids}")
            state: dict[Id, dict[str, torch.Tensor]] = {id: {} for id in ids}
            for name, tensor in tensors.items():
                number, _, own = name.partition(".")
                state[ids[int(number)]][own] = tensor
            starts = [_read_start(start) for start in given]
        except READING_FAILED as error:
            raise SourceError(
                f"{file} cannot be read: {error}; expected a checkpoint of crt track; "
                "--overwrite tracks anew"
            ) from error
        return cls(run, starts, ids, boxes, scores, state)

    def find(self, index: int) -> dict[Id, tuple[Box, float]]:
        """Box and score of each object in a tracked frame."""
        rows = zip(self.ids, self.boxes[index].copy(), self.scores[index].tolist(), strict=True)
        return {id: (box, score) for id, box, score in rows if not math.isnan(score)}


def require_same_run(earlier: Mapping[str, Any], run: Mapping[str, Any]) -> None:
    """Check that a run is the one that is to be resumed, both by ``describe_run``.

    Raises:
        ParameterError: names what differs.
    """
    # Through JSON, as what was stored: tuples are lists there.
    now = json.loads(json.dumps(run))
    names = find_differences(earlier, now)
    if names:
        differences = "; ".join(
            f"{name} was {earlier.get(name)!r} and is {now.get(name)!r}" for name in names
        )
        raise ParameterError(
            f"another run cannot be resumed: {differences}; expected the same, or --overwrite"
        )


def read_asked_starts(run: Mapping[str, Any]) -> list[Start]:
    """The starts that a run was asked for, from what ``describe_run`` said."""
    return [_read_start(start) for start in run["boxes"]]


def _read_start(stored: Sequence[Any]) -> Start:
    id, moment, *box = stored
    return Start(id, moment, np.array(box, dtype=np.float64))


class ResumingTracker:
    """A tracker of several objects that repeats the boxes of a checkpoint, and goes on behind."""

    def __init__(self, tracker: MultiTracker, progress: Progress) -> None:
        self._tracker, self._progress = tracker, progress
        self._index = 0

    @property
    def is_repeating(self) -> bool:
        """Whether the frame that was tracked last is one of the checkpoint's."""
        return self._index < len(self._progress.scores)

    @property
    def last(self) -> Mapping[Any, Any]:
        """The last detections; of a repeated frame objects with their ``score``."""
        if self.is_repeating:
            found = self._progress.find(self._index)
            return {id: _Repeated(score) for id, (_, score) in found.items()}
        return self._tracker.last

    def init(self, image: Any, boxes: Boxes) -> None:
        """Learn from the first frame again."""
        self._tracker.init(image, boxes)

    def start(self, image: Any, boxes: Boxes) -> None:
        """Learn from the frame again in which objects began."""
        self._tracker.start(image, boxes)

    def update(self, image: Any) -> Mapping[Any, Box]:
        """The boxes of the next frame.

        Raises:
            SourceError: what was learned until the checkpoint is not of this tracker.
        """
        self._index += 1
        if self.is_repeating:
            return {id: box for id, (box, _) in self._progress.find(self._index).items()}
        if self._index == len(self._progress.scores):
            try:
                self._tracker.load_state_dict(self._progress.state)
            except READING_FAILED as error:
                raise SourceError(f"the checkpoint is not of this tracker: {error}") from error
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
        steps = range(0 if resumed is None else len(resumed.scores))
        self._repeated = len(steps)
        self._found = [] if resumed is None else [resumed.find(index) for index in steps]
        self._given = [] if resumed is None else list(resumed.given)
        self._state: dict[Id, dict[str, torch.Tensor]] | None = None
        self._saved_at = -math.inf

    def write(self, step: Step) -> None:
        """Remember one step."""
        if self._repeated:
            self._repeated -= 1
            return
        self._found.append({found.id: (found.box, found.score) for found in step.objects})
        given = (found for found in step.objects if found.is_given)
        self._given += [Start(found.id, step.frame.index, found.box) for found in given]
        # Now, since Ctrl-C may come in the middle of the next update.
        self._state = self._tracker.state_dict()
        if time.monotonic() - self._saved_at >= INTERVAL:
            self.save()

    def save(self) -> None:
        """Write what is remembered.

        Raises:
            StorageError: it cannot be written.
        """
        if self._state is None:
            return
        ids = list(self._state)
        boxes = np.full((len(self._found), len(ids), 4), np.nan)
        scores = np.full(boxes.shape[:2], np.nan)
        for row, found in enumerate(self._found):
            for column, id in enumerate(ids):
                if id in found:
                    boxes[row, column], scores[row, column] = found[id]
        tensors = {
            f"{number}.{name}": tensor.contiguous()
            for number, state in enumerate(self._state.values())
            for name, tensor in state.items()
        }
        tensors |= {"boxes": torch.from_numpy(boxes), "scores": torch.from_numpy(scores)}
        given = [[id, moment, *box.tolist()] for id, moment, box in self._given]
        words = {"run": self._run, "given": given, "ids": ids}
        with write_atomically(self.path) as unfinished:
            # Bytes, since the library's own writing hides the system's error, of a full disk.
            unfinished.write_bytes(save(tensors, {k: json.dumps(v) for k, v in words.items()}))
        self._saved_at = time.monotonic()

    def remove(self) -> None:
        """Remove the file: the run is complete."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is open."""
