"""Sources of every kind with known pixels, and the errors of broken ones."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from crt_plugin.errors import FrameError, SourceError
from crt_plugin.media.sources import open_source

RED, GREEN, BLUE = (200, 30, 20), (20, 180, 30), (10, 40, 220)
COLORS = (RED, GREEN, BLUE)


def flat(color, height=24, width=40) -> np.ndarray:
    return np.full((height, width, 3), color, np.uint8)


def write_images(folder: Path, names, suffix=".png") -> None:
    """One flat image per name; its colour is its index in ``names``."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, name in enumerate(names):
        Image.fromarray(flat(COLORS[place % 3])).save(folder / f"{name}{suffix}")


def write_video(path: Path, colors=COLORS, codec="MJPG") -> None:
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 12, (40, 24))
    for color in colors:
        video.write(flat(color[::-1]))
    video.release()


def mean_colors(source) -> np.ndarray:
    return np.array([frame.mean(axis=(0, 1)) for frame in source.frames()])


def test_a_video_gives_rgb(tmp_path):
    write_video(tmp_path / "clip.avi")
    source = open_source(str(tmp_path / "clip.avi"))
    np.testing.assert_allclose(mean_colors(source), COLORS, atol=6)
    assert (source.name, source.length, source.fps, source.truth) == ("clip", 3, 12.0, {})


def test_images_come_in_natural_order_and_in_rgb(tmp_path):
    write_images(tmp_path / "seq", ["f2", "f10", "f100"])
    (tmp_path / "seq" / "notes.txt").write_text("no image")
    (tmp_path / "seq" / "._f1.png").write_bytes(b"what macOS leaves behind")
    source = open_source(str(tmp_path / "seq"))
    np.testing.assert_array_equal(mean_colors(source), COLORS)
    assert (source.name, source.length) == ("seq", 3)
    assert [frame.time for frame in source.read()] == [0, 0.04, 0.08]  # as of 25 fps


def test_a_glob_and_the_files_that_a_shell_makes_of_it_are_the_same(tmp_path):
    write_images(tmp_path / "seq", ["f2", "f10", "g1"])
    pattern = str(tmp_path / "seq" / "f*.png")
    expanded = [str(tmp_path / "seq" / name) for name in ("f10.png", "f2.png")]
    for source in (open_source(pattern), open_source(expanded)):
        np.testing.assert_array_equal(mean_colors(source), COLORS[:2])
        assert (source.name, source.length) == ("seq", 2)


def test_several_files_must_be_images(tmp_path):
    write_images(tmp_path, ["a"])
    with pytest.raises(SourceError, match=r"'clip\.avi' is no image file"):
        open_source([str(tmp_path / "a.png"), "clip.avi"])


def test_gray_sixteen_bit_and_palette_images_become_rgb(tmp_path):
    Image.fromarray(np.full((8, 9), 90, np.uint8)).save(tmp_path / "1.png")
    Image.fromarray(np.full((8, 9), 257 * 90, np.uint16)).save(tmp_path / "2.png")
    Image.fromarray(flat((90, 90, 90), 8, 9)).convert("P", palette=Image.Palette.ADAPTIVE).save(
        tmp_path / "3.png"
    )
    frames = list(open_source(str(tmp_path)).frames())
    assert [f.shape for f in frames] == [(8, 9, 3)] * 3
    assert all((f == 90).all() for f in frames)


def test_an_image_is_turned_as_its_camera_says(tmp_path):
    image = Image.fromarray(np.concatenate([flat(RED, 8, 8), flat(BLUE, 8, 8)]))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    image.save(tmp_path / "1.png", exif=exif)
    (frame,) = open_source(str(tmp_path)).frames()
    assert tuple(frame[0, 0]) == BLUE


@pytest.mark.parametrize("kept", [0.5, 0.95])
def test_a_truncated_jpeg_in_the_middle_is_found_and_named(tmp_path, rng, kept):
    for number in range(4):
        noise = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{number}.jpg")
    damaged = tmp_path / "2.jpg"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: int(kept * len(whole))])
    frames = open_source(str(tmp_path)).frames()
    assert len([next(frames), next(frames)]) == 2
    with pytest.raises(FrameError, match=r"frame 2 .*2\.jpg.* cannot be decoded.*truncated"):
        next(frames)


