from collections import Counter
from pathlib import Path, PurePath

import pytest
from got10k.datasets import OTB

from crt_plugin.formats.otb import (
    FRAME_RANGES,
    TARGETS,
    TWO_TARGETS,
    annotated_target,
    annotation_files,
    cut_frames,
    otb_lists,
    target_name,
)


def test_targets_are_the_hosts():
    """got10k keeps folders; two of them hold two targets of the benchmark."""

    def folders(targets):
        return {name.removesuffix(".1").removesuffix(".2") for name in targets}

    assert folders(TARGETS) == set(OTB._OTB__tb100_seqs) and TWO_TARGETS == ("Jogging", "Skating2")
    tb50 = otb_lists().tb50
    assert folders(tb50) == set(OTB._OTB__tb50_seqs) and len(tb50) == 50


def test_attributes():
    """All 11 are in use; and some targets, looked up in the published list."""
    lists = otb_lists()
    counts = Counter(name for names in lists.of_target.values() for name in names)
    assert counts.keys() == lists.attributes.keys() and len(lists.attributes) == 11
    assert lists.of_target["DragonBaby"] == ("OPR", "SV", "OCC", "MB", "FM", "IPR", "OV")
    assert lists.of_target["Jogging.2"] == ("OPR", "OCC", "DEF")
    assert lists.of_target["CarDark"] == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Deer", "Deer"),
        ("deer", "Deer"),
        ("faceocc1", "FaceOcc1"),
        ("carDark", "CarDark"),
        ("Kitesurf", "KiteSurf"),
        ("Jogging.1", "Jogging.1"),
        ("Jogging-2", "Jogging.2"),
        ("jogging_1", "Jogging.1"),
        ("Skating2-2", "Skating2.2"),
        ("skating2.1", "Skating2.1"),
        ("Human4-2", "Human4"),
        ("human4.2", "Human4"),
        ("Human4", "Human4"),
        ("Human4-1", None),  # its annotation is empty
        ("Jogging", None),  # which of the two?
        ("Jogging-3", None),
        ("Skating2", None),
        ("Deer-1", None),
        ("Nothing", None),
        ("", None),
    ],
)
def test_names_in_use(text, name):
    assert target_name(text) == name


def test_all_targets_of_the_benchmark():
    assert len(TARGETS) == 100
    assert all(target_name(name.upper()) == name for name in TARGETS)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("OTB/Deer/groundtruth_rect.txt", "Deer"),
        ("Jogging/groundtruth_rect.2.txt", "Jogging.2"),
        ("Human4/groundtruth_rect.2.txt", "Human4"),
        ("any/jogging-1.TXT", "Jogging.1"),
        ("Deer/groundtruth_rect.1.txt", None),
        ("Deer/groundtruth_rect_old.txt", None),
        ("Deer/attrs.txt", None),
        ("Deer.mat", None),
    ],
)
def test_target_of_an_annotation(path, name):
    assert annotated_target(PurePath(path)) == name


def test_annotations_of_a_folder(tmp_path):
    for name in ("groundtruth_rect.10.txt", "groundtruth_rect.2.txt", "groundtruth_rect (1).txt"):
        (tmp_path / name).write_text("1,2,3,4\n")
    (tmp_path / "groundtruth_rect.3.txt").write_text(" \n")
    assert {n: file.name for n, file in annotation_files(tmp_path).items()} == {
        2: "groundtruth_rect.2.txt",
        10: "groundtruth_rect.10.txt",
    }
    (tmp_path / "groundtruth_rect.2.txt").rename(tmp_path / "groundtruth_rect.txt")
    assert list(annotation_files(tmp_path)) == [1, 10]
    for file in tmp_path.iterdir():  # an empty one is found where there is no other
        file.write_text("\n")
    assert list(annotation_files(tmp_path)) == [1, 3, 10]


def test_ranges_fit_the_annotations():
    """Lengths as in the published annotations."""
    lengths = {
        **{"BlurCar1": 742, "BlurCar3": 357, "BlurCar4": 380, "David": 471, "Diving": 215},
        **{"Football1": 74, "Freeman3": 460, "Freeman4": 283},
    }
    assert {name: last - first + 1 for name, (first, last) in FRAME_RANGES.items()} == lengths


def number_frames(first, last):
    return [Path(f"img/{k:04d}.jpg") for k in range(first, last + 1)]


@pytest.mark.parametrize(
    ("name", "frames", "lines", "kept"),
    [
        ("David", (1, 770), 471, (300, 770)),
        ("david", (1, 770), 471, (300, 770)),
        ("David", (300, 770), 471, (300, 770)),
        ("David", (1, 471), 471, (1, 471)),
        ("David", (1, 30), 30, (1, 30)),
        ("David", (1, 900), 900, (1, 900)),
        ("David", (1, 400), 1, (1, 400)),
        ("Freeman4", (1, 297), 283, (1, 283)),
        ("BlurCar1", (1, 988), 742, (247, 988)),
        ("BlurCar1", (247, 988), 742, (247, 988)),
        ("Deer", (1, 80), 71, (1, 80)),
    ],
)
def test_frames_are_cut_by_their_numbers_where_that_fits(name, frames, lines, kept):
    assert cut_frames(name, number_frames(*frames), lines) == number_frames(*kept)


def test_a_folder_that_begins_late_is_cut_by_its_numbers():
    """Without the first 199 of David's frames: by position, frame 499 would be line 1."""
    assert cut_frames("David", number_frames(200, 770), 471) == number_frames(300, 770)


def test_frames_without_numbers_are_not_cut():
    frames = [Path("a.jpg"), Path("b.jpg")]
    assert cut_frames("David", frames, 1) == frames
