"""The frames that a benchmark tracks through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crt_plugin.errors import BoxError
from crt_plugin.media.clips import CLIPS, open_clip
from crt_plugin.media.sources import Frame, open_source
from crt_plugin.runtime.image import as_box


@dataclass(frozen=True)
class Workload:
    """Frames, and an object in the first.

    Attributes:
        frames: opens them.
        box: x, y, w, h; frame px, 0-based.
        frame_size: width, height.
    """

    frames: Callable[[], Iterator[Frame]]
    box: list[float]
    frame_size: list[int]


def open_workload(source: str, box: Sequence[float] | None) -> Workload:
    """What ``crt track`` takes as a source, or the name of a clip of ``crt demo``.

    Args:
        box: the object in the first frame; without it the annotation's.

    Raises:
        SourceError, BoxError: it cannot be read, or has no annotation and no box was given.
    """
    is_clip = source in CLIPS and not Path(source).exists()
    found = open_clip(CLIPS[source]) if is_clip else open_source(source)
    given = found.truth.get(0) if box is None else box
    if given is None:
        raise BoxError(f"{source} has no annotation of its first frame; expected --box X,Y,W,H")
    height, width = next(found.frames()).shape[:2]
    return Workload(found.frames, as_box(given, height, width).tolist(), [width, height])
