import importlib
import sys
import zipfile

import numpy as np
import pytest

from crt_plugin.benchmark.results.importing.published import (
    import_results,
    published_names,
    published_part,
)
from crt_plugin.benchmark.results.scores import score_results
from crt_plugin.errors import ParameterError, SourceError
from crt_plugin.media.box_files import BoxFile
from tests.helpers.datasets import boxes, write, write_otb
from tests.helpers.track import step

PUBLISHED = {  # success AUC and DP at 20 px on OTB-100
    "KCF": (0.477, 0.695),
    "SRDCF": (0.598, 0.789),
    "DeepSRDCF": (0.636, 0.851),
    "HCF": (0.562, 0.837),
    "HDT": (0.564, 0.847),
    "LCT": (0.562, 0.761),
    "MEEM": (0.530, 0.781),
    "ECO": (0.691, 0.910),
    "MDNet": (0.678, 0.909),
    "C-COT": (0.671, 0.898),
}


pytestmark = pytest.mark.usefixtures("no_curves")


@pytest.fixture
def to(tmp_path):
    return tmp_path / "results"


def said(done):
    return [f"{path}: {reason}" for path, reason in done.unused]


def list_results(to):
    return sorted(str(p.relative_to(to / "OTB2015")) for p in to.rglob("*.txt"))


# ------------------------------------------------------------------------- 100 published targets


@pytest.mark.slow
def test_ten_published_trackers_over_100_targets(shared, tmp_path, to):
    """From the authors' boxes and the annotations alone, without a frame."""
    with (
        zipfile.ZipFile(shared / "data" / "otb100-results.zip") as every,
        zipfile.ZipFile(tmp_path / "ten.zip", "w") as ten,
    ):
        for name in every.namelist():
            if name.partition("/")[0] in PUBLISHED:
                ten.writestr(name, every.read(name))
    truth = shared / "data" / "otb100-groundtruth.zip"
    done = import_results(tmp_path / "ten.zip", to, truth)
    assert not done.unused and done.is_checked
    found = {tracker: len(targets) for (_, tracker), targets in done.sequences.items()}
    assert found == dict.fromkeys(PUBLISHED, 100)
    scored = score_results(published_part(to, truth), published_names(to))
    assert not scored.problems
    found = {s.tracker: (s.auc, s.dp) for s in scored.scores}
    assert found.keys() == PUBLISHED.keys()
    for name, values in PUBLISHED.items():
        assert found[name] == pytest.approx(values, abs=0.0006), name  # 0.0005 is rounding


def test_a_published_file_of_another_length_is_named(shared, tmp_path, to):
    with (
        zipfile.ZipFile(shared / "data" / "otb100-results.zip") as every,
        zipfile.ZipFile(tmp_path / "struck.zip", "w") as struck,
    ):
        for name in ("Struck/ClifBar.txt", "Struck/Deer.txt"):
            struck.writestr(name, every.read(name))
    done = import_results(tmp_path / "struck.zip", to, shared / "data" / "otb100-groundtruth.zip")
    assert said(done) == ["Struck/ClifBar.txt: 329 lines, and the annotation of ClifBar has 472"]
    assert done.sequences == {("OTB2015", "Struck"): ["Deer"]}


# ---------------------------------------------------------------------------------- names and kinds


