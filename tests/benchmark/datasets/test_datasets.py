import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crt_plugin.benchmark.datasets import catalog
from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.errors import MissingExtraError, ParameterError, SourceError
from crt_plugin.hosts.got10k.toolkit import datasets, experiments
from tests.helpers.datasets import (
    boxes,
    frames,
    shortest_uav,
    write,
    write_avist,
    write_dtb70,
    write_got10k,
    write_lasot,
    write_lasot_extension,
    write_nfs,
    write_nfs_pytracking,
    write_otb,
    write_own,
    write_tcolor128,
    write_uav123,
    write_uav123_10fps,
    write_vot,
)
from tests.helpers.trackers import Still, run_quietly

UAV_NAMES = sorted(name for name, _ in shortest_uav())
GOT_NAMES = ["GOT-10k_Val_000001", "GOT-10k_Val_000002"]
CASES = {
    "otb": (write_otb, ["Couple", "Deer"], "2 of 100 sequences of OTB2015"),
    "otb2013": (write_otb, ["Couple", "Deer"], "2 of 51 sequences of OTB2013"),
    "tb50": (write_otb, ["Couple", "Deer"], "2 of 50 sequences of OTBtb50"),
    "tb100": (write_otb, ["Couple", "Deer"], "2 of 100 sequences of OTBtb100"),
    "got10k": (write_got10k, GOT_NAMES, "2 of 180 sequences of GOT-10k"),
    "uav123": (write_uav123, UAV_NAMES, "2 of 123 sequences of UAV123"),
    "nfs": (write_nfs, ["ball_2", "zebra"], "2 of 100 sequences of NfS/240"),
    "dtb70": (write_dtb70, ["Car2", "Sheep1"], "2 of 70 sequences of DTB70"),
    "tcolor128": (write_tcolor128, ["Ball_ce1", "Torus"], "2 of 128 sequences of TColor128"),
    "lasot": (write_lasot, ["airplane-1", "deer-8"], "2 of 280 sequences of LaSOT"),
    "lasot-ext": (
        write_lasot_extension,
        ["atv-1", "wingsuit-10"],
        "2 of 150 sequences of LaSOT-ext",
    ),
    "uav123-10fps": (write_uav123_10fps, ["bird1_2", "uav6"], "2 of 123 sequences of UAV123_10fps"),
    "nfs-pytracking": (
        write_nfs_pytracking,
        ["Gymnastics", "zebra_fish"],
        "2 of 100 sequences of NfS-pytracking",
    ),
    "avist": (write_avist, ["air_show", "black_cat_1"], "2 of 120 sequences of AVisT"),
    "vot": (write_vot, ["bag", "ball1"], "2 sequences of VOT"),
    "own": (write_own, ["cat", "my clip"], "2 sequences of your own"),
}
SMALL = [name for name in CASES if name != "uav123-10fps"]  # which takes 500 frames


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """A download is a failure; curves take seconds and are tested elsewhere."""

    def download(*_):
        raise AssertionError("a dataset was downloaded")

    for dataset in (datasets.OTB, datasets.TColor128):
        monkeypatch.setattr(dataset, "_download", download)
    for experiment in (experiments.ExperimentOTB, experiments.ExperimentGOT10k):
        monkeypatch.setattr(experiment, "plot_curves", lambda *_: None)


def reason(name, root, sequence):
    """Why a sequence is left out, and no other is."""
    (item,) = open_part(name, root).unusable.items()
    assert item[0] == sequence
    return item[1]


@pytest.mark.parametrize("name", CASES)
def test_part_of_each_benchmark_is_run_and_scored(name, tmp_path, capsys):
    make, names, text = CASES[name]
    part = open_part(name, make(tmp_path / "data"), results=tmp_path / "results")
    assert part.names == names
    assert str(part) == text
    assert isinstance(part.experiment, part.benchmark.experiment)
    done = run_quietly(part, Still())
    assert not done.failures and not done.report.problems
    (score,) = done.report.scores
    assert score.sequences == 2 and 0 < score.auc < 0.9 and 0 < score.dp <= 1
    assert done.report.folders[0].is_relative_to(tmp_path / "results" / "reports")
    assert capsys.readouterr().out == ""


def test_lengths_of_the_sequences(tmp_path):
    assert open_part("otb", write_otb(tmp_path)).lengths == {"Couple": 4, "Deer": 5}


def test_nfs_at_30_frames_per_second(tmp_path):
    part = open_part("nfs30", write_nfs(tmp_path, 30))
    assert part.names == ["ball_2", "zebra"] and str(part).endswith("NfS/30")


