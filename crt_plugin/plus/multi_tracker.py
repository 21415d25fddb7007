"""Several objects in one video, each with a tracker of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import torch

from crt_plugin.algorithm.geometry import Box
from crt_plugin.errors import BoxError, NotInitialisedError, ParameterError
from crt_plugin.parameters import Parameters
from crt_plugin.plus.tracker import CRTTracker, PosedDetection
from crt_plugin.runtime.image import as_rgb

Id = Hashable
T = TypeVar("T")


class MultiTracker:
    """Follows several objects; each has the boxes of a ``CRTTracker`` of its own, bit for bit.

    Images and boxes are as in ``CRTTracker``, ids whatever a dict takes as a key. The weights of
    networks are in memory once. With one thread of torch (``OMP_NUM_THREADS=1``) up to two objects
    for each core are tracked at the same time; with more, as many as the machine has cores for.

    Examples:
        >>> tracker = MultiTracker(load_parameters("light"))
        >>> tracker.init(first_frame, {"left": (10, 20, 30, 40), "right": (90, 20, 30, 40)})
        >>> boxes = tracker.update(next_frame)
        >>> tracker.add(next_frame, "third", (50, 60, 30, 40))
        >>> tracker.start(next_frame, {"right": (95, 20, 30, 40)})  # corrected
        >>> tracker.remove("left")
    """

    def __init__(self, params: Parameters | None = None) -> None:
        """Take the settings of all objects.

        Args:
            params: a copy is kept; without it the file ``default``.

        Raises:
            ParameterError: values that are wrong, or do not go together.
        """
        # Keeps the weights in memory while there are no objects, and refuses wrong settings now.
        self._idle = CRTTracker(params)
        self.params = self._idle.params
        self._trackers: dict[Id, CRTTracker] | None = None

    def __repr__(self) -> str:
        trackers = {} if self._trackers is None else self._trackers
        return f"<MultiTracker of {len(trackers)} objects: {', '.join(map(repr, trackers))}>"

    def __len__(self) -> int:
        return 0 if self._trackers is None else len(self._trackers)

    @property
    def last(self) -> dict[Id, PosedDetection]:
        """The last detection of each object.

        Raises:
            NotInitialisedError: before ``init`` or ``add``.
        """
        return {id: tracker.last for id, tracker in self._started().items()}

    def init(self, image: Any, boxes: Mapping[Any, Any]) -> None:
        """Learn the objects from their boxes in the first frame, in place of those before.

        Raises:
            ImageError, BoxError: see ``CRTTracker.init``, or no dict of boxes; nothing is changed.
        """
        self._trackers = self._learn(image, boxes)

    def start(self, image: Any, boxes: Mapping[Any, Any]) -> None:
        """Learn objects from their boxes in ``image``, the frame that was tracked last.

        Those of an id that is tracked are learned anew, in their place; the others stay.

        Raises:
            ImageError, BoxError: see ``init``; nothing is changed.
        """
        self._trackers = (self._trackers or {}) | self._learn(image, boxes)

    def add(self, image: Any, id: Id, box: Any) -> None:
        """Learn one more object from its box in ``image``, the frame that was tracked last.

        Raises:
            ParameterError: there is an object of that id.
            ImageError, BoxError: see ``CRTTracker.init``; nothing is changed.
        """
        if id in (self._trackers or {}):
            raise ParameterError(f"object {id!r} is tracked already; expected a new id, or start")
        self.start(image, {id: box})

    def remove(self, id: Id) -> None:
        """Forget an object.

        Raises:
            ParameterError: there is none of that id.
        """
        trackers = self._started()
        if id not in trackers:
            raise ParameterError(f"no object {id!r}; expected one of {list(trackers)}")
        self._trackers = {other: tracker for other, tracker in trackers.items() if other != id}

    def update(self, image: Any) -> dict[Any, Box]:
        """Detect the objects in the next frame, and learn from it.

        Returns:
            The box of each object, in the order of the ids; empty without objects.

        Raises:
            NotInitialisedError: before ``init`` or ``add``.
            ImageError: see ``crt_plugin.runtime.image``; nothing is changed.
        """
        trackers, frame = self._started(), as_rgb(image)
        return _map({id: partial(t.update, frame) for id, t in trackers.items()})

    def state_dict(self) -> dict[Any, dict[str, torch.Tensor]]:
        """``CRTTracker.state_dict`` of each object.

        Raises:
            NotInitialisedError: before ``init`` or ``add``.
        """
        return {id: tracker.state_dict() for id, tracker in self._started().items()}

    def load_state_dict(self, state: Mapping[Any, Mapping[str, torch.Tensor]]) -> None:
        """Go on from what ``state_dict`` gave; see ``CRTTracker.load_state_dict``.

        Raises:
            NotInitialisedError: before ``init`` or ``add``.
            ParameterError: a state of other objects or settings; nothing is changed.
        """
        trackers = self._started()
        if state.keys() != trackers.keys():
            raise ParameterError(f"a state of objects {list(state)}; expected {list(trackers)}")
        before = self.state_dict()
        try:
            for id, tracker in trackers.items():
                tracker.load_state_dict(state[id])
        except ParameterError:
            for id, tracker in trackers.items():
                tracker.load_state_dict(before[id])
            raise

    def _learn(self, image: Any, boxes: Mapping[Any, Any]) -> dict[Id, CRTTracker]:
        if not isinstance(boxes, Mapping):
            raise BoxError(
                f"boxes are {boxes!r}; expected a dict of an id and a box for each object, such as "
                "{1: (x, y, w, h)}"
            )
        frame = as_rgb(image)
        trackers = {id: CRTTracker(self.params) for id in boxes}
        _map({id: partial(t.init, frame, boxes[id]) for id, t in trackers.items()})
        return trackers

    def _started(self) -> dict[Id, CRTTracker]:
        if self._trackers is None:
            raise NotInitialisedError("no object yet: call init(image, boxes) or add first")
        return self._trackers


def _map(calls: Mapping[Id, Callable[[], T]]) -> dict[Id, T]:
    """The result of each call; several run at the same time.

    Of one thread each there are two for a core: the system shares two cores evenly among three,
    where two by two would leave one idle. Threads of one call wait for one another, so that of
    several each there are as many calls as the cores have room for.
    """
    threads, cores = torch.get_num_threads(), os.cpu_count() or 1
    workers = min(len(calls), 2 * cores if threads == 1 else cores // threads)
    if workers < 2:
        return {id: call() for id, call in calls.items()}
    # Threads for this frame only: they start fast, and none is lost in a fork.
    with ThreadPoolExecutor(workers) as pool:
        running = {id: pool.submit(call) for id, call in calls.items()}
        return {id: future.result() for id, future in running.items()}
