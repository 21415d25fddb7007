"""Generated frames, boxes and sequences for the fuzz tests: good, odd and wrong ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

SIDES = st.one_of(st.integers(1, 8), st.integers(9, 160), st.sampled_from([1, 2, 3, 255, 256]))
# Drawn rarely, as each is slow: 8K, lines, and sizes that no patch can be cut from.
LARGE = [(4320, 7680), (1, 7680), (4320, 1), (1, 32766), (1, 32767), (40000, 1)]

CONTENTS = ("noise", "black", "white", "gray", "one pixel", "checkers", "half", "ramp")
FORMS = (
    *("rgb", "rgba", "gray", "gray1", "uint16", "fortran", "flipped", "read-only", "broadcast"),
    *("matrix", "masked", "PIL RGB", "PIL L", "PIL I;16", "PIL CMYK", "PIL P", "PIL LAB"),
    *("PIL 1", "PIL LA", "PIL P transparent", "PIL YCbCr", "PIL HSV"),
)
DTYPES = ("uint8", "uint16", ">u2", "int8", "int64", "float16", "float32", "float64", "bool")
OTHER_DTYPES = (*DTYPES, "complex64", "U3", "S2", "O", "M8[s]", [("a", "u1")])

NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-300, 300),
    st.integers(-300, 300),
    st.sampled_from([0, 1, -1, 5e-324, 1e-310, 1e-9, 1e9, 1e308, 10**400, np.nan, np.inf]),
)
NO_BOXES = st.one_of(
    st.none(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.lists(NUMBERS, max_size=6),
    st.lists(st.lists(NUMBERS, max_size=2), max_size=4),
    st.just(np.array([1j, 2, 3, 4])),
    st.just({"x": 1}),
    st.just(object()),
)


def content(kind: str, shape: tuple[int, int], seed: int) -> np.ndarray:
    """H x W x 3, uint8."""
    height, width = shape
    frame = np.zeros((height, width, 3), np.uint8)
    if kind == "noise":
        frame = np.random.default_rng(seed).integers(0, 256, frame.shape, np.uint8)
    elif kind == "white":
        frame[:] = 255
    elif kind == "gray":
        frame[:] = 1 + seed % 254
    elif kind == "one pixel":
        frame[seed % height, seed % width] = 255
    elif kind == "checkers":
        frame[::2, ::2] = frame[1::2, 1::2] = 255
    elif kind == "half":
        frame[: height // 2] = (255, 0, 255)
    elif kind == "ramp":
        frame[:] = np.linspace(0, 255, width).astype(np.uint8)[:, None]
    return frame


def in_form(frame: np.ndarray, form: str) -> Any:
    """Convert a frame to one of the types that a user may pass."""
    if form.startswith("PIL"):
        return _as_pil(frame, form.removeprefix("PIL "))
    frozen = frame.copy()
    frozen.flags.writeable = False
    forms = {
        "rgb": lambda: frame,
        "rgba": lambda: np.dstack([frame, frame[:, :, :1]]),
        "gray": lambda: frame[:, :, 0],
        "gray1": lambda: frame[:, :, :1],
        "uint16": lambda: frame.astype(np.uint16) * 257,
        "fortran": lambda: np.asfortranarray(frame),
        "flipped": lambda: frame[::-1, ::-1, ::-1],
        "read-only": lambda: frozen,
        "broadcast": lambda: np.broadcast_to(frame[:1, :1], frame.shape),
        "matrix": lambda: frame[:, :, 0].view(np.matrix),
        "masked": lambda: np.ma.masked_equal(frame, 0),
    }
    return forms[form]()


def _as_pil(frame: np.ndarray, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(frame[:, :, 0].astype(np.uint16) * 257)
    image = Image.fromarray(frame)
    if mode == "LAB":  # Pillow converts neither to it nor from it
        return Image.merge("LAB", image.split())
    if mode == "P transparent":
        image = image.convert("P", palette=Image.Palette.WEB)
        image.info["transparency"] = bytes(range(256))
        return image
    return image.convert(mode)


@st.composite
def frames(draw: st.DrawFn) -> Any:
    """A frame of any size that must be accepted."""
    large = draw(st.sampled_from([None] * 300 + LARGE))
    shape = large or (draw(SIDES), draw(SIDES))
    kind, form = draw(st.sampled_from(CONTENTS)), draw(st.sampled_from(FORMS))
    if shape[0] * shape[1] > 10**6:  # other forms take seconds to make
        kind, form = draw(st.sampled_from(["black", "white", "half", "one pixel"])), "rgb"
    return Shown(shape, in_form(content(kind, shape, draw(st.integers(0, 999))), form))


@st.composite
def no_frames(draw: st.DrawFn) -> Any:
    """Something that may not be an image at all."""
    shape = tuple(draw(st.lists(st.integers(0, 6), max_size=5)))
    dtype = np.dtype(draw(st.sampled_from(OTHER_DTYPES)))
    array = np.zeros(shape, dtype)
    if dtype.kind == "f" and array.size:
        array.flat[0] = draw(st.sampled_from([np.nan, np.inf, -np.inf, 6e4]))
    wrong = (array, None, "frame.png", b"", 3, [[1, 2]], Image.new("F", (3, 2)), object())
    return Shown((100, 100), draw(st.sampled_from([array] * 8 + list(wrong))))


class Shown:
    """A frame, and the height and width from which boxes are drawn."""

    def __init__(self, shape: tuple[int, int], image: Any) -> None:
        self.shape, self.image = shape, image

    def __repr__(self) -> str:
        image = self.image
        facts = (type(image).__name__, getattr(image, "mode", ""), getattr(image, "dtype", ""))
        return f"Shown{self.shape, *facts, getattr(image, 'shape', '')}"


@st.composite
def boxes(draw: st.DrawFn, shape: tuple[int, int]) -> Any:
    """Mostly boxes near the frame, of any aspect ratio; sometimes not a box at all."""
    kind = draw(st.sampled_from(["inside"] * 10 + ["whole", "around", "thin", "numbers", "other"]))
    height, width = shape
    if kind == "other":
        return draw(NO_BOXES)
    if kind == "numbers":
        return draw(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS))
    if kind == "whole":
        return (0, 0, width, height)
    share = st.floats(0.03, 0.999)
    w, h = width * draw(share), height * draw(share)
    if kind == "thin":
        w, h = (w, w * 10 ** draw(st.floats(-4, -1))) if draw(st.booleans()) else (h / 300, h)
    if kind == "around":
        w, h = w * 10 ** draw(st.floats(0, 4)), h * 10 ** draw(st.floats(0, 4))
    x, y = draw(st.floats(-1.1, 1.1)) * width, draw(st.floats(-1.1, 1.1)) * height
    if kind == "inside":
        x, y = abs(x) / 1.2, abs(y) / 1.2
    return (x, y, w, h)


@dataclass(frozen=True)
class Case:
    """A sequence: the first frame, its box, and later frames of any kind and size."""

    first: Shown
    box: Any
    later: list[Shown]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any sequence of up to four frames."""
    first, *later = [
        draw(no_frames() if draw(st.sampled_from([False] * 12 + [True])) else frames())
        for _ in range(draw(st.integers(2, 4)))
    ]
    same = draw(st.booleans())
    return Case(first, draw(boxes(first.shape)), [first, *later] if same else later)