def test_two_targets_of_one_folder(tmp_path):
    frames(tmp_path / "Jogging" / "img", 3)
    for k in (1, 2):
        write(tmp_path / "Jogging" / f"groundtruth_rect.{k}.txt", boxes(3))
    assert open_part("otb", tmp_path).names == ["Jogging.1", "Jogging.2"]
    assert open_part("otb", tmp_path, ["Jogging.2"]).names == ["Jogging.2"]


def test_real_targets(shared):
    part = open_part("otb", shared / "data" / "otb")
    assert {"Jogging.1", "Jogging.2"} <= set(part.names)
    assert str(part) == "13 of 100 sequences of OTB2015"
    assert part.lengths["Football1"] == 74  # of 81 frames


def test_chosen_sequences_keep_their_order(tmp_path):
    write_otb(tmp_path)
    assert open_part("otb", tmp_path, ["Deer", "Couple", "Deer"]).names == ["Deer", "Couple"]


def test_only_leaves_the_whole_as_it_is(tmp_path):
    part = open_part("tcolor128", write_tcolor128(tmp_path))
    some = part.only(["Torus"])
    assert some.names == ["Torus"] and len(some.experiment.dataset[0][0]) == 5
    assert part.names == ["Ball_ce1", "Torus"] and len(part.experiment.dataset[0][0]) == 4


@pytest.mark.parametrize("sequences", [["Deer", "Bolt"], ["Nothing"]])
def test_missing_sequences_are_named(sequences, tmp_path):
    write_otb(tmp_path)
    with pytest.raises(SourceError, match=r"not hold (Bolt|Nothing); it holds Couple, Deer"):
        open_part("otb", tmp_path, sequences)


def test_no_sequences_are_no_choice(tmp_path):
    with pytest.raises(SourceError, match=r"not hold none at all; it holds Couple, Deer"):
        open_part("otb", write_otb(tmp_path), [])


def test_unknown_dataset(tmp_path):
    with pytest.raises(ParameterError, match=r"no dataset 'votlt'; expected otb, otb2013"):
        open_part("votlt", tmp_path)


@pytest.mark.parametrize("name", catalog.BENCHMARKS)
def test_missing_and_empty_folders(name, tmp_path):
    with pytest.raises(SourceError, match=r"no folder .*none; expected one with"):
        open_part(name, tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="expected ") as caught:
        open_part(name, tmp_path / "empty")
    assert catalog.BENCHMARKS[name].layout in str(caught.value)


def test_wrong_layout(tmp_path):
    write_dtb70(tmp_path)
    with pytest.raises(SourceError, match=r"not laid out as GOT-10k is .*list.txt"):
        open_part("got10k", tmp_path)
    write(tmp_path / "anno" / "UAV123" / "unknown.txt", boxes(3))
    with pytest.raises(SourceError, match=r"not laid out as UAV123 is .*unknown"):
        open_part("uav123", tmp_path)


def test_old_host_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.1.2")
    with pytest.raises(MissingExtraError, match=r"got10k 0\.1\.2"):
        open_part("otb", write_otb(tmp_path))


@pytest.mark.parametrize(("lines", "said"), [(4, "5 frames, and 4 lines"), (6, "5 frames, and 6")])
def test_annotation_of_another_length(lines, said, tmp_path):
    write_otb(tmp_path)
    write(tmp_path / "Deer" / "groundtruth_rect.txt", boxes(lines))
    assert reason("otb", tmp_path, "Deer").startswith(said)
    assert open_part("otb", tmp_path, ["Couple"]).unusable == {}


def test_annotation_that_is_no_table(tmp_path):
    write_otb(tmp_path)
    (tmp_path / "Deer" / "groundtruth_rect.txt").write_text("1,2,3,4\n1,2,x,4\n" * 2 + "1,2,3,4")
    assert "line 2 is not a box: '1,2,x,4'" in reason("otb", tmp_path, "Deer")


@pytest.mark.parametrize(
    ("row", "value", "said"),
    [
        (2, np.nan, "line 3 of groundtruth_rect.txt is 'nan,6,10,8'; expected a box, or 0,0"),
        (0, np.nan, "the object is absent from the first frame: line 1 of groundtruth_rect.txt is"),
    ],
)
def test_annotation_with_nan(row, value, said, tmp_path):
    write_otb(tmp_path)
    rows = boxes(5)
    rows[row, 0] = value
    write(tmp_path / "Deer" / "groundtruth_rect.txt", rows)
    assert reason("otb", tmp_path, "Deer").startswith(said)


