from pathlib import Path

import pytest

from crt_plugin.formats.frames import IMAGE_SUFFIXES, frame_number, natural_key, sort_images


def test_natural_order_of_names():
    names = ["b1", "a10b2", "a10b1", "a9", "a", "10", "9", "a09"]
    ordered = [p.name for p in sorted(map(Path, names), key=natural_key)]
    assert ordered == ["9", "10", "a", "a09", "a9", "a10b1", "a10b2", "b1"]


def test_images_in_natural_order():
    names = ["10.JPG", "9.png", "a.txt", ".8.jpg", "1.jpeg", "notes"]
    assert [p.name for p in sort_images(map(Path, names))] == ["1.jpeg", "9.png", "10.JPG"]
    assert all(suffix == suffix.lower() for suffix in IMAGE_SUFFIXES)


@pytest.mark.parametrize(
    ("name", "number"),
    [("0300.jpg", 300), ("cam2_17.png", 17), ("17a.jpg", 17), ("frame.jp2", None)],
)
def test_numbers_of_frames(name, number):
    assert frame_number(Path("7") / name) == number
