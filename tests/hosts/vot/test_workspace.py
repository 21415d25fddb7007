import configparser
import re
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from crt_plugin.cli.toolkits import vot as app
from crt_plugin.errors import MissingExtraError, ParameterError, SourceError
from crt_plugin.formats import otb
from crt_plugin.hosts.vot import workspace as vot_workspace
from crt_plugin.hosts.vot.sequences import place_anchors, read_sequences
from crt_plugin.hosts.vot.workspace import link, require_toolkit, write_workspace
from crt_plugin.runtime.environment import advise_extra

try:
    require_toolkit()
    MISSING = ""
except MissingExtraError as error:
    MISSING = str(error)
needs_toolkit = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def sequence(
    folder, rows, annotation="groundtruth_rect.txt", frames="img", count=None, suffix="jpg"
):
    """A sequence of blank frames of 32 x 24 px (w x h) with the annotations ``rows``."""
    (folder / frames).mkdir(parents=True)
    for number in range(1, (len(rows) if count is None else count) + 1):
        Image.new("RGB", (32, 24)).save(folder / frames / f"{number:04d}.{suffix}")
    (folder / annotation).write_text("\n".join(rows) + "\n")
    return folder


def read(*data, **choice):
    """The sequences, all of which can be used."""
    sequences, problems = read_sequences(list(data), **choice)
    assert not problems
    return sequences


def vot_sequence(folder, rows, **settings):
    return sequence(folder, rows, annotation="groundtruth.txt", frames="color", **settings)


# ---------------------------------------------------------------------------- anchors


def anchors_at(length, absent=()):
    anchors = place_anchors([frame not in absent for frame in range(length)])
    return {frame: value for frame, value in enumerate(anchors) if value}


def test_anchors_by_hand():
    """About 50 frames apart, including both ends, towards the farther end."""
    assert anchors_at(60) == {0: 1, 59: -1}
    assert anchors_at(121) == {0: 1, 60: 1, 120: -1}
    assert anchors_at(201) == {0: 1, 50: 1, 100: 1, 150: -1, 200: -1}


def test_anchor_moves_to_where_the_object_is():
    assert anchors_at(201, absent={49, 50, 51, 52}) == {0: 1, 48: 1, 100: 1, 150: -1, 200: -1}


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_runs_from_anchors(present):
    """A run starts at a frame with the object, and covers half of the sequence if none moved."""
    present = [True, *present, True]
    anchors = np.array(place_anchors(present))
    assert np.array(present)[anchors != 0].all() and anchors[0] == 1 and anchors[-1] == -1
    lengths = [k + 1 if a < 0 else len(present) - k for k, a in enumerate(anchors) if a]
    assert min(lengths) >= len(present) / 2


# ---------------------------------------------------------------------------- OTB


def test_otb_counts_from_one_and_vot_from_zero(tmp_path):
    sequence(tmp_path / "Crossing", ["205\t151\t17\t50", "1,2.5,3,4", "10 20 30 40"])
    [found] = read(tmp_path)
    assert found.regions == ["204,150,17,50", "0,1.5,3,4", "9,19,30,40"]
    assert [frame.name for frame in found.frames] == ["0001.jpg", "0002.jpg", "0003.jpg"]


def test_folder_of_one_sequence(tmp_path, monkeypatch):
    monkeypatch.chdir(sequence(tmp_path / "Deer", ["1,1,2,2"] * 2))
    assert [s.name for s in read(Path())] == ["Deer"]


def test_several_targets_are_called_as_in_got10k(tmp_path):
    folder = sequence(tmp_path / "Jogging", ["1,1,2,2"] * 2, annotation="groundtruth_rect.1.txt")
    (folder / "groundtruth_rect.2.txt").write_text("3,3,4,4\n3,3,4,4\n")
    human = sequence(tmp_path / "Human4", ["5,5,6,6"] * 2, annotation="groundtruth_rect.2.txt")
    (human / "groundtruth_rect.1.txt").write_text("")
    found = read(tmp_path)
    assert {s.name: s.regions[0] for s in found} == {
        "Human4": "4,4,6,6",
        "Jogging.1": "0,0,2,2",
        "Jogging.2": "2,2,4,4",
    }