def test_first_box_without_area(tmp_path):
    write_otb(tmp_path)
    """The line is shown as it is, not as the NaN that it becomes in some datasets."""
    rows = boxes(5)
    rows[0, 3] = 0
    for name, dataset in (("Deer", "otb"), ("clip", "own")):
        write_otb(tmp_path / dataset, {name: 5, "Couple": 4})
        write(tmp_path / dataset / name / "groundtruth_rect.txt", rows)
        assert reason(dataset, tmp_path / dataset, name) == (
            "the object is absent from the first frame: line 1 of groundtruth_rect.txt is "
            "'5,6,10,0'"
        )


def test_annotation_of_one_line(tmp_path):
    write_otb(tmp_path, {"Couple": 4, "Deer": 1})
    assert "expected 2 lines or more" in reason("otb", tmp_path, "Deer")


def test_annotation_of_polygons(tmp_path):
    """got10k itself takes eight numbers for GOT-10k."""
    write_got10k(tmp_path)
    write(tmp_path / "val" / GOT_NAMES[0] / "groundtruth.txt", np.ones((4, 8)))
    assert "line 1 is not a box: '1,1,1,1,1,1,1,1'" in reason("got10k", tmp_path, GOT_NAMES[0])


def test_gaps_are_uav123s_own_but_not_in_the_first_frame(tmp_path):
    write_uav123(tmp_path)
    assert not open_part("uav123", tmp_path).unusable
    name, meta = shortest_uav()[0]
    rows = boxes(meta["end_frame"] - meta["start_frame"] + 1)
    rows[0] = np.nan
    write(tmp_path / "anno" / "UAV123" / f"{name}.txt", rows)
    assert reason("uav123", tmp_path, name).endswith(f"line 1 of {name}.txt is 'nan,nan,nan,nan'")


def test_missing_frame(tmp_path):
    write_tcolor128(tmp_path)
    (tmp_path / "Torus" / "img" / "0003.jpg").unlink()
    said = "no frame 3 of 1 to 5; there are 4 frames"
    assert reason("tcolor128", tmp_path, "Torus") == said


# ------------------------------------------------------------------- other images, near misses


def rename_frames(root, change):
    """Write every frame again, under the name that ``change`` makes of its own."""
    for file in sorted(root.rglob("*.jpg")):
        image = Image.open(file).copy()
        file.unlink()
        image.save(change(file), **({"quality": 95} if change(file).suffix != ".png" else {}))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("suffix", [".png", ".jpeg", ".JPG"])
def test_frames_of_other_suffixes_are_read(name, suffix, tmp_path):
    make, names, _ = CASES[name]
    before = open_part(name, make(tmp_path / "data"))
    files = {n: before.experiment.dataset[i][0] for i, n in enumerate(before.names)}
    rename_frames(tmp_path / "data", lambda file: file.with_suffix(suffix))
    part = open_part(name, tmp_path / "data", results=tmp_path / "results")
    assert part.names == names and not part.unusable
    for i, sequence in enumerate(part.names):
        expected = [str(Path(file).with_suffix(suffix)) for file in files[sequence]]
        assert part.experiment.dataset[i][0] == expected
    assert not run_quietly(part, Still()).failures


@pytest.mark.parametrize("name", ["otb", "dtb70"])
def test_frames_beside_the_annotation_are_read(name, tmp_path):
    make, names, _ = CASES[name]
    make(tmp_path)
    rename_frames(tmp_path, lambda file: file.parents[1] / file.name)
    part = open_part(name, tmp_path)
    assert part.names == names and not part.unusable


def test_a_picture_among_the_frames_is_counted_and_named(tmp_path):
    write_otb(tmp_path)
    Image.new("RGB", (8, 8)).save(tmp_path / "Deer" / "img" / "preview.png")
    said = reason("otb", tmp_path, "Deer")
    assert said.startswith("6 frames (5 .jpg, 1 .png), and 5 lines of annotation")


def test_images_that_are_not_read_are_no_frames(tmp_path):
    write_otb(tmp_path)
    for file in (tmp_path / "Deer" / "img").iterdir():
        file.rename(file.with_suffix(".gif"))
    said = reason("otb", tmp_path, "Deer")
    assert said.startswith("no frames; expected .bmp, ") and ".png" in said


