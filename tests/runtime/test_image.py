import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crt_plugin.errors import BoxError, CRTError, ImageError
from crt_plugin.runtime.image import as_box, as_rgb

RGB = np.array([[[10, 20, 30], [40, 50, 60]]], np.uint8)  # 1 x 2


def test_rgb_array_is_not_copied():
    assert as_rgb(RGB) is RGB or np.shares_memory(as_rgb(RGB), RGB)


def test_rgb_pil_image_is_not_converted(monkeypatch):
    image = Image.fromarray(RGB)
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("a needless copy"))
    assert as_rgb(image).tolist() == RGB.tolist()


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(RGB),
        Image.fromarray(np.dstack([RGB, [[0, 128]]]).astype(np.uint8), "RGBA"),
        np.dstack([RGB, [[0, 128]]]).astype(np.uint8),
        RGB.astype(np.uint16) * 257,
        np.asfortranarray(RGB),
    ],
    ids=["pil", "pil rgba", "rgba", "16 bit", "fortran order"],
)
def test_colour_images(image):
    assert as_rgb(image).tolist() == RGB.tolist()


def test_palette_image_is_looked_up():
    image = Image.new("P", (2, 1))
    image.putpalette([1, 2, 3, 200, 100, 50])
    image.putdata([1, 0])
    assert as_rgb(image).tolist() == [[[200, 100, 50], [1, 2, 3]]]


@pytest.mark.parametrize("shape", [(1, 2), (1, 2, 1)])
def test_gray_is_repeated(shape):
    gray = np.array([7, 9], np.uint8).reshape(shape)
    assert as_rgb(gray).tolist() == [[[7, 7, 7], [9, 9, 9]]]


def test_16_bit_gray_by_hand():
    # 65535 / 257 = 255; 25700 / 257 = 100; 128 / 257 = 0.498, rounded to 0; 129 to 1
    gray = np.array([[65535, 25700, 128, 129]], np.uint16)
    assert as_rgb(gray)[0, :, 0].tolist() == [255, 100, 0, 1]
    assert as_rgb(Image.fromarray(gray))[0, :, 0].tolist() == [255, 100, 0, 1]


@pytest.mark.parametrize(
    "image",
    [
        None,
        "frame.jpg",
        RGB.astype(np.float32),
        RGB.astype(np.int64),
        np.zeros((4, 5, 2), np.uint8),
        np.zeros((1, 4, 5, 3), np.uint8),
        np.zeros(7, np.uint8),
        np.zeros((0, 5, 3), np.uint8),
        Image.new("F", (3, 2)),
    ],
    ids=["none", "path", "float", "int64", "2 channels", "4-D", "1-D", "empty", "pil float"],
)
def test_other_images_are_refused(image):
    with pytest.raises(ImageError, match="expected a PIL image, or a numpy array"):
        as_rgb(image)


def test_box_is_copied():
    given_box = np.array([1.0, 2.0, 3.0, 4.0])
    box = as_box(given_box, 10, 10)
    given_box[0] = 99
    assert box.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("number", [torch.float64, torch.float32, torch.int64])
def test_box_as_a_tensor(number):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given_box = torch.tensor([1, 2, 3, 4], dtype=number)
        box = as_box(given_box, 10, 10)
    given_box[0] = 9
    assert box.dtype == np.float64 and box.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "box",
    [
        torch.tensor([1.0, 2, 3, 4], requires_grad=True),
        torch.tensor([1, 2, 3, 4j]),
        torch.tensor([1.0, 2, 3, 4], device="meta"),
        torch.tensor([[1.0, 2, 3, 4]]),
        torch.tensor([1.0, 2, 3, 4], dtype=torch.bfloat16),
        (1, 2, 3),
        (1, 2, 3, 4, 5),
        None,
        "1,2,3,4",
        (1, 2, "a", 4),
        (1, 2, 0, 4),
        (1, 2, 3, -4),
        (1, 2, np.nan, 4),
        (np.inf, 2, 3, 4),
        [[1, 2, 3, 4]],
    ],
)
def test_bad_boxes(box):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BoxError, match="four finite numbers, w > 0 and h > 0"):
            as_box(box, 100, 100)


@pytest.mark.parametrize("box", [(-3, 5, 3, 4), (20, 5, 3, 4), (5, -4, 3, 4), (5, 10, 3, 4)])
def test_box_wholly_outside_names_box_and_frame(box):
    with pytest.raises(
        BoxError, match=r"wholly outside the frame of 20 x 10 px \(width x height\)"
    ):
        as_box(box, 10, 20)


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.1, 200), st.floats(0.1, 200))
def test_a_box_is_accepted_exactly_if_it_overlaps_the_frame(x, y, w, h):
    overlaps = min(x + w, 40) - max(x, 0) > 0 and min(y + h, 30) - max(y, 0) > 0
    try:
        as_box((x, y, w, h), 30, 40)
    except BoxError:
        assert not overlaps
    else:
        assert overlaps


def test_errors_are_also_builtin_ones():
    assert issubclass(BoxError, ValueError) and issubclass(BoxError, CRTError)
