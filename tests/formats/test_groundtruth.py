import numpy as np
import pytest

from crt_plugin.errors import SourceError
from crt_plugin.formats.groundtruth import is_vot, read_annotation, read_flags


def encode(mask, x, y):
    """A mask as VOT writes it: counts of pixels outside, inside, outside, ... row by row."""
    changes = np.flatnonzero(np.diff(mask.ravel().astype(int), prepend=0))
    counts = np.diff([0, *changes, mask.size])
    return "m" + ",".join(map(str, [x, y, *mask.shape[::-1], *counts]))


def test_masks_have_the_box_of_their_pixels(rng, tmp_path):
    """Random ones, some empty, against their rows and columns."""
    masks = [rng.random((5, 7)) < 0.05 for _ in range(60)]
    (tmp_path / "groundtruth.txt").write_text("\n".join(encode(mask, 3, 4) for mask in masks))
    boxes = read_annotation(tmp_path / "groundtruth.txt")
    assert any(not mask.any() for mask in masks)
    for mask, box in zip(masks, boxes, strict=True):
        rows, columns = np.nonzero(mask)
        if not rows.size:
            assert np.isnan(box).all()
            continue
        low = columns.min() + 3 + 1, rows.min() + 4 + 1  # counted from 1
        assert box.tolist() == [*low, np.ptp(columns) + 1, np.ptp(rows) + 1]


def test_masks_are_where_the_toolkit_has_them(rng, tmp_path):
    io = pytest.importorskip("vot.region.io")
    masks = [rng.random((5, 7)) < 0.3 for _ in range(40)]
    (tmp_path / "groundtruth.txt").write_text("\n".join(encode(mask, 3, 4) for mask in masks))
    for mask, box in zip(masks, read_annotation(tmp_path / "groundtruth.txt"), strict=True):
        theirs = io.parse_region(encode(mask, 3, 4))
        assert (box[:2] - 1).tolist() == list(theirs.offset)
        assert box[:1:-1].tolist() == list(theirs.mask.shape)


def test_a_polygon_has_the_box_of_its_corners(rng, tmp_path):
    corners = rng.uniform(0, 90, (20, 6, 2))
    np.savetxt(tmp_path / "groundtruth.txt", corners.reshape(20, 12), delimiter=",")
    low, high = corners.min(axis=1), corners.max(axis=1)
    expected = np.hstack([low + 1, high - low])
    assert np.allclose(read_annotation(tmp_path / "groundtruth.txt"), expected)


@pytest.mark.parametrize("mark", ["sequence", "color", "anchor.value"])
def test_vot_is_known_by_its_files(mark, tmp_path):
    file = tmp_path / "groundtruth.txt"
    file.write_text("1,2,3,4\n")
    assert not is_vot(tmp_path) and read_annotation(file).tolist() == [[1, 2, 3, 4]]
    (tmp_path / mark).mkdir()
    assert is_vot(tmp_path) and read_annotation(file).tolist() == [[2, 3, 3, 4]]
    assert read_annotation(file, counts_from_zero=False).tolist() == [[1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("flags", "text", "absent"),
    [
        ("full_occlusion.txt", "0,0,1", 2),
        ("out_of_view.txt", "0\n1\n0\n", 1),
        ("absence.label", "0\n1\n0\n", 1),
        ("cover.label", "8\n3\n0\n", 2),
    ],
)
def test_flags_beside_the_annotation(flags, text, absent, tmp_path):
    (tmp_path / "groundtruth.txt").write_text("1,2,3,4\n" * 3)
    (tmp_path / flags).write_text(text)
    boxes = read_annotation(tmp_path / "groundtruth.txt")
    assert np.flatnonzero(np.isnan(boxes).any(axis=1)).tolist() == [absent]


def test_flags_that_are_no_numbers_are_named(tmp_path):
    (tmp_path / "f.txt").write_text("0,x,1")
    with pytest.raises(SourceError, match=r"f.txt: .*'x'; expected a number for each frame"):
        read_flags(tmp_path / "f.txt", 3)