def test_frames_of_uav123_without_leading_zeros(tmp_path):
    write_uav123(tmp_path)
    rename_frames(tmp_path, lambda file: file.with_name(f"{int(file.stem)}.jpg"))
    part = open_part("uav123", tmp_path)
    for files, truth in part.experiment.dataset:
        numbers = [int(Path(file).stem) for file in files]
        assert numbers == list(range(numbers[0], numbers[0] + len(truth)))


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("deer", "deer: expected the folder's name Deer"),
        ("DEER", "DEER: expected the folder's name Deer"),
        ("jogging", "jogging: expected the folder's name Jogging"),
        ("Jogging-1", "Jogging-1: expected the folder's name Jogging"),
        ("human4-2", "human4-2: expected the folder's name Human4"),
        ("Deer/Deer", "Deer: its files are in .*Deer/Deer; expected in .*Deer"),
    ],
)
def test_near_misses_are_named(there, said, tmp_path):
    """Beside a right one they are left out and named; alone they are in the error."""
    write_otb(tmp_path, {there: 3})
    with pytest.raises(SourceError, match=f"any sequence of OTB2015; expected .*; {said}"):
        open_part("otb", tmp_path)
    write_otb(tmp_path, {"Couple": 4})
    part = open_part("otb", tmp_path)
    assert part.names == ["Couple"]
    assert re.match(said, "; ".join(f"{k}: {v}" for k, v in part.unusable.items()))
    assert open_part("otb", tmp_path, ["Couple"]).unusable == {}
    with pytest.raises(SourceError, match=f"not hold Deer; it holds Couple; not found are {said}"):
        open_part("otb", tmp_path, ["Deer"])


def test_a_sequence_without_annotation_is_named(tmp_path):
    write_otb(tmp_path)
    (tmp_path / "Deer" / "groundtruth_rect.txt").rename(tmp_path / "Deer" / "groundtruth.txt")
    assert reason("otb", tmp_path, "Deer").startswith("no annotation in it; expected groundtruth_")


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("vot", "own")])
def test_a_folder_in_a_folder_is_named(name, tmp_path):
    """As a zip makes it that is unpacked into a folder of its own name."""
    CASES[name][0](tmp_path / "data" / "inner")
    with pytest.raises(SourceError, match=r"expected .*; .*data/inner has it"):
        open_part(name, tmp_path / "data")


@pytest.mark.parametrize("name", ["vot", "own"])
def test_a_folder_in_a_folder_is_read_where_any_name_will_do(name, tmp_path):
    make, names, _ = CASES[name]
    if name == "vot":
        make(tmp_path / "data" / "inner")
        assert open_part(name, tmp_path / "data").names == names
    else:  # there are folders in its folders already
        make(tmp_path)
        assert open_part(name, tmp_path / "other").names == ["cat"]


def test_a_sequence_in_place_of_the_dataset_is_named(tmp_path):
    write_otb(tmp_path / "data")
    with pytest.raises(SourceError, match=r"OTB2015; expected .*; .*data has it"):
        open_part("otb", tmp_path / "data" / "Deer")


def test_missing_metadata_of_got10k(tmp_path):
    write_got10k(tmp_path)
    (tmp_path / "val" / GOT_NAMES[1] / "cover.label").unlink()
    assert reason("got10k", tmp_path, GOT_NAMES[1]).startswith("no cover.label in")


def test_a_folder_without_a_usable_sequence_is_refused_with_the_reasons(tmp_path):
    write_otb(tmp_path)
    for name in ("Couple", "Deer"):
        write(tmp_path / name / "groundtruth_rect.txt", boxes(2))
    with pytest.raises(SourceError, match=r"Couple: 4 frames, and 2.*Deer: 5 frames, and 2"):
        open_part("otb", tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_a_damaged_sequence_is_left_out_and_named(name, tmp_path):
    """The others are run and scored as if it were not there."""
    make, names, text = CASES[name]
    data = make(tmp_path / "data")
    whole = open_part(name, data)
    kept, damaged = names if name != "uav123" else names[::-1]
    place = whole.names.index(damaged)
    annotation = Path(whole.experiment.dataset.anno_files[place])
    more = "1,2,3,4\n" if name != "nfs" else "0 1 2 3 4\n"
    annotation.write_text(annotation.read_text() + more * 3)
    part = open_part(name, data, results=tmp_path / "results")
    assert part.names == [kept]
    assert str(part).replace("sequence of", "sequences of") == text.replace("2 ", "1 ", 1)
    assert part.lengths == {kept: whole.lengths[kept]}
    assert list(part.unusable) == [damaged]
    (score,) = run_quietly(part, Still()).report.scores
    assert score.sequences == 1