@pytest.mark.parametrize("content", [b"", b"no image at all", b"\x89PNG\r\n\x1a\nbroken"])
def test_a_first_image_that_does_not_decode_is_the_sources_fault(tmp_path, content):
    (tmp_path / "1.png").write_bytes(content)
    with pytest.raises(SourceError, match=r"frame 0 .*1\.png.* cannot be decoded"):
        next(open_source(str(tmp_path)).frames())


def test_a_video_that_is_cut_off_ends_early(tmp_path):
    """The container announces 30 frames and has fewer; that is no error."""
    path = tmp_path / "clip.avi"
    write_video(path, COLORS * 10)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    source = open_source(str(path))
    assert 0 < len(list(source.frames())) < 30


def test_a_video_without_a_frame_is_an_error(tmp_path):
    path = tmp_path / "clip.avi"
    write_video(path)
    whole = path.read_bytes()
    start = whole.index(b"movi") + 4
    path.write_bytes(whole[:start] + bytes(len(whole) - start))
    with pytest.raises(SourceError, match=r"clip\.avi"):
        list(open_source(str(path)).frames())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nowhere", "no such source: 'nowhere'; expected a video file, a folder"),
        ("empty", "no images in 'empty'; expected .bmp"),
        ("twice", r"no images in 'twice'; .*; twice/Deer has some"),
        ("empty/*.jpg", r"no images in 'empty/\*.jpg'"),
        ("junk.mp4", "junk.mp4 cannot be opened as a video"),
        ("99", "camera 99 cannot be opened"),
    ],
)
def test_what_is_no_source_is_named(tmp_path, monkeypatch, given, message):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("twice/Deer/img").mkdir(parents=True)
    Path("twice/Deer/img/0001.jpg").touch()
    Path("junk.mp4").write_bytes(b"junk" * 1000)
    with pytest.raises(SourceError, match=message):
        next(open_source(given).frames())


def test_a_folder_called_like_a_camera_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_images(Path("0"), ["a"])
    assert open_source("0").length == 1


def write_otb(folder: Path, annotations: dict[str, str], images: int = 3) -> None:
    write_images(folder / "img", [f"{i + 1:04d}" for i in range(images)])
    for name, text in annotations.items():
        (folder / name).write_text(text)


def test_an_otb_sequence_brings_its_annotation(tmp_path):
    write_otb(tmp_path / "Deer", {"groundtruth_rect.txt": "11\t21\t5\t6\n12\t21\t5\t6\n"})
    source = open_source(str(tmp_path / "Deer"))
    assert (source.name, source.length) == ("Deer", 3)
    assert source.truth[1].tolist() == [11, 20, 5, 6]


def test_an_image_that_is_missing_between_others_is_named(tmp_path):
    """The boxes behind it would be those of other frames; at the end nothing is shifted."""
    lines = "11,21,5,6\n" * 4
    write_otb(tmp_path / "Deer", {"groundtruth_rect.txt": lines}, images=4)
    first, second, third, last = sorted((tmp_path / "Deer/img").iterdir())
    last.unlink()
    assert open_source(str(tmp_path / "Deer")).length == 3
    third.rename(last)
    said = rf"3 images and 4 annotated boxes.* no image between {second.name} and {last.name};"
    with pytest.raises(SourceError, match=said):
        open_source(str(tmp_path / "Deer"))
    (tmp_path / "Deer/groundtruth_rect.txt").write_text("11,21,5,6\n" * 3)  # it was left out too
    assert open_source(str(tmp_path / "Deer")).length == 3 and first.exists()


