"""Damaged or unusual media, and paths that get in the way (docs/reliability.md)."""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image

from crt_plugin.errors import ImageError, SourceError
from crt_plugin.media.sources import open_source
from crt_plugin.runtime.image import as_rgb
from tests.conftest import scene
from tests.helpers.track import BOX, FAST, crt, error_line, image_folder, rows

ORANGE = np.array([230, 120, 40])


def flat(color=ORANGE, height=24, width=40):
    return np.full((height, width, 3), color, np.uint8)


def frames_of(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return list(open_source(str(path)).frames())


# -------------------------------------------------------------------------- kinds of images


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_becomes_rgb(tmp_path, suffix):
    Image.fromarray(flat()).convert("CMYK").save(tmp_path / f"1{suffix}")
    (frame,) = frames_of(tmp_path)
    assert frame.shape == (24, 40, 3)
    np.testing.assert_allclose(frame.mean(axis=(0, 1)), ORANGE, atol=6)


def test_sixteen_bit_colour_becomes_eight_bit(tmp_path):
    colour = np.full((8, 9, 3), ORANGE[::-1] * 257, np.uint16)  # BGR, as OpenCV writes
    cv2.imwrite(str(tmp_path / "1.png"), colour)
    (frame,) = frames_of(tmp_path)
    np.testing.assert_allclose(frame.mean(axis=(0, 1)), ORANGE, atol=1)


@pytest.mark.parametrize(
    ("turn", "corner"), [(2, (0, -1)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))]
)
def test_every_turn_of_a_camera_is_undone(tmp_path, turn, corner):
    """The first stored pixel lies where the tag says: 6 means "rotate clockwise to display"."""
    image = flat((0, 0, 0), 8, 16)
    image[:4, :4] = 255
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(image).save(tmp_path / "1.png", exif=exif)
    (frame,) = frames_of(tmp_path)
    assert frame.shape[:2] == ((8, 16) if turn < 5 else (16, 8))
    assert frame[corner].tolist() == [255] * 3 and frame.mean() < 100


@pytest.mark.parametrize("suffix", [".webp", ".png", ".tif"])
def test_an_animated_image_alone_is_a_sequence(tmp_path, suffix):
    pictures = [Image.fromarray(flat(color)) for color in (ORANGE, (0, 0, 200), (0, 200, 0))]
    path = tmp_path / f"clip{suffix}"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], **LOSSLESS.get(suffix, {}))
    source = open_source(str(path))
    assert source.length == 3
    assert [frame[5, 5].tolist() for frame in frames_of(path)] == [
        ORANGE.tolist(),
        [0, 0, 200],
        [0, 200, 0],
    ]


LOSSLESS = {".webp": {"lossless": True}}


def test_of_an_animated_image_among_others_the_first_picture_counts(tmp_path):
    pictures = [Image.fromarray(flat(color)) for color in (ORANGE, (0, 0, 200))]
    pictures[0].save(tmp_path / "1.png", save_all=True, append_images=pictures[1:])
    pictures[1].save(tmp_path / "2.png")
    assert [frame[5, 5].tolist() for frame in frames_of(tmp_path)] == [ORANGE.tolist(), [0, 0, 200]]


def test_a_transparent_palette_is_looked_up_without_a_warning(tmp_path):
    image = Image.fromarray(flat()).convert("P", palette=Image.Palette.ADAPTIVE)
    image.save(tmp_path / "1.png", transparency=bytes([128] * 256))
    (frame,) = frames_of(tmp_path)
    np.testing.assert_allclose(frame.mean(axis=(0, 1)), ORANGE, atol=4)


