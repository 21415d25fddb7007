"""Boxes and labels on frames, and the contact sheet of a run. Pictures and colours are RGB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from crt_plugin.algorithm.geometry import Box
from crt_plugin.media.annotations import Annotations, boxes_at
from crt_plugin.media.frame import Picture
from crt_plugin.media.loop import Found, Step
from crt_plugin.runtime.atomic import write_atomically

Color = tuple[int, int, int]

TRACKED: Color = (255, 200, 40)
COLORS: tuple[Color, ...] = (  # of several objects, in their order; then from the first again
    TRACKED,
    (255, 105, 97),
    (140, 235, 110),
    (205, 150, 255),
    (255, 150, 60),
    (110, 160, 255),
    (255, 150, 215),
    (200, 205, 120),
)
ANNOTATED: Color = (70, 225, 255)
DARK: Color = (22, 24, 28)
LIGHT: Color = (240, 242, 245)
FONT = cv2.FONT_HERSHEY_SIMPLEX
CAPITALS = 21  # px, their height at OpenCV's scale 1
STROKE_RATIO = 14  # height of capitals against the width of their stroke
SUBPIXEL_BITS = 4  # of the coordinates that OpenCV draws with
DASH = 4  # length of a dash against its thickness

TILES = 12  # of a contact sheet
TILE_WIDTH = 400  # px
TILE_HEIGHTS = (100, 600)  # px, least and most
GAP = 8  # px between tiles
HEADER = 44  # px


def annotate(step: Step, truths: Sequence[Box] = ()) -> Picture:
    """A copy of the step's picture with its boxes, number and scores, and annotated boxes.

    The box of a lost object is dashed. Several objects have a colour each, and their id and score
    beside the box. Lines and text are sized after the picture.
    """
    picture = step.frame.picture.copy()
    side = min(picture.shape[:2])
    thickness = max(1, round(side**0.5 / 7))  # 2 px at 200, 4 px at 800
    text = max(10, round(side / 28))
    _draw_field(picture, (0, 0), label(step), text, LIGHT)  # first: boxes there show on it
    for truth in truths:
        _draw_rectangle(picture, truth, ANNOTATED, thickness)
    for number, found in step.numbered:
        _draw_rectangle(picture, found.box, color_of(number), thickness, is_dashed=found.is_lost)
    if len(step.ids) > 1:
        for number, found in step.numbered:
            size = max(10, round(text * 0.8))
            _draw_tag(picture, found, color_of(number), size, thickness)
    return picture


def label(step: Step) -> str:
    """The text in the corner of a picture."""
    frame = f"frame {step.frame.index}"
    if len(step.ids) > 1 or not step.objects:
        return frame
    (found,) = step.objects
    return f"{frame}   score {found.score:.2f}" + "   lost" * found.is_lost


def color_of(number: int) -> Color:
    """Colour of an object by its place in the run, from 1."""
    return COLORS[(number - 1) % len(COLORS)]


@dataclass(frozen=True)
class Letterbox:
    """The largest size of a picture inside a canvas, shape kept, centred, black around it."""

    canvas: tuple[int, int]  # height, width
    size: tuple[int, int]  # height, width
    corner: tuple[int, int]  # top, left

    @classmethod
    def of(cls, shape: Sequence[int], height: int, width: int) -> Letterbox:
        """Letterbox of pictures of ``shape`` (H, W, ...) in a canvas of height x width px."""
        factor = min(height / shape[0], width / shape[1])
        h, w = max(1, round(shape[0] * factor)), max(1, round(shape[1] * factor))
        return cls((height, width), (h, w), ((height - h) // 2, (width - w) // 2))

    def picture(self, picture: Picture) -> Picture:
        """The picture in its canvas."""
        h, w = self.size
        top, left = self.corner
        method = cv2.INTER_AREA if h < picture.shape[0] else cv2.INTER_CUBIC
        canvas = np.zeros((*self.canvas, 3), np.uint8)
        canvas[top : top + h, left : left + w] = cv2.resize(picture, (w, h), interpolation=method)
        return canvas

    def box(self, box: Box, shape: Sequence[int]) -> Box:
        """Where a box of the picture of ``shape`` comes to lie on the canvas."""
        fy, fx = self.size[0] / shape[0], self.size[1] / shape[1]
        return box * (fx, fy, fx, fy) + (self.corner[1], self.corner[0], 0, 0)


class Tile(NamedTuple):
    """One frame of a contact sheet: a step whose picture is a thumbnail, and annotated boxes."""

    step: Step
    truths: list[Box]


class ContactSheet:
    """Sink that writes a PNG of some frames, evenly spread over the run.

    However long the run, at most 2 ``TILES`` thumbnails and the last frame are held: one of
    every n frames, and when there are too many, one of every two is dropped and n doubled.
    Of the n frames it is the first that is annotated, or else the first.
    """

    def __init__(self, path: Path, title: str, annotations: Annotations) -> None:
        """Write to ``path`` when closed, with ``title`` above the tiles."""
        self.path, self._title, self._annotations = path, title, annotations
        self._every = 1
        self._tiles: list[Tile] = []
        self._size: tuple[int, int] | None = None
        self._last: Step | None = None
        self._count = 0

    def write(self, step: Step) -> None:
        """Keep a thumbnail of one of every n frames."""
        self._last = step
        if self._count // self._every == len(self._tiles):
            self._tiles.append(self._tile(step))
        elif not self._tiles[-1].truths and boxes_at(self._annotations, step.frame.index):
            self._tiles[-1] = self._tile(step)
        if len(self._tiles) == 2 * TILES:
            pairs = zip(self._tiles[::2], self._tiles[1::2], strict=True)
            self._tiles = [a if a.truths or not b.truths else b for a, b in pairs]
            self._every *= 2
        self._count += 1

    def close(self) -> None:
        """Write the PNG, if there were frames."""
        if self._last is None:
            return
        if self._tiles[-1].step.frame.index != self._last.frame.index:
            self._tiles.append(self._tile(self._last))
        title = f"{self._title}, {self._count} frames"
        sheet = _draw_sheet(_choose_evenly(self._tiles), title, bool(self._annotations))
        with write_atomically(self.path) as unfinished:
            Image.fromarray(sheet).save(unfinished, format="PNG")

    def _tile(self, step: Step) -> Tile:
        shape = step.frame.picture.shape
        if self._size is None:
            height = round(TILE_WIDTH * shape[0] / shape[1])
            self._size = (min(max(height, TILE_HEIGHTS[0]), TILE_HEIGHTS[1]), TILE_WIDTH)
        letterbox = Letterbox.of(shape, *self._size)
        frame = replace(step.frame, picture=letterbox.picture(step.frame.picture))
        objects = tuple(
            replace(found, box=letterbox.box(found.box, shape)) for found in step.objects
        )
        truths = boxes_at(self._annotations, step.frame.index)
        return Tile(
            replace(step, frame=frame, objects=objects),
            [letterbox.box(truth, shape) for truth in truths],
        )


def _choose_evenly(tiles: list[Tile]) -> list[Tile]:
    """``TILES`` of the tiles whose frames are closest to even spacing, in order, none twice."""
    indices = np.array([tile.step.frame.index for tile in tiles])
    wanted = np.linspace(indices[0], indices[-1], TILES)
    nearest = np.unique(np.abs(indices[:, None] - wanted).argmin(axis=0))
    return [tiles[i] for i in nearest]


def _draw_sheet(tiles: list[Tile], title: str, is_annotated: bool) -> Picture:
    height, width = tiles[0].step.frame.picture.shape[:2]
    columns = min(len(tiles), 4 if width > height else 6)
    rows = -(-len(tiles) // columns)
    across, down = width + GAP, height + GAP
    sheet = np.empty((HEADER + rows * down, GAP + columns * across, 3), np.uint8)
    sheet[:] = DARK
    for place, tile in enumerate(tiles):
        top = HEADER + place // columns * down
        left = GAP + place % columns * across
        sheet[top : top + height, left : left + width] = annotate(*tile)
    ids = tiles[-1].step.ids
    names = map(str, ids) if len(ids) > 1 else ["tracker"]
    entries = [(name, color_of(number)) for number, name in enumerate(names, start=1)]
    _draw_header(sheet, title, entries + [("annotation", ANNOTATED)] * is_annotated)
    return sheet


def _draw_header(sheet: Picture, title: str, entries: Sequence[tuple[str, Color]]) -> None:
    """The legend on the right, as much as there is room for, and the title on the left if so."""
    right = sheet.shape[1] - GAP
    for name, color in reversed(entries):
        left = right - text_width(name, 16) - 12
        if left < GAP + 48:
            break
        draw_text(sheet, name, (left, HEADER - 15), 16, color)
        cv2.line(sheet, (left - 34, HEADER - 21), (left - 8, HEADER - 21), color, 2, cv2.LINE_AA)
        right = left - 48
    if GAP + 4 + text_width(title, 16) < right:
        draw_text(sheet, title, (GAP + 4, HEADER - 15), 16, LIGHT)


def _draw_rectangle(
    picture: Picture, box: Box, color: Color, thickness: int, is_dashed: bool = False
) -> None:
    """Anti-aliased outline with a dark edge, which shows on any background."""
    x, y, w, h = box
    # OpenCV's integer coordinates are pixel centres, the box's are pixel corners.
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]]) - 0.5
    limits = 4 * max(picture.shape)  # a lost box may be anywhere; OpenCV counts in 32 bits
    corners = np.clip(corners, -limits, limits)
    lines = _dashes(corners, DASH * thickness) if is_dashed else [corners]
    points = [np.rint(line * 2**SUBPIXEL_BITS).astype(np.int32) for line in lines]
    for stroke, width in ((DARK, thickness + 2), (color, thickness)):
        cv2.polylines(picture, points, not is_dashed, stroke, width, cv2.LINE_AA, SUBPIXEL_BITS)


def _dashes(corners: NDArray[np.float64], length: float) -> list[NDArray[np.float64]]:
    """Dashes, 2 x 2 (from, to), along the sides of a closed polygon; each corner has one.

    Dashes and gaps are about ``length`` px; a side has at least one gap.
    """
    dashes = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        gaps = max(1, round(float(np.hypot(*(end - start))) / (2 * length)))
        marks = np.linspace(0, 1, 2 * (2 * gaps) + 1)  # quarters of a dash and a gap
        for left, right in [(0, 1), *((4 * k - 1, 4 * k + 1) for k in range(1, gaps)), (-2, -1)]:
            dashes.append(start + np.outer(marks[[left, right]], end - start))
    return dashes


def _draw_tag(picture: Picture, found: Found, color: Color, size: int, thickness: int) -> None:
    """Id and score of an object in its colour, above its box, or below where there is no room.

    It leaves the box's line free, of which there may be nothing else in the picture.
    """
    text = f"{found.id}  {found.score:.2f}" + "  lost" * found.is_lost
    pad = _padding(size)
    height, width = size + 2 * pad, text_width(text, size) + 2 * pad
    x, y, _, h = found.box
    line = thickness / 2 + 1
    top = y - line - height if y - line - height >= 0 else y + h + line
    limits = np.array(picture.shape[:2]) - (height, width)
    row, column = np.clip(np.rint([top, x]), 0, np.maximum(limits, 0)).astype(int).tolist()
    _draw_field(picture, (column, row), text, size, color)


def _draw_field(
    picture: Picture, corner: tuple[int, int], text: str, size: int, color: Color
) -> None:
    """Text of ``size`` px on a darkened field, whose top left corner is given."""
    (x, y), pad = corner, _padding(size)
    field = picture[y : y + size + 2 * pad, x : x + text_width(text, size) + 2 * pad]
    field[:] = (0.3 * field + 0.7 * np.array(DARK)).astype(np.uint8)
    draw_text(picture, text, (x + pad, y + pad + size), size, color)


def _padding(size: int) -> int:
    return max(3, size // 2)


def draw_text(picture: Picture, text: str, base: tuple[int, int], size: int, color: Color) -> None:
    """Draw text with capitals of ``size`` px, whose lower left corner is ``base``."""
    stroke = max(1, size // STROKE_RATIO)
    cv2.putText(picture, text, base, FONT, size / CAPITALS, color, stroke, cv2.LINE_AA)


def text_width(text: str, size: int) -> int:
    """Width of a text with capitals of ``size`` px."""
    (width, _), _ = cv2.getTextSize(text, FONT, size / CAPITALS, max(1, size // STROKE_RATIO))
    return int(width)