def test_same_sequences_as_got10k(shared):
    """Football1 has 81 frames and 74 rows there."""
    from crt_plugin.benchmark.datasets.part import open_part

    dataset = open_part("otb", shared / "data" / "otb").experiment.dataset
    found = {s.name: s for s in read(shared / "data" / "otb")}
    assert sorted(found) == sorted(dataset.seq_names)
    for name, (files, boxes) in zip(dataset.seq_names, dataset, strict=True):
        assert [frame.resolve() for frame in found[name].frames] == [
            Path(file).resolve() for file in files
        ]
        ours = np.array([line.split(",") for line in found[name].regions], dtype=float)
        assert np.array_equal(ours + [1, 1, 0, 0], boxes)


def test_range_of_a_sequence_that_starts_late(tmp_path, monkeypatch):
    monkeypatch.setitem(otb.FRAME_RANGES, "David", (3, 4))
    sequence(tmp_path / "David", ["1,1,2,2"] * 2, count=5)
    [found] = read(tmp_path)
    assert [frame.name for frame in found.frames] == ["0003.jpg", "0004.jpg"]


def test_choice_keeps_its_order_and_cut(tmp_path):
    for name in ("A", "B", "C"):
        sequence(tmp_path / name, ["1,1,2,2"] * 120)
    found = read(tmp_path, names=["C", "A"], frames=70)
    assert [(s.name, len(s.frames), len(s.regions)) for s in found] == [
        ("C", 70, 70),
        ("A", 70, 70),
    ]
    assert found[0].anchors == place_anchors([True] * 70)


def test_unannotated_end_is_left_out(tmp_path):
    sequence(tmp_path / "Board", ["1,1,2,2", "0,0,0,0", "1,1,2,2", "0,0,0,0"])
    [found] = read(tmp_path)
    assert len(found.frames) == 3 and found.absent == [1] and found.regions[1] == "0"


# ---------------------------------------------------------------------------- VOT


@needs_toolkit
def test_vot_regions_stay_as_they_are(tmp_path):
    rows = ["1.5,2,3,4", "0,0,4.25,1,5,5", "nan,nan,nan,nan", "1", "9,9,3,3"]
    vot_sequence(tmp_path / "a", rows, suffix="png")
    [found] = read(tmp_path)
    assert found.regions == rows and found.absent == [2, 3]


@needs_toolkit
def test_vot_regions_may_be_spelt_as_otbs(tmp_path):
    rows = ["\ufeff1;2;3;4", "0\t0\t4\t1\t5\t5\t0\t3,", "1", "m1,1,2,2,0,4", ""]
    vot_sequence(tmp_path / "a", rows, count=4)
    [found] = read(tmp_path)
    assert found.regions == ["1,2,3,4", "0,0,4,1,5,5,0,3", "1", "m1,1,2,2,0,4"]
    (tmp_path / "a" / "groundtruth.txt").write_text("1,2,3,4\n\n1,2,3,4\n")
    with pytest.raises(SourceError, match=r"groundtruth\.txt: line 2 is blank"):
        read_sequences([tmp_path])


@needs_toolkit
def test_vot_metadata_and_anchors_are_kept_until_frames_are_cut(tmp_path):
    folder = sequence(
        tmp_path / "a", ["1,1,2,2"] * 3, annotation="groundtruth.txt", frames="left/color"
    )
    (folder / "sequence").write_text("name=a\nfps = 25\nchannels.color=left\\color\\%04d.jpg\n")
    (folder / "anchor.value").write_text("0\n1.0\n-1\n")
    [found] = read(tmp_path)
    assert found.fps == "25" and found.anchors == [0, 1, -1]
    assert read(tmp_path, frames=2)[0].anchors == [1, -1]


@needs_toolkit
def test_vot_with_frames_beside_the_annotation(tmp_path):
    sequence(tmp_path / "a", ["1,1,2,2"] * 2, annotation="groundtruth.txt", frames=".")
    assert len(read(tmp_path)[0].frames) == 2


# ---------------------------------------------------------------------------- bad input


def bad_otb(folder, rows, **settings):
    sequence(folder / "Deer", rows, **settings)
    with pytest.raises(SourceError) as raised:
        read_sequences([folder])
    return str(raised.value)