@pytest.mark.parametrize(
    ("path", "tracker", "file"),
    [
        ("KCF/Deer.txt", None, "KCF/Deer.txt"),
        ("KCF/jogging-1.txt", None, "KCF/Jogging.1.txt"),
        ("KCF/Human4-2.txt", None, "KCF/Human4.txt"),
        ("results/OTB-100/SiamRPN/Deer.txt", None, "SiamRPN/Deer.txt"),
        ("SiamRPN/results_OPE/Deer.txt", None, "SiamRPN/Deer.txt"),
        ("deer_KCF.txt", None, "KCF/Deer.txt"),
        ("results_OPE/Jogging_2_ECO_HC.txt", None, "ECO_HC/Jogging.2.txt"),
        ("MEEM_Skating2-1.txt", None, "MEEM/Skating2.1.txt"),
        ("Deer.txt", None, "theirs/Deer.txt"),
        ("KCF/Deer.txt", "KCF-rerun", "KCF-rerun/Deer.txt"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_whose_and_of_what(path, tracker, file, packed, tmp_path, to):
    if packed:
        source = tmp_path / "theirs.zip"
        with zipfile.ZipFile(source, "w") as archive:
            archive.writestr(path, "1,2,3,4\n5,6,7,8\n")
    else:
        source = tmp_path / "theirs"
        write(source / path, [[1, 2, 3, 4], [5, 6, 7, 8]], delimiter="\t")
    import_results(source, to, tracker=tracker)
    assert list_results(to) == [file]
    assert (to / "OTB2015" / file).read_text() == (
        "1.000,2.000,3.000,4.000\n5.000,6.000,7.000,8.000\n"
    )


def test_a_single_file(tmp_path, to):
    write(tmp_path / "Deer_KCF.txt", boxes(3))
    import_results(tmp_path / "Deer_KCF.txt", to)
    assert list_results(to) == ["KCF/Deer.txt"]


def test_what_could_not_be_used_is_said(tmp_path, to):
    source = tmp_path / "all"
    write(source / "KCF" / "Deer.txt", boxes(5))
    write(source / "KCF" / "Jogging.txt", boxes(5))
    write(source / "KCF" / "Nothing.txt", boxes(5))
    write(source / "KCF" / "Couple.txt", [[1, 2, 3, 4], [np.nan] * 4])
    (source / "KCF" / "Bolt.txt").write_text("")
    (source / "KCF" / "Boy.txt").write_bytes(b"\xff\xfe")
    (source / "KCF" / "plot.png").write_bytes(b"")
    write(source / "KCF" / "deer_KCF.txt", boxes(5))
    done = import_results(source, to)
    assert not done.is_checked and done.sequences == {("OTB2015", "KCF"): ["Deer"]}
    assert said(done) == [
        "KCF/Bolt.txt: it is empty; expected a line x,y,w,h for each frame",
        "KCF/Boy.txt: it is not text: 'utf-8' codec can't decode byte 0xff in position 0: "
        "invalid start byte; expected UTF-8",
        "KCF/Couple.txt: line 2 is not a box: 'nan,nan,nan,nan'; expected numbers x,y,w,h",
        "KCF/Jogging.txt: it is of two targets; expected Jogging.1 or Jogging.2",
        "KCF/Nothing.txt: its name is of no sequence that is known; expected the name of its "
        "dataset, or the dataset's annotations",
        "KCF/deer_KCF.txt: Deer of KCF was read from KCF/Deer.txt before",
        "KCF/plot.png: not a result file; expected .txt, .mat, or boxes.csv of crt track",
    ]
    assert list_results(to) == ["KCF/Deer.txt"]


def test_nothing_of_use_is_an_error(tmp_path, to):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"nothing in .*empty could be used: it is empty"):
        import_results(tmp_path / "empty", to)
    write(tmp_path / "README.txt", boxes(1))
    with pytest.raises(SourceError, match="README.txt: its name is of no sequence"):
        import_results(tmp_path / "README.txt", to)
    assert not to.exists()


def test_a_name_that_is_no_folder(tmp_path, to):
    write(tmp_path / "Deer.txt", boxes(1))
    with pytest.raises((SourceError, ParameterError), match=r"the tracker's name '\.\./up'"):
        import_results(tmp_path / "Deer.txt", to, tracker="../up")


# ------------------------------------------------------------------------------------------ lengths


@pytest.mark.parametrize(
    ("target", "lines", "frames", "first", "last"),
    [
        ("Tiger1", 349, 354, [0] * 5 + [0, 1], [347, 348]),
        ("Tiger1", 354, 354, [0, 1, 2, 3, 4, 5, 6], [352, 353]),
        ("Board", 697, 698, [0, 1], [695, 696, 696]),
        ("Twinnings", 471, 472, [0, 1], [469, 470, 470]),
        ("David", 770, 471, [299, 300], [768, 769]),
        ("Diving", 231, 215, [0, 1], [213, 214]),
        ("Football1", 81, 74, [0, 1], [72, 73]),
        ("Football1", 74, 74, [0, 1], [72, 73]),
    ],
)
def test_lines_become_those_of_the_annotation(target, lines, frames, first, last, tmp_path, to):
    """Line k holds a box at x = k, and k s, so that it is seen which line went where."""
    rows = np.ones((lines, 4))
    rows[:, 0] = np.arange(lines)
    write(tmp_path / "KCF" / f"{target}.txt", rows)
    write(tmp_path / "KCF" / "times" / f"{target}_time.txt", np.arange(lines))
    write(tmp_path / "truth" / f"{target}.txt", np.ones((frames, 4)))
    done = import_results(tmp_path / "KCF", to, tmp_path / "truth")
    x = np.loadtxt(to / "OTB2015" / "KCF" / f"{target}.txt", delimiter=",")[:, 0]
    assert len(x) == frames
    assert x[: len(first)].tolist() == first and x[-len(last) :].tolist() == last
    times = np.loadtxt(to / "OTB2015" / "KCF" / "times" / f"{target}_time.txt")
    assert np.array_equal(times, x)  # a frame's time stays beside its box
    assert bool(done.notes) == (lines != frames)
    assert all(f"{target}: {lines} lines" in note for note in done.notes)


@pytest.mark.parametrize("lines", [4, 6])
def test_lengths_are_checked(lines, tmp_path, to):
    truth = write_otb(tmp_path / "truth")
    write(tmp_path / "KCF" / "Deer.txt", boxes(lines))
    write(tmp_path / "KCF" / "Couple.txt", boxes(4))
    write(tmp_path / "KCF" / "Bolt.txt", boxes(4))
    done = import_results(tmp_path / "KCF", to, truth)
    assert said(done) == [
        "Bolt.txt: there is no annotation of Bolt to check its length against",
        f"Deer.txt: {lines} lines, and the annotation of Deer has 5",
    ]
    assert list_results(to) == ["KCF/Couple.txt"]


# ------------------------------------------------------------------------------- what is there


def test_results_that_are_there_are_not_replaced(tmp_path, to):
    write(tmp_path / "KCF" / "Deer.txt", boxes(5))
    import_results(tmp_path / "KCF", to)
    assert import_results(tmp_path / "KCF", to).sequences == {
        ("OTB2015", "KCF"): ["Deer"]
    }  # the same boxes
    file = to / "OTB2015" / "KCF" / "Deer.txt"
    file.write_text("ours\n")
    with pytest.raises(
        SourceError, match=r"Deer\.txt is there with other content; expected overwr"
    ):
        import_results(tmp_path / "KCF", to)
    assert file.read_text() == "ours\n"
    import_results(tmp_path / "KCF", to, overwrite=True)
    assert file.read_text().startswith("5.000,6.000,10.000,8.000\n")
    assert [p.name for p in file.parent.iterdir()] == ["Deer.txt"]


def test_trackers_of_a_folder(tmp_path, to):
    with pytest.raises(SourceError, match=r"no results in .*OTB2015; expected .*<tracker>"):
        published_names(to)
    for name in ("KCF", "ECO"):
        write(tmp_path / name / "Deer.txt", boxes(5))
        import_results(tmp_path / name, to)
    (to / "OTB2015" / "empty").mkdir()
    assert published_names(to) == ["ECO", "KCF"]


def test_a_manifest_is_kept_beside_the_folders_of_got10k(tmp_path, to):
    """And not taken for one of a tracker in a folder further in."""
    folder = tmp_path / "all" / "CRT-mine"
    name = "GOT-10k_Val_000001"
    write(folder / name / f"{name}_001.txt", boxes(3))
    (folder / "manifest.json").write_text("{}")
    write(tmp_path / "all" / "KCF" / "Deer.txt", boxes(3))
    (tmp_path / "all" / "manifest.json").write_text("{}")
    done = import_results(tmp_path / "all", to)
    assert (to / "GOT-10k" / "CRT-mine" / "manifest.json").read_text() == "{}"
    assert said(done) == ["manifest.json: there are no boxes of its tracker in ."]
    assert len(list(to.rglob("manifest.json"))) == 1


# ----------------------------------------------------------------------------------------- MATLAB


@pytest.fixture
def savemat():
    return pytest.importorskip("scipy.io", reason="MATLAB files need scipy").savemat


def cells(*runs):
    found = np.empty((1, len(runs)), dtype=object)
    found[0] = runs
    return {"results": found}


def test_the_benchmarks_matlab_files(savemat, tmp_path, to):
    """``results{1}.res`` of a run, as the benchmark's toolkit saves it."""
    run = {"res": boxes(5), "type": "rect", "len": 5, "annoBegin": 1, "startFrame": 1}
    (tmp_path / "mats").mkdir()
    savemat(tmp_path / "mats" / "deer_KCF.mat", cells(run))
    import_results(tmp_path / "mats", to)
    assert list_results(to) == ["KCF/Deer.txt"]
    found = np.loadtxt(to / "OTB2015" / "KCF" / "Deer.txt", delimiter=",")
    assert np.array_equal(found, boxes(5))


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([{"res": boxes(5), "type": "rect"}] * 20, "20 runs, as of TRE or SRE; expected one"),
        (
            [{"res": np.ones((5, 6)), "type": "ivtAff"}],
            "of type 'ivtAff'; expected 'rect'",
        ),
        ([{"type": "rect"}], "expected 'rect' with boxes in res"),
        ([{"res": np.full((5, 4), np.nan), "type": "rect"}], "line 1 is not a box: 'nan nan"),
    ],
)
def test_other_matlab_files(savemat, runs, said, tmp_path, to):
    savemat(tmp_path / "deer_KCF.mat", cells(*runs))
    with pytest.raises(SourceError) as caught:
        import_results(tmp_path / "deer_KCF.mat", to)
    assert said in str(caught.value)


