"""Conversion and checks of frames and boxes (docs/conventions.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from crt_plugin.errors import BoxError, ImageError

EXPECTED_IMAGE = (
    "a PIL image, or a numpy array H x W, H x W x 1, H x W x 3 (RGB) or H x W x 4 (RGBA) "
    "of uint8 or uint16"
)
EXPECTED_BOX = "(x, y, w, h): four finite numbers, w > 0 and h > 0, in pixels, 0-based"
# px; OpenCV 4 cannot cut patches from larger images
LARGEST_FRAME_SIDE = 32766
# px; beyond them the arithmetic of the patch leaves the range of its number types (ours)
SMALLEST_BOX_SIDE, LARGEST_BOX_SIDE = 1e-3, 1e5


def as_rgb(image: Any) -> NDArray[np.uint8]:
    """The frame as H x W x 3 uint8 RGB, without a copy if it already is that.

    Gray is repeated, alpha dropped, a palette looked up; 16 bits are divided by 257, so that 65535
    becomes 255.

    Raises:
        ImageError: not ``EXPECTED_IMAGE``, empty, above ``LARGEST_FRAME_SIDE``, or a PIL image
            that cannot be decoded.
    """
    array = _read_pil(image) if isinstance(image, Image.Image) else image
    if not isinstance(array, np.ndarray):
        raise ImageError(f"image is a {type(image).__name__}; expected {EXPECTED_IMAGE}")
    array = np.asarray(array)  # a subclass such as matrix has no third axis
    is_map = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    if not is_map or array.dtype not in (np.uint8, np.uint16):
        raise ImageError(
            f"image has shape {array.shape} and type {array.dtype}; expected {EXPECTED_IMAGE}"
        )
    if array.size == 0:
        raise ImageError(f"image is empty, shape {array.shape}; expected {EXPECTED_IMAGE}")
    if max(array.shape[:2]) > LARGEST_FRAME_SIDE:
        raise ImageError(
            f"image has shape {array.shape}; expected up to {LARGEST_FRAME_SIDE} px a side"
        )
    if array.dtype == np.uint16:
        array = ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.shape[2] == 1:
        return np.repeat(array, 3, axis=2)
    return array[:, :, :3]


def _read_pil(image: Image.Image) -> NDArray[Any]:
    if image.mode == "F":
        raise ImageError(f"image of mode F (32-bit float); expected {EXPECTED_IMAGE}")
    if min(image.size) == 0:
        raise ImageError(f"image is empty, {image.width} x {image.height} px (width x height)")
    is_integer = image.mode.startswith("I")  # 16-bit gray, which PIL may hold in 32 bits
    try:
        if "transparency" in image.info and not is_integer:  # else Pillow warns about palettes
            image = image.convert("RGBA")
        image.load()  # decodes; a decoder may change the mode
        if image.mode != "RGB" and not is_integer:  # converting copies, even to the same mode
            image = image.convert("RGB")
        array = np.asarray(image)
    # PIL decodes on first use; this is what its decoders raise for damaged files.
    except (OSError, SyntaxError, ValueError, EOFError, LookupError, AssertionError) as error:
        raise ImageError(
            f"image of mode {image.mode} cannot be read: {error}; expected {EXPECTED_IMAGE}"
        ) from error
    if not is_integer:
        return array
    if array.min() < 0 or array.max() > 65535:
        raise ImageError(
            f"image of mode {image.mode} has values from {array.min()} to {array.max()}; "
            "expected 0 to 65535"
        )
    return array.astype(np.uint16)


def as_box(box: Any, frame_height: int, frame_width: int) -> NDArray[np.float64]:
    """A copy of the box as four float64 (x, y, w, h).

    Raises:
        BoxError: not ``EXPECTED_BOX``, a side below ``SMALLEST_BOX_SIDE`` or above
            ``LARGEST_BOX_SIDE``, or no overlap with the frame.
    """
    try:
        if np.iscomplexobj(box):  # numpy would drop the imaginary part, with a warning
            raise TypeError("complex numbers")
        values = np.asarray(box, dtype=np.float64).copy()  # np.array warns of tensors of torch
    # Raised by numpy, or by the object's own conversion, for what is not numeric.
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise BoxError(f"box is {box!r}; expected {EXPECTED_BOX}") from error
    if values.shape != (4,) or not np.isfinite(values).all() or (values[2:] <= 0).any():
        raise BoxError(f"box is {box!r}; expected {EXPECTED_BOX}")
    if (values[2:] < SMALLEST_BOX_SIDE).any() or (values[2:] > LARGEST_BOX_SIDE).any():
        raise BoxError(
            f"box {values.tolist()} has sides of {values[2]:g} x {values[3]:g} px; expected "
            f"{SMALLEST_BOX_SIDE:g} to {LARGEST_BOX_SIDE:g} px"
        )
    x, y, w, h = values
    if x + w <= 0 or y + h <= 0 or x >= frame_width or y >= frame_height:
        raise BoxError(
            f"box {values.tolist()} lies wholly outside the frame of {frame_width} x "
            f"{frame_height} px (width x height); expected at least a part inside"
        )
    return values
