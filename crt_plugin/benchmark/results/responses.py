"""Response maps of a whole sequence: kept while a host runs the tracker, written, and read."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crt_plugin.algorithm.geometry import PatchGeometry
from crt_plugin.errors import SourceError
from crt_plugin.plus.tracker import CRTTracker
from crt_plugin.plus.tracker import PosedDetection as Detection
from crt_plugin.runtime.atomic import write_atomically

LEVELS = 255  # of a quantised response
# What numpy and zipfile raise for a file of something else, or a cut one.
DAMAGED = (
    *(OSError, EOFError, ValueError, KeyError, TypeError),
    *(zipfile.BadZipFile, zlib.error),
)
FIELDS = ("maps", "low", "high", "patch_rects", "angles", "cells", "filter_size")


@dataclass(frozen=True)
class ResponseMaps:
    """Response of each frame, in 256 levels between its least and its largest value.

    Attributes:
        maps: N x Ho x Wo, uint8; the first is of the first frame, after training.
        low, high: values of levels 0 and 255, N.
        patch_rects: search patches, N x 4, (x, y, w, h), frame px, 0-based.
        angles: by which the patches are turned around their centres, radians, clockwise, N.
        cells: feature map of a patch, rows x columns.
        filter_size: kh x kw, cells.
    """

    maps: NDArray[np.uint8]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    patch_rects: NDArray[np.float32]
    angles: NDArray[np.float32]
    cells: tuple[int, int]
    filter_size: tuple[int, int]

    @property
    def map_rects(self) -> NDArray[np.float64]:
        """Rectangles of the maps before they are turned by ``angles``, N x 4, frame px.

        Each cell lies around the centre that it stands for.
        """
        rects = self.patch_rects.astype(float)
        step = rects[:, 2:] / self.cells[::-1]  # px of a column and a row
        corner = rects[:, :2] + step * (np.array(self.filter_size[::-1]) - 1) / 2
        return np.concatenate([corner, step * self.maps.shape[:0:-1]], axis=1)

    def save(self, file: Path) -> None:
        """Write a compressed npz, in one step.

        Raises:
            StorageError: it cannot be written.
        """
        with write_atomically(file) as unfinished, unfinished.open("wb") as stream:
            np.savez_compressed(stream, **{name: getattr(self, name) for name in FIELDS})

    @classmethod
    def frames_in(cls, file: Path) -> int:
        """How many frames a file has maps of, without unpacking all of them.

        Raises:
            SourceError: it holds no such maps, or is damaged at its end, as cut files are.
        """
        try:
            with zipfile.ZipFile(file), np.load(file, allow_pickle=False) as kept:
                return len(kept["low"])
        except DAMAGED as error:
            raise SourceError(f"{file} cannot be read as response maps: {error}") from error

    @classmethod
    def load(cls, file: Path) -> ResponseMaps:
        """Read what ``save`` wrote.

        Raises:
            SourceError: it is something else, or damaged.
        """
        try:
            with np.load(file, allow_pickle=False) as kept:
                maps, low, high, rects, angles, cells, size = (kept[name] for name in FIELDS)
        except DAMAGED as error:
            raise SourceError(f"{file} cannot be read as response maps: {error}") from error
        count = len(maps)
        shapes = [each.shape for each in (low, high, rects, angles, cells, size)]
        wanted = [(count,), (count,), (count, 4), (count,), (2,), (2,)]
        if maps.ndim != 3 or shapes != wanted or maps.dtype != np.uint8:
            raise SourceError(f"{file} holds no response maps: arrays of other shapes")
        rows, columns = (int(value) for value in cells)
        height, width = (int(value) for value in size)
        return cls(maps, low, high, rects, angles, (rows, columns), (height, width))


@dataclass
class ResponseLog:
    """Collects the responses of one sequence after the other."""

    _geometry: PatchGeometry | None = None
    _detections: list[tuple[NDArray[np.uint8], float, float, NDArray[np.float64], float]] = field(
        default_factory=list
    )

    def begin(self, tracker: CRTTracker) -> None:
        """Forget the sequence before, and keep the first frame's response."""
        self._detections.clear()
        self._geometry = tracker.geometry
        self.add(tracker.last)

    def add(self, detection: Detection) -> None:
        """Keep a frame's response."""
        response = np.nan_to_num(detection.response)
        low, high = float(response.min()), float(response.max())
        scale = LEVELS / (high - low) if high > low else 0.0
        level = np.rint((response - low) * scale).astype(np.uint8)
        rect = np.array(detection.patch_rect, dtype=float)
        self._detections.append((level, low, high, rect, detection.patch_angle))

    @property
    def maps(self) -> ResponseMaps | None:
        """What was kept; None if nothing."""
        if not self._detections or self._geometry is None:
            return None
        levels, low, high, rects, angles = zip(*self._detections, strict=True)
        geometry = self._geometry
        return ResponseMaps(
            np.stack(levels),
            np.array(low, dtype=np.float32),
            np.array(high, dtype=np.float32),
            np.array(rects, dtype=np.float32),
            np.array(angles, dtype=np.float32),
            geometry.cells,
            (geometry.filter_h, geometry.filter_w),
        )
