"""Datasets that ours read: which frames have which box, and in which the object is absent."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from crt_plugin.benchmark.datasets.catalog import BENCHMARKS
from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.datasets.recognise import recognise_dataset
from crt_plugin.errors import SourceError
from crt_plugin.hosts.got10k.toolkit import read_list
from tests.helpers import datasets as made
from tests.helpers.datasets import boxes, frames, write

WRITERS = {
    "otb": made.write_otb,
    "got10k": made.write_got10k,
    "uav123": made.write_uav123,
    "nfs": made.write_nfs,
    "nfs30": lambda root: made.write_nfs(root, 30),
    "tcolor128": made.write_tcolor128,
    "lasot": made.write_lasot,
    "lasot-ext": made.write_lasot_extension,
    "trackingnet": made.write_trackingnet,
    "uav123-10fps": made.write_uav123_10fps,
    "nfs-pytracking": made.write_nfs_pytracking,
    "avist": made.write_avist,
    "vot": made.write_vot,
    "own": made.write_own,
}


def sequence(name, root, which=0, **options):
    files, truth = open_part(name, root, **options).experiment.dataset[which][:2]
    return [Path(file).name for file in files], truth


def absent(truth):
    return np.flatnonzero(np.isnan(truth).any(axis=1)).tolist()


# ---------------------------------------------------------------------------------- recognition


@pytest.mark.parametrize("name", WRITERS)
def test_the_dataset_is_recognised_from_its_folder(name, tmp_path):
    assert recognise_dataset(WRITERS[name](tmp_path)) == name


def test_a_sequence_of_another_name_makes_them_all_ones_own(tmp_path):
    """Taken for OTB, or LaSOT, the other one would be left out without a word."""
    made.write_otb(tmp_path / "otb", {"Deer": 3, "My clip": 4})
    assert recognise_dataset(tmp_path / "otb") == "own"
    assert open_part("own", tmp_path / "otb").names == ["Deer", "My clip"]
    made.write_lasot(tmp_path / "lasot", ("airplane/airplane-1", "cat/Tom"))
    assert recognise_dataset(tmp_path / "lasot") == "own"
    assert open_part("own", tmp_path / "lasot").names == ["Tom", "airplane-1"]


def test_other_spellings_of_otb_are_still_otb(tmp_path):
    """So that they are named, see the near misses."""
    assert recognise_dataset(made.write_otb(tmp_path, {"deer": 3, "Couple": 4})) == "otb"


def test_training_sequences_of_lasot_are_not_run(tmp_path):
    names = ("airplane/airplane-1", "airplane/airplane-10")  # of the test and the training set
    made.write_lasot(tmp_path, names)
    assert recognise_dataset(tmp_path) == "lasot"
    assert open_part("lasot", tmp_path).names == ["airplane-1"]


def test_lasot_without_folders_of_classes(tmp_path):
    made.write_lasot(tmp_path, ("airplane-1", "deer-8"))
    assert recognise_dataset(tmp_path) == "lasot"
    assert open_part("lasot", tmp_path).names == ["airplane-1", "deer-8"]


@pytest.mark.parametrize(
    ("there", "asked", "said"),
    [
        ("data", "none", r"no folder .*none; expected one with <Sequence>/img"),
        ("data", "data/Deer", r"Deer is laid out as no dataset that is known; .*data has one"),
        ("data/inner", "data", r"data is laid out as no dataset .*data/inner has one"),
    ],
)
def test_what_is_not_recognised_names_a_folder_near_by(there, asked, said, tmp_path):
    made.write_otb(tmp_path / there, {"Deer": 3} if there == "data" else {"x/Deer": 3})
    with pytest.raises(SourceError, match=said):
        recognise_dataset(tmp_path / asked)


# ------------------------------------------------------------------------------ frames and boxes


def test_lasot_is_absent_where_flags_or_boxes_say_so(tmp_path):
    made.write_lasot(tmp_path)
    folder = tmp_path / "airplane" / "airplane-1"
    (folder / "full_occlusion.txt").write_text("0,1,0,0,0\n")  # which has a box nevertheless
    files, truth = sequence("lasot", tmp_path)
    assert files == [f"{k:08d}.jpg" for k in range(1, 6)] and absent(truth) == [1, 2]
    assert np.array_equal(truth[[0, 3, 4]], boxes(5)[[0, 3, 4]])


def test_a_flag_may_say_that_the_first_object_is_absent(tmp_path):
    made.write_lasot(tmp_path)
    (tmp_path / "deer" / "deer-8" / "out_of_view.txt").write_text("1,0,0,0,0,0")
    assert open_part("lasot", tmp_path).unusable["deer-8"] == (
        "the object is absent from the first frame: line 1 of groundtruth.txt is '5,6,10,8', with "
        "a flag of absence"
    )


def test_flags_of_another_length_are_named(tmp_path):
    made.write_lasot(tmp_path)
    (tmp_path / "airplane" / "airplane-1" / "out_of_view.txt").write_text("0,1,0")
    (reason,) = open_part("lasot", tmp_path).unusable.values()
    assert reason.endswith("out_of_view.txt has 3 numbers; expected 5, one for each frame")


def test_avist_is_absent_by_either_flag(tmp_path):
    files, truth = sequence("avist", made.write_avist(tmp_path))
    assert files[0] == "img_00001.jpg" and absent(truth) == [1, 2]
    (tmp_path / "out_of_view" / "air_show_out_of_view.txt").unlink()
    assert (
        "air_show_out_of_view.txt cannot be read"
        in open_part("avist", tmp_path).unusable["air_show"]
    )


def test_uav123_at_10_frames_per_second(tmp_path):
    """Frames as the authors' own list has them, of these and of some that are not made here."""
    files, truth = sequence("uav123-10fps", made.write_uav123_10fps(tmp_path))
    assert (files[0], files[-1], len(files)) == ("000259.jpg", "000493.jpg", 235)
    assert absent(truth) == [3]
    known = read_list("uav123.json")["UAV123"]
    for name, first, last in (
        *(("bike1", 1, 1029), ("bird1_3", 525, 813), ("car1_2", 251, 543), ("car1_s", 1, 492)),
        *(("uav1_3", 825, 1157), ("group3_4", 1457, 1843), ("person1_s", 1, 534)),
    ):
        numbers = ((known[name][key] - 1) // 3 + 1 for key in ("start_frame", "end_frame"))
        assert tuple(numbers) == (first, last)


def test_trackingnet_has_the_first_box_and_frames_by_number(tmp_path):
    files, truth = sequence("trackingnet", made.write_trackingnet(tmp_path), 1)
    assert files == [f"{k}.jpg" for k in range(12)]
    assert truth[0].tolist() == boxes(1)[0].tolist() and absent(truth) == list(range(1, 12))


def test_got10k_test_alone_has_to_be_named(tmp_path):
    made.write_got10k_test(tmp_path)
    assert recognise_dataset(tmp_path) == "got10k"
    with pytest.raises(SourceError, match=r"val.*; its subset test is there; expected it to be n"):
        open_part("got10k", tmp_path)


def test_got10k_test_has_the_first_box(tmp_path):
    files, truth = sequence("got10k", made.write_got10k_test(tmp_path), subset="test")
    assert len(files) == 4 and absent(truth) == [1, 2, 3]


def test_vot_is_counted_from_zero_and_its_polygons_have_a_box_around_them(tmp_path):
    made.write_vot(tmp_path)
    for which in (0, 1):
        _, truth = sequence("vot", tmp_path, which)
        there = [k for k in range(len(truth)) if k != 2]
        assert absent(truth) == [2]
        assert np.allclose(truth[there], boxes(len(truth))[there])


def test_vot_can_be_named_where_nothing_tells_it_from_got10k(tmp_path):
    """Boxes and frames alone, as in VOT2013."""
    frames(tmp_path / "cup", 3, 8)
    write(tmp_path / "cup" / "groundtruth.txt", boxes(3))
    assert recognise_dataset(tmp_path) == "own"
    assert sequence("own", tmp_path)[1].tolist() == boxes(3).tolist()
    assert sequence("vot", tmp_path)[1].tolist() == (boxes(3) + [1, 1, 0, 0]).tolist()


def test_real_polygons(shared):
    """VOT's bag has its frames in img/, and is known by its polygons."""
    root = shared / "data" / "vot"
    assert recognise_dataset(root) == "vot"
    _, truth = sequence("vot", root)
    corners = np.array([[291.827, 203.603], [396.382, 264.289], [442.173, 185.397]])
    low, high = np.array([291.827, 124.711]), corners.max(axis=0)
    assert np.allclose(truth[0], [*(low + 1), *(high - low)])


def test_own_sequences_of_every_layout_side_by_side(tmp_path):
    made.write_own(tmp_path)
    made.write_vot(tmp_path)
    assert recognise_dataset(tmp_path) == "own"
    part = open_part("own", tmp_path)
    assert part.names == ["bag", "ball1", "cat", "my clip"]
    for _, truth in part.experiment.dataset:
        there = ~np.isnan(truth).any(axis=1)
        assert np.allclose(truth[there], boxes(len(truth))[there])


@pytest.mark.parametrize("text", ["", "\n", "1,2,3,4\n\n1,2,3,4\n"])
@pytest.mark.parametrize("name", ["groundtruth_rect.txt", "groundtruth.txt"])
def test_an_annotation_that_cannot_be_read_costs_no_other_sequence(name, text, tmp_path):
    """Nor is the folder unknown because of it."""
    for clip in ("cat", "dog"):
        frames(tmp_path / clip, 4, 8)
        write(tmp_path / clip / name, boxes(4))
    (tmp_path / "cat" / name).write_text(text)
    part = open_part(recognise_dataset(tmp_path), tmp_path)
    assert part.names == ["dog"]
    said = "line 2 is blank" if text[1:] else "it is empty; expected a line"
    assert said in part.unusable["cat"] and name in part.unusable["cat"]
    shutil.rmtree(tmp_path / "dog")
    with pytest.raises(SourceError, match=rf"no sequence that can be used: cat: .*{said}"):
        open_part(recognise_dataset(tmp_path), tmp_path)


def test_an_unreadable_annotation_of_vot_leaves_the_others_vot(tmp_path):
    """Taken as one's own, they would count from 1."""
    for clip in ("bag", "ball1"):
        frames(tmp_path / clip / "img", 4, 8)
        write(tmp_path / clip / "groundtruth.txt", [made.polygon(*box) for box in boxes(4)])
    assert recognise_dataset(tmp_path) == "vot"
    (tmp_path / "bag" / "groundtruth.txt").write_text("\n1,2,3,4\n")
    assert recognise_dataset(tmp_path) == "vot"
    (tmp_path / "ball1" / "groundtruth.txt").write_text("1,2,3,4\n")
    assert recognise_dataset(tmp_path) == "own"


def test_two_sequences_of_one_name_are_refused(tmp_path):
    made.write_lasot(tmp_path, ("a/cat", "b/cat"))
    with pytest.raises(SourceError, match="two sequences are called cat: .*a/cat.* and .*b/cat"):
        open_part("own", tmp_path)


@pytest.mark.parametrize("line", ["1,2,3", "m1,2,3,x,5", "1,2,3,4,5", "a,b,c,d"])
def test_what_is_no_region_is_named(line, tmp_path):
    made.write_own(tmp_path)
    (tmp_path / "other" / "cat" / "groundtruth.txt").write_text("1,2,3,4\n" * 4 + line)
    reason = open_part("own", tmp_path).unusable["cat"]
    assert f"line 5 is not a region: '{line}'; expected numbers x,y,w,h, the corners" in reason


def test_the_help_names_every_dataset():
    from crt_plugin.cli.options import DatasetOption

    text = DatasetOption.__metadata__[0].help
    for name in BENCHMARKS:
        if name not in ("otb2015", "nfs240"):  # second names
            assert f"{name}," in text or f"{name} " in text or f"{name}:" in text