def test_an_image_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    """Pillow's limit is 179 million px, even where half as many raise a warning."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.fromarray(flat()).save(tmp_path / "1.png")
    with pytest.raises(SourceError, match=r"1\.png.* cannot be decoded.*decompression bomb"):
        frames_of(tmp_path)


# ------------------------------------------------------------------- damage, seen by the tracker


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.8, 0.95])
def test_a_pil_image_that_is_cut_off_is_an_image_error(tmp_path, rng, kept):
    """PIL decodes on first use: inside the tracker, if a toolkit passes images not loaded yet."""
    path = tmp_path / "1.jpg"
    Image.fromarray(rng.integers(0, 256, (60, 60, 3), np.uint8)).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with Image.open(path) as image, pytest.raises(ImageError, match="mode RGB cannot be read"):
        as_rgb(image)


def test_a_closed_pil_image_is_an_image_error(tmp_path):
    Image.fromarray(flat()).save(tmp_path / "1.png")
    with Image.open(tmp_path / "1.png") as image:
        pass
    with pytest.raises(ImageError, match="cannot be read"):
        as_rgb(image)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".bmp"])
def test_any_wrong_byte_gives_a_frame_or_a_named_error(tmp_path, rng, suffix):
    path = tmp_path / f"1{suffix}"
    Image.fromarray(scene(60, 40)[:40, :60]).save(path)
    whole = path.read_bytes()
    for step in range(80):
        damaged = bytearray(whole)
        damaged[rng.integers(min(len(whole), 400 if step % 2 else 10**9))] = rng.integers(256)
        path.write_bytes(damaged if step % 4 else whole[: rng.integers(len(whole))])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about what it repairs
            try:
                (frame,) = open_source(str(path)).frames()
            except SourceError as error:
                assert "1" + suffix in str(error)
            else:
                assert frame.dtype == np.uint8 and frame.ndim == 3


# ------------------------------------------------------------------------------------- videos


def test_a_video_that_announces_too_many_frames_ends_with_the_last(tmp_path):
    """An AVI header announces 30000 frames and the file has 8: the summary says so."""
    path = tmp_path / "clip.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 12, (160, 120))
    for index in range(8):
        video.write(scene(40 + 3 * index, 50 + index)[:, :, ::-1].copy())
    video.release()
    content = bytearray(path.read_bytes())
    for place in (content.index(b"avih") + 8 + 16, content.index(b"strh") + 8 + 32):
        assert int.from_bytes(content[place : place + 4], "little") == 8
        content[place : place + 4] = (30000).to_bytes(4, "little")
    path.write_bytes(content)
    words = ("track", path, "--box", BOX, "--no-video", "--output", tmp_path / "o", *FAST)
    result = crt(*words)
    assert len(rows(tmp_path / "o")) == 8
    announced = open_source(str(path)).length
    assert announced == 8 or f"announced {announced} frames" in result.stdout


# --------------------------------------------------------------------------- paths and places

UNICODE = "Jürgens Vidéo 視頻 №1 'quoted' & $HOME;#%"


def test_unicode_and_blanks_in_every_path(tmp_path, monkeypatch):
    pytest.importorskip("av", reason="the extra video is not installed")
    monkeypatch.chdir(tmp_path)
    folder = image_folder(tmp_path / UNICODE / "img 1", 3)
    crt("track", folder, "--box", BOX, "--output", tmp_path / UNICODE / "out put", *FAST)
    written = sorted(path.name for path in (tmp_path / UNICODE / "out put").iterdir())
    assert written == ["boxes.csv", "contact_sheet.png", "run.json", "tracked.mp4"]
    clip = tmp_path / UNICODE / "clip é.mp4"
    shutil.copy(tmp_path / UNICODE / "out put" / "tracked.mp4", clip)
    assert len(frames_of(clip)) == 3


def test_loops_of_links_are_no_sources(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("loop.png", "loop.mp4", "loop"):
        (tmp_path / name).symlink_to(tmp_path / name)
        with pytest.raises(SourceError, match=f"no such source: '{name}'"):
            open_source(name)


def test_a_loop_of_links_among_images_is_named(tmp_path):
    """A frame that cannot be opened is never skipped silently: later boxes would be off by one."""
    image_folder(tmp_path / "seq", 2)
    (tmp_path / "seq" / "f0.png").symlink_to(tmp_path / "seq" / "f0.png")
    (tmp_path / "seq" / "again").symlink_to(tmp_path / "seq", target_is_directory=True)
    with pytest.raises(SourceError, match=r"frame 0 .*f0\.png.* cannot be decoded.*symbolic links"):
        frames_of(tmp_path / "seq")
    with pytest.raises(SourceError, match="symbolic links"):
        frames_of(f"{tmp_path}/seq/f*.png")


def test_an_output_under_a_file_is_one_line(tmp_path):
    (tmp_path / "taken").write_text("mine")
    image_folder(tmp_path / "seq", 2)
    words = ("track", tmp_path / "seq", "--box", BOX, "--no-video", "--output")
    for output in (tmp_path / "taken", tmp_path / "taken" / "below"):
        assert "taken" in error_line(crt(*words, output, *FAST, exit_code=2))
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.fixture
def read_only(tmp_path):
    """A folder that is read-only even for root, where chattr works."""
    folder = tmp_path / "o"
    folder.mkdir()
    folder.chmod(0o555)
    chattr = shutil.which("chattr")
    if os.getuid() == 0:
        made = chattr and subprocess.run([chattr, "+i", folder], capture_output=True, check=False)
        if not made or made.returncode:
            pytest.skip("root writes everywhere, and this file system has no chattr +i")
    yield folder
    if os.getuid() == 0:
        subprocess.run([chattr, "-i", folder], check=True)
    folder.chmod(0o755)


def test_a_read_only_output_is_one_line(tmp_path, read_only):
    image_folder(tmp_path / "seq", 2)
    words = ("track", tmp_path / "seq", "--box", BOX, "--no-video", "--output", read_only)
    result = crt(*words, *FAST, exit_code=2)
    assert f"error: {read_only}" in result.stderr and "cannot be written" in result.stderr
    assert not list(read_only.iterdir())


def test_a_place_that_becomes_unwritable_is_one_line(tmp_path, monkeypatch):
    """The error of a read-only folder, on every file system."""
    from crt_plugin.media import box_files

    def refuse(self, step):
        raise PermissionError(13, "Permission denied", "boxes.csv")

    monkeypatch.setattr(box_files.BoxFile, "write", refuse)
    image_folder(tmp_path / "seq", 2)
    words = ("track", tmp_path / "seq", "--box", BOX, "--no-video", "--output", tmp_path / "o")
    result = crt(*words, *FAST, exit_code=2)
    assert "error: [Errno 13] Permission denied: 'boxes.csv'" in result.stderr
    assert "Traceback" not in result.output