def test_no_sequences(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(SourceError, match=r"no sequences in .*groundtruth\.txt.*of OTB"):
        read_sequences([tmp_path])
    with pytest.raises(SourceError, match=r"no folder .*nowhere"):
        read_sequences([tmp_path / "nowhere"])


def test_missing_and_repeated_names(tmp_path):
    sequence(tmp_path / "otb" / "Deer", ["1,1,2,2"] * 2)
    sequence(tmp_path / "more" / "Deer", ["1,1,2,2"] * 2)
    with pytest.raises(SourceError, match="does not hold Bolt; it holds Deer"):
        read_sequences([tmp_path / "otb"], ["Bolt"])
    with pytest.raises(SourceError, match=r"two sequences are called Deer: .*otb.* and .*more"):
        read_sequences([tmp_path / "otb", tmp_path / "more"])
    assert len(read(tmp_path / "otb", tmp_path / "otb")) == 1


def test_a_sequence_that_cannot_be_used_is_left_out_and_named(tmp_path):
    sequence(tmp_path / "Bolt", ["1,1,2,2"] * 2, count=3)
    sequence(tmp_path / "Deer", ["1,1,2,2"] * 2)
    sequence(tmp_path / "Dog", ["1,1,2,2", "1,one,2,2"])
    found, problems = read_sequences([tmp_path])
    assert [s.name for s in found] == ["Deer"] and list(problems) == ["Bolt", "Dog"]
    assert "2 rows in" in problems["Bolt"] and "line 2 is not a box" in problems["Dog"]
    with pytest.raises(SourceError, match=r"no sequence that can be used: Dog: .*line 2"):
        read_sequences([tmp_path], ["Dog"])


def test_annotation_of_another_length(tmp_path):
    assert "Deer: 2 rows in" in bad_otb(tmp_path / "less", ["1,1,2,2"] * 2, count=3)
    assert "for 1 frames; expected one row a frame" in bad_otb(
        tmp_path / "more", ["1,1,2,2"] * 2, count=1
    )
    assert "it is empty; expected" in bad_otb(tmp_path / "none", [], count=2)


def test_rows_that_are_no_boxes(tmp_path):
    message = bad_otb(tmp_path / "words", ["1,1,2,2", "1,one,2,2"])
    assert "groundtruth_rect.txt: line 2 is not a box: '1,one,2,2'" in message
    assert "line 1 is not a box: '1,1,2'" in bad_otb(tmp_path / "three", ["1,1,2"] * 2)


def test_first_frame_must_be_annotated(tmp_path):
    assert "no region in the first frame" in bad_otb(
        tmp_path / "nan", ["nan,nan,nan,nan", "1,1,2,2"]
    )
    assert "1 annotated frame; expected 2" in bad_otb(tmp_path / "one", ["1,1,2,2", "1,1,-2,2"])


def test_frames_that_the_toolkit_cannot_read(tmp_path):
    assert "are .bmp; expected all .jpg or all .png" in bad_otb(
        tmp_path / "bmp", ["1,1,2,2"] * 2, suffix="bmp"
    )
    assert "no frames in" in bad_otb(tmp_path / "none", ["1,1,2,2"], count=0)


@needs_toolkit
@pytest.mark.parametrize("row", ["1,2,3", "1,2,3,4,5", "word", "1;2,3;4"])
def test_rows_that_are_no_regions_of_vot(tmp_path, row):
    vot_sequence(tmp_path / "a", ["1,1,2,2", row, "1,1,2,2"])
    with pytest.raises(SourceError, match=r"groundtruth\.txt: line 2: .* is no region of VOT"):
        read_sequences([tmp_path])


@needs_toolkit
@pytest.mark.parametrize(
    ("text", "problem"), [("1\n", "1 values"), ("0\n0\n", "0 of them"), ("x\n1", "cannot be read")]
)
def test_anchors_that_do_not_fit(tmp_path, text, problem):
    folder = vot_sequence(tmp_path / "a", ["1,1,2,2"] * 2)
    (folder / "anchor.value").write_text(text)
    with pytest.raises(SourceError, match=problem):
        read_sequences([tmp_path])


# ---------------------------------------------------------------------------- workspace


@pytest.fixture
def data(tmp_path):
    """A VOT and an OTB sequence of 60 frames; 10 x 8 px (w x h), one px to the right a frame."""
    rows = [f"{5 + frame / 10},4,10,8" for frame in range(60)]
    vot_sequence(tmp_path / "data" / "bag", rows)
    sequence(tmp_path / "data" / "Jogging.2", rows)
    return [tmp_path / "data"]


@needs_toolkit
@pytest.mark.parametrize("stack", ["short", "vot2018/shortterm", "vot2022/shorttermbox"])
def test_the_toolkit_loads_it_without_a_network(data, tmp_path, monkeypatch, stack):
    import vot.dataset
    from vot.experiment.multistart import find_anchors
    from vot.workspace import Workspace

    def download(*_):
        raise AssertionError("the toolkit wanted to download")

    monkeypatch.setattr(vot.dataset, "download_dataset", download)
    write_workspace(tmp_path / "ws", data, stack, ["hog", "rgb"])
    loaded = Workspace.load(str(tmp_path / "ws"))
    assert loaded.registry.identifiers() == ["CRT-hog", "CRT-rgb"]
    assert {"resets", "anchors"} == set(
        loaded.stack.experiments
    ) or "baseline" in loaded.stack.experiments
    assert loaded.dataset.list() == ["Jogging.2", "bag"]
    for found, x in zip(loaded.dataset, (4 + 0.3, 5 + 0.3), strict=True):
        assert len(found) == 60 and found.size == (32, 24) and found.metadata("fps") == 30
        region = found.groundtruth(3)
        assert (region.x, region.y) == pytest.approx((x, x // 1 - 1))
        assert (region.width, region.height) == (10, 8)
        assert find_anchors(found) == ([0], [59])
        assert found.frame(59).image().shape == (24, 32, 3)


@needs_toolkit
def test_limits_of_eao_that_no_run_reaches_are_told(data, tmp_path):
    assert write_workspace(tmp_path / "a", data).warnings == []
    [warning] = write_workspace(tmp_path / "b", data, frames=45).warnings[:1]
    assert "EAO of resets will be 0 or nan" in warning and "up to 45 frames" in warning
    warnings = write_workspace(tmp_path / "c", data, "vot2022/shorttermbox").warnings
    assert [w.split()[2] for w in warnings] == ["baseline", "realtime"]
    assert "up to 755 frames, and the longest sequence has 60" in warnings[0]


@needs_toolkit
def test_absent_object_and_resets(tmp_path):
    rows = ["1,1,2,2", "1,1,2,2", "nan,nan,nan,nan", "1,1,2,2"]
    sequence(tmp_path / "data" / "Deer", rows)
    problem = (
        r"Deer has no region in 1 frames, first in row 3 of .*rect\.txt; .*--frames 2 or fewer"
    )
    with pytest.raises(SourceError, match=problem):
        write_workspace(tmp_path / "ws", [tmp_path / "data"])
    write_workspace(tmp_path / "cut", [tmp_path / "data"], frames=2)
    own = tmp_path / "own.yaml"
    own.write_text("experiments: {runs: {type: multistart}}")
    write_workspace(tmp_path / "ws", [tmp_path / "data"], str(own))
    assert (tmp_path / "ws" / "own.yaml").is_file()
    lines = (tmp_path / "ws" / "sequences" / "Deer" / "groundtruth.txt").read_text().split()
    assert lines == ["0,0,2,2", "0,0,2,2", "0", "0,0,2,2"]


@needs_toolkit
def test_trackers_are_started_by_this_python(data, tmp_path, monkeypatch):
    python = str(tmp_path / "100% of mine" / "python")
    monkeypatch.setattr(vot_workspace, "_is_importable", lambda: True)
    own = tmp_path / "it's mine.py"
    own.write_text("from crt_plugin.parameters import Parameters as parameters\n")
    monkeypatch.setattr(sys, "executable", python)
    write_workspace(tmp_path / "ws", data, parameters=["hog", str(own)])
    registry = configparser.ConfigParser()
    registry.read(tmp_path / "ws" / "trackers.ini")
    assert registry.sections() == ["CRT-hog", "CRT-it-s-mine"]
    hog = registry["CRT-hog"]
    assert hog["python"] == f'"{python}"' and hog["protocol"] == "traxpython"
    assert hog["timeout"] == "600" and "paths" not in hog
    assert hog["command"].endswith("main(['--parameters', 'hog'])")
    assert str(own) in registry["CRT-it-s-mine"]["command"]


@needs_toolkit
def test_package_that_new_processes_do_not_find_is_put_on_their_path(data, tmp_path, monkeypatch):
    monkeypatch.setattr(vot_workspace, "PACKAGE", tmp_path / "elsewhere")
    write_workspace(tmp_path / "ws", data, parameters=["hog"])
    assert f"paths = {tmp_path / 'elsewhere'}" in (tmp_path / "ws" / "trackers.ini").read_text()


@needs_toolkit
def test_trackers_that_cannot_be(data, tmp_path):
    (tmp_path / "hog.py").write_text("from crt_plugin.parameters import Parameters as parameters")
    with pytest.raises(ParameterError, match="no parameter file 'hawk'"):
        write_workspace(tmp_path / "ws", data, parameters=["hawk"])
    with pytest.raises(ParameterError, match="two trackers are called CRT-hog"):
        write_workspace(tmp_path / "ws", data, parameters=["hog", str(tmp_path / "hog.py")])


@needs_toolkit
def test_stacks_that_cannot_be(data, tmp_path):
    with pytest.raises(ParameterError, match=r"no stack 'vot1999'; expected short, .*vot2018"):
        write_workspace(tmp_path / "ws", data, "vot1999")
    for text in ("", "experiments: [", "title: none"):
        (tmp_path / "bad.yaml").write_text(text)
        with pytest.raises(ParameterError, match=r"bad\.yaml has no readable experiments"):
            write_workspace(tmp_path / "ws", data, str(tmp_path / "bad.yaml"))


@needs_toolkit
def test_nothing_is_overwritten_or_half_written(data, tmp_path, monkeypatch):
    folder = tmp_path / "ws"
    folder.mkdir()
    write_workspace(folder, data)
    before = sorted(folder.rglob("*"))
    with pytest.raises(SourceError, match="is there already; expected a new or an empty folder"):
        write_workspace(folder, data)
    assert sorted(folder.rglob("*")) == before

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(vot_workspace, "link", fail)
    with pytest.raises(OSError, match="disk full"):
        write_workspace(tmp_path / "other", data)
    assert not list(tmp_path.glob("*other*"))


def test_link_falls_back_to_what_the_system_allows(tmp_path, monkeypatch):
    source = tmp_path / "frame.jpg"
    source.write_bytes(b"frame")

    def forbidden(*_):
        raise OSError("A required privilege is not held by the client")

    link(source, tmp_path / "symbolic.jpg")
    monkeypatch.setattr(Path, "symlink_to", forbidden)
    link(source, tmp_path / "hard.jpg")
    monkeypatch.setattr(Path, "hardlink_to", forbidden)
    link(source, tmp_path / "copy.jpg")
    symbolic, hard, copy = (tmp_path / f"{name}.jpg" for name in ("symbolic", "hard", "copy"))
    assert symbolic.is_symlink() and symbolic.samefile(source)
    assert not hard.is_symlink() and hard.samefile(source)
    assert not copy.samefile(source)
    assert copy.read_bytes() == b"frame"


# ---------------------------------------------------------------------------- toolkit and command


def pretend_installed(versions, monkeypatch):
    def version(name):
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)


RIGHT = {"vot-toolkit": "0.7.4", "vot-trax": "4.0.2", "attributee": "0.1.9"}


@pytest.mark.parametrize(
    ("versions", "problem"),
    [
        ({}, rf"vot-toolkit is not installed; expected 0\.7\.4.*{re.escape(advise_extra('vot'))}"),
        (RIGHT | {"vot-toolkit": "0.9.0"}, r"vot-toolkit 0\.9\.0 is installed; expected 0\.7\.4"),
        (RIGHT | {"vot-toolkit": "0.7.40"}, r"vot-toolkit 0\.7\.40 is installed"),
        (RIGHT | {"attributee": "0.1.10"}, r"attributee 0\.1\.10 is installed; expected 0\.1\.8"),
        ({"vot-toolkit": "0.7.4", "attributee": "0.1.9"}, "vot-trax is not installed"),
    ],
)
def test_wrong_or_missing_toolkit(monkeypatch, tmp_path, versions, problem):
    pretend_installed(versions, monkeypatch)
    with pytest.raises(MissingExtraError, match=problem):
        write_workspace(tmp_path / "ws", [tmp_path])
    assert not (tmp_path / "ws").exists()


def test_right_toolkit(monkeypatch):
    pretend_installed(RIGHT, monkeypatch)
    require_toolkit()


@needs_toolkit
def test_command(data, tmp_path):
    call = ["workspace", str(tmp_path / "ws"), "--data", str(data[0]), "--stack", "short"]
    options = ["--parameters", "hog, rgb", "--sequences", "bag", "--frames", "20"]
    done = CliRunner().invoke(app, call + options)
    assert done.exit_code == 0, done.output
    assert "1 sequence, 20 frames" in done.output
    assert f'vot evaluate --workspace "{tmp_path / "ws"}" CRT-hog CRT-rgb' in done.output
    assert "warning: EAO of resets will be 0 or nan" in done.output
    assert len(list((tmp_path / "ws" / "sequences" / "bag" / "color").iterdir())) == 20


@needs_toolkit
def test_command_leaves_out_what_cannot_be_used(data, tmp_path):
    """One with an unreadable row; one without a region, which only a stack with resets refuses."""
    sequence(data[0] / "Bolt", ["1,1,2,2", "1,one,2,2"])
    sequence(data[0] / "Board", ["1,1,2,2", "0,0,0,0", "1,1,2,2"])
    for stack, left in (("short", ["Board", "Bolt"]), ("vot2022/shorttermbox", ["Bolt"])):
        folder = tmp_path / stack.replace("/", "-")
        call = ["workspace", str(folder), "--data", str(data[0]), "--stack", stack]
        done = CliRunner().invoke(app, call)
        assert done.exit_code == 1, done.output
        assert [line.split()[0] for line in done.stderr.splitlines() if "left out" in line] == left
        kept = {"Jogging.2", "bag", "Board"} - set(left)
        assert set((folder / "sequences" / "list.txt").read_text().split()) == kept
        assert f"{len(kept)} sequences" in done.output and "vot evaluate" in done.output


@needs_toolkit
def test_the_section_for_a_workspace_of_ones_own_is_the_same(data, tmp_path):
    """The toolkit reads it, and it starts the tracker as the section of our workspace does."""
    from vot.tracker import Registry

    peers = {"OpenCV-MIL": "opencv:mil"}
    write_workspace(tmp_path / "ws", data, parameters=["hog", "rgb"], peers=peers)
    words = ["tracker", "--parameters", "hog,rgb", "--peers", "opencv:mil"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    alone = CliRunner().invoke(app, words[:1] + words[3:])
    assert alone.output.startswith("[OpenCV-MIL]") and "CRT" not in alone.output
    ours, printed = configparser.ConfigParser(), configparser.ConfigParser()
    ours.read(tmp_path / "ws" / "trackers.ini")
    printed.read_string(done.output)
    assert printed == ours and printed.sections() == ["CRT-hog", "CRT-rgb", "OpenCV-MIL"]
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "trackers.ini").write_text(done.output)
    registry = Registry([str(tmp_path / "own" / "trackers.ini")], root=str(tmp_path))
    assert {tracker.identifier for tracker in registry} == set(ours.sections())


def test_the_section_needs_trax(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["tracker"])
    assert isinstance(done.exception, MissingExtraError) and "TraX" in str(done.exception)


def test_several_objects_are_refused(tmp_path):
    """As VOTS lays them out: a file for each object."""
    folder = sequence(tmp_path / "data" / "zebras", ["1,2,3,4"] * 3, "groundtruth_1.txt")
    (folder / "groundtruth_2.txt").write_text("5,6,7,8\n" * 3)
    for place in (tmp_path / "data", folder):
        with pytest.raises(SourceError, match=r"several objects, as VOTS has \(groundtruth_1.txt"):
            read_sequences([place])
    (folder / "groundtruth_rect.txt").write_text("1,2,3,4\n" * 3)
    assert [found.name for found in read(folder)] == ["zebras"]


@needs_toolkit
@pytest.mark.parametrize("stack", ["vots2023", "vots2024/main"])
def test_stacks_of_several_objects_are_refused(stack, data, tmp_path):
    with pytest.raises(ParameterError, match=f"stack {stack} tracks several objects .*VOTS"):
        write_workspace(tmp_path / "ws", data, stack)
    assert not (tmp_path / "ws").exists()


def test_command_names_what_is_wrong(monkeypatch, tmp_path):
    pretend_installed({}, monkeypatch)
    done = CliRunner().invoke(app, ["workspace", str(tmp_path / "ws"), "--data", str(tmp_path)])
    assert isinstance(done.exception, MissingExtraError)