def test_matlab_files_of_something_else(savemat, tmp_path, to):
    savemat(tmp_path / "deer_KCF.mat", {"other": 1})
    with pytest.raises(SourceError, match="no results of the benchmark in it"):
        import_results(tmp_path / "deer_KCF.mat", to)
    (tmp_path / "deer_KCF.mat").write_bytes(b"no MATLAB file, and longer than its header " * 9)
    with pytest.raises(SourceError, match="no results of the benchmark in it"):
        import_results(tmp_path / "deer_KCF.mat", to)


def test_matlab_files_without_scipy(tmp_path, to, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.io.matlab", None)
    with pytest.raises(ImportError):
        importlib.import_module("scipy.io.matlab")
    write(tmp_path / "KCF" / "Couple.txt", boxes(4))
    (tmp_path / "KCF" / "Deer.mat").write_bytes(b"MATLAB")
    done = import_results(tmp_path / "KCF", to)
    assert said(done) == ["Deer.mat: MATLAB files need scipy: pip install scipy"]


@pytest.mark.parametrize("axis", [0, 2])
def test_matlab_files_of_several_repetitions(savemat, axis, tmp_path, to):
    """5 repetitions, before or behind the boxes: the first is taken."""
    every = np.stack([boxes(71) + k for k in range(5)], axis=axis)
    savemat(tmp_path / "deer_KCF.mat", cells({"res": every, "type": "rect"}))
    import_results(tmp_path / "deer_KCF.mat", to)
    assert np.array_equal(np.loadtxt(to / "OTB2015/KCF/Deer.txt", delimiter=","), boxes(71))


@pytest.mark.parametrize("shape", [(4, 4, 4), (5, 71, 3), (71, 5)])
def test_matlab_files_of_another_shape_are_refused_in_few_words(savemat, shape, tmp_path, to):
    savemat(tmp_path / "deer_KCF.mat", cells({"res": np.ones(shape), "type": "rect"}))
    with pytest.raises(SourceError) as caught:
        import_results(tmp_path / "deer_KCF.mat", to)
    assert len(str(caught.value)) < 300 + len(str(tmp_path))


def test_runs_of_pytracking_are_kept_apart(tmp_path, to):
    for name in ("atom", "eco"):
        write(tmp_path / "tracking_results" / name / "default_000" / "Deer.txt", boxes(71))
    done = import_results(tmp_path / "tracking_results", to)
    assert done.sequences == {
        ("OTB2015", f"{name}-default_000"): ["Deer"] for name in ("atom", "eco")
    }
    for source in ("atom", "atom/default_000"):
        again = import_results(tmp_path / "tracking_results" / source, to)
        assert list(again.sequences) == [("OTB2015", "atom-default_000")]


@pytest.mark.parametrize("source", ["mine", "mine/Jogging.1", "mine/Jogging.1/boxes.csv"])
def test_boxes_of_crt_track(source, tmp_path, to):
    """They count from 0, and the benchmark from 1."""
    folder = tmp_path / "mine" / "Jogging.1"
    folder.mkdir(parents=True)
    file = BoxFile(folder, has_lost=True)
    for k, box in enumerate(boxes(3)):
        file.write(step(k, box, np.zeros((2, 2, 3), np.uint8)))
    file.close()
    (folder / "tracked.mp4").touch()
    done = import_results(tmp_path / source, to)
    assert done.sequences == {("OTB2015", "mine"): ["Jogging.1"]}
    found = np.loadtxt(to / "OTB2015/mine/Jogging.1.txt", delimiter=",")
    assert np.array_equal(found, boxes(3) + [1, 1, 0, 0])


def test_boxes_of_an_earlier_crt_track(tmp_path, to):
    """Without the time."""
    (tmp_path / "mine" / "Deer").mkdir(parents=True)
    table = "frame,x,y,w,h,score\n0,1,2,3,4,1\n1,5,6,7,8,0.5\n"
    (tmp_path / "mine" / "Deer" / "boxes.csv").write_text(table)
    import_results(tmp_path / "mine", to)
    found = np.loadtxt(to / "OTB2015/mine/Deer.txt", delimiter=",")
    assert found[:2].tolist() == [[2, 3, 3, 4], [6, 7, 7, 8]]


def test_another_table_called_boxes_csv(tmp_path, to):
    (tmp_path / "Deer").mkdir()
    (tmp_path / "Deer" / "boxes.csv").write_text("x,y,w,h\n1,2,3,4\n1,2,3,4\n")
    with pytest.raises(SourceError, match="its frames are not 0, 1, 2, ..."):
        import_results(tmp_path / "Deer", to)
