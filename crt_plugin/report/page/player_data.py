"""One sequence's data of a page: boxes and overlap of all trackers, frame by frame."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.benchmark.results.layout import ResultFiles
from crt_plugin.benchmark.results.responses import ResponseMaps
from crt_plugin.errors import SourceError
from crt_plugin.formats.boxes import FIRST_PIXEL, Boxes
from crt_plugin.hosts.got10k.toolkit import rect_iou
from crt_plugin.report.page.frame_copies import FrameCopies
from crt_plugin.report.page.inputs import PageInputs

IOU_STEPS = 1000  # overlap is written as integers, in such parts of 1
BOX_STEPS = 10  # boxes are written as integers, in such parts of a px


def overlap(boxes: Boxes, truth: Boxes) -> NDArray[np.float64]:
    """IoU of each frame, N; NaN where there is no annotation, and 1 in the given first frame."""
    boxes = boxes.copy()
    boxes[0] = truth[0]
    return rect_iou(boxes, truth)


def sequence_data(
    inputs: PageInputs,
    sequence: str,
    trackers: Iterable[tuple[int, str]],
    pictures: FrameCopies | None,
) -> dict[str, Any]:
    """What the player needs of a sequence, as JSON can hold it.

    Args:
        trackers: number and name of those that have a whole result of the sequence.
        pictures: without them the player draws no boxes, and needs none.

    Returns:
        ``frames``; ``iou`` by tracker, in thousandths; with pictures also ``picture``, and
        ``truth`` and ``boxes``, flat, in tenths of a px of the frame, 0-based. None where there
        is no annotation.
    """
    truth = inputs.truth(sequence)
    data: dict[str, Any] = {"frames": len(truth), "iou": {}}
    if pictures is not None:
        data["picture"] = {
            "width": pictures.width,
            "height": pictures.height,
            "scale": pictures.scale,
            "unread": pictures.unread,
        }
        data["truth"], data["boxes"] = _flatten(truth), {}
    for number, name in trackers:
        boxes = _boxes(inputs, name, sequence)
        data["iou"][number] = _integers(IOU_STEPS * overlap(boxes, truth))
        if pictures is not None:
            data["boxes"][number] = _flatten(boxes)
    return data


def response_data(inputs: PageInputs, tracker: str, sequence: str) -> dict[str, Any] | None:
    """Recorded response maps of a sequence, as JSON can hold them; None where there are none.

    Returns:
        ``rows``, ``columns``; ``maps``, bytes in base64, and values ``low`` and ``high`` of their
        lowest and highest level; ``rects``, their places, flat, in tenths of a px, 0-based, and
        ``angles``, their rotation, clockwise, in radians.

    Raises:
        SourceError: maps that cannot be read, or of another number of frames.
    """
    files = ResultFiles.of(inputs.part, tracker, sequence, deterministic=False)
    if not files.responses.is_file():
        return None
    kept = ResponseMaps.load(files.responses)
    if len(kept.maps) != files.frames:
        raise SourceError(f"{len(kept.maps)} maps, and {files.frames} frames")
    return {
        "rows": kept.maps.shape[1],
        "columns": kept.maps.shape[2],
        "maps": base64.b64encode(kept.maps.tobytes()).decode("ascii"),
        "low": kept.low.round(4).astype(float).tolist(),
        "high": kept.high.round(4).astype(float).tolist(),
        "rects": _integers((BOX_STEPS * kept.map_rects).ravel()),
        "angles": kept.angles.round(4).astype(float).tolist(),
    }


def _boxes(inputs: PageInputs, tracker: str, sequence: str) -> Boxes:
    files = ResultFiles.of(inputs.part, tracker, sequence, deterministic=False)
    return np.loadtxt(files.boxes[0], delimiter=",", ndmin=2)


def _flatten(boxes: Boxes) -> list[int | None]:
    """Boxes of a file, counted from 1, as integers in tenths of a px, counted from 0."""
    return _integers((BOX_STEPS * (boxes - FIRST_PIXEL)).ravel())


def _integers(values: NDArray[np.float64]) -> list[int | None]:
    seen = np.isfinite(values)
    whole = np.rint(np.where(seen, values, 0)).astype(np.int64).tolist()
    return [value if there else None for value, there in zip(whole, seen.tolist(), strict=True)]