def test_targets_of_an_otb_sequence(tmp_path):
    texts = {"groundtruth_rect.1.txt": "2,2,5,6\n", "groundtruth_rect.2.txt": "9,9,5,6\n"}
    write_otb(tmp_path / "Jogging", texts)
    given = str(tmp_path / "Jogging")
    for target, name, x in ((None, "Jogging.1", 1), (1, "Jogging.1", 1), (2, "Jogging.2", 8)):
        source = open_source(given, [] if target is None else [target])
        assert (source.name, source.truth[0][0]) == (name, x)
    with pytest.raises(SourceError, match="has no target 3; expected 1, 2"):
        open_source(given, [3])
    with pytest.raises(SourceError, match=r"target 1 was asked for, but .* is no sequence with"):
        open_source(str(tmp_path / "Jogging" / "img"), [1])


@pytest.mark.parametrize(
    ("layout", "frames", "annotation", "text"),
    [
        ("GOT-10k", "GOT-10k_Val_000001", "groundtruth.txt", "11,21,5,6\n12,21,5,6\n0,0,0,0"),
        ("GOT-10k test", "GOT-10k_Test_000001", "groundtruth.txt", "11,21,5,6"),
        ("LaSOT", "deer-8/img", "../groundtruth.txt", "11,21,5,6\n12,21,5,6\n0,0,0,0"),
        ("VOT", "cup/color", "../groundtruth.txt", "10,20,5,6\n11,20,5,6\nnan,nan,nan,nan"),
        (
            "VOT polygons",
            "bag",
            "groundtruth.txt",
            "12,20,15,23,12,26,10,22\n14,20,16,23,13,26,11,22\n0",
        ),
        (
            "VOT masks",
            "cup",
            "groundtruth.txt",
            "m8,20,8,6,2,5,3,5,3,5,3,5,3,5,3,5\nm11,20,5,6,0,30\nm0,0,0,0",
        ),
        (
            "UAV123",
            "data_seq/UAV123/bike1",
            "../../../anno/UAV123/bike1.txt",
            "11,21,5,6\n12,21,5,6\nNaN,NaN,NaN,NaN",
        ),
        (
            "UAV123, two targets",
            "data_seq/UAV123/bird1",
            "../../../anno/UAV123/bird1_1.txt",
            "11,21,5,6\n12,21,5,6",
        ),
        (
            "TrackingNet",
            "TEST/frames/0-6LB4FqxoE_0",
            "../../anno/0-6LB4FqxoE_0.txt",
            "11,21,5,6",
        ),
        (
            "AVisT",
            "sequences/air_show",
            "../../anno/air_show.txt",
            "11 21 5 6\n12 21 5 6\n0 0 0 0",
        ),
        (
            "NfS of pytracking",
            "sequences/zebra_fish",
            "../../anno/nfs_zebra_fish.txt",
            "11\t21\t5\t6\n12\t21\t5\t6\n12\t21\t0\t6",
        ),
    ],
)
def test_the_annotation_of_every_layout_is_found(layout, frames, annotation, text, tmp_path):
    """The same object in all of them, counted from 0: at 10, 20, and 11, 20; then it is gone."""
    write_images(tmp_path / frames, ["00000001", "00000002", "00000003"])
    file = tmp_path / frames / annotation
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    given = tmp_path / frames
    source = open_source(str(given.parent if given.name in ("img", "color") else given))
    lines = len(text.splitlines())
    assert source.length == (2 if "two" in layout else 3)
    assert {frame: box.tolist() for frame, box in source.truth.items()} == {
        frame: [10 + frame, 20, 5, 6] for frame in range(min(lines, 2))
    }


def test_a_real_polygon(shared):
    """The upright box of VOT's bag around its first corners, counted from 0."""
    source = open_source(str(shared / "data" / "vot" / "bag"))
    assert source.truth[0] == pytest.approx([291.827, 124.711, 150.346, 139.578])


def test_suffixes_are_recognised_in_capitals(tmp_path):
    write_images(tmp_path, ["a"], ".PNG")
    assert open_source(str(tmp_path)).length == 1


def test_real_sequences(shared):
    otb = shared / "data" / "otb"
    deer = open_source(str(otb / "Deer"))
    assert (deer.length, len(deer.truth)) == (71, 71)
    assert next(deer.frames()).shape == (400, 704, 3)
    assert deer.truth[0].tolist() == [305, 4, 95, 65]
    assert open_source(str(otb / "Jogging"), [2]).truth[0].tolist() == [179, 78, 37, 114]
