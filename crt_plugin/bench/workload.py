"""The frames that a benchmark tracks through."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from crt_plugin.bench.measure import OnStep
from crt_plugin.errors import BoxError
from crt_plugin.media.demo_clip import CLIP, open_clip
from crt_plugin.media.frame import Picture
from crt_plugin.media.sources import Source, open_source
from crt_plugin.runtime.image import as_box

WARM_UP = 2  # frames


def open_workload(source: str, box: Sequence[float] | None) -> tuple[Source, list[float]]:
    """Open a source of ``crt track``, or the clip of ``crt demo`` by its name, "rabbit".

    Args:
        box: the object in the first frame; None: the annotation's.

    Returns:
        The source, and the box: x, y, w, h; frame px, 0-based.

    Raises:
        SourceError: it cannot be read.
        BoxError: no box was given, and its first frame has no annotation.
    """
    is_clip = source == CLIP and not Path(source).exists()
    found = open_clip() if is_clip else open_source(source)
    first_box = found.truth.get(0) if box is None else box
    if first_box is None:
        raise BoxError(f"{source} has no annotation of its first frame; expected --box X,Y,W,H")
    height, width = next(found.frames()).shape[:2]
    return found, as_box(first_box, height, width).tolist()


def take_frames(frames: Iterator[Picture], count: int, on_step: OnStep) -> Iterator[Picture]:
    """The frames to warm up, and ``count`` more, or all if it is 0."""
    taken = itertools.islice(frames, count + WARM_UP if count else None)
    for number, frame in enumerate(taken, start=1):
        on_step(f"frame {number}")
        yield frame
