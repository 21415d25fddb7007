"""Damaged result files are found, named and made again; what is written is as the host's own."""

import numpy as np
import pytest

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.results.layout import ResultFiles, trackers_in
from crt_plugin.benchmark.results.responses import ResponseLog, ResponseMaps
from crt_plugin.errors import BoxError
from crt_plugin.hosts.got10k import GOT10kTracker
from tests.conftest import QUICK
from tests.helpers.datasets import write_got10k, write_otb
from tests.helpers.trackers import Still, run_quietly

FIRST = "GOT-10k_Val_000001"


pytestmark = pytest.mark.usefixtures("no_curves")


@pytest.fixture
def videos(tmp_path):
    return open_part("got10k", write_got10k(tmp_path / "data"), results=tmp_path / "results")


def crt():
    tracker = GOT10kTracker("rgb", **QUICK, train_steps=3)
    tracker.recorder = ResponseLog()
    return tracker


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# ------------------------------------------------------------------------------ what is written


@pytest.mark.parametrize(("make", "name"), [(write_otb, "otb"), (write_got10k, "got10k")])
def test_files_are_the_hosts_own_to_the_byte(make, name, tmp_path):
    data = make(tmp_path / "data")
    host, ours = (open_part(name, data, results=tmp_path / who) for who in ("host", "ours"))
    random = np.random.default_rng(0)
    repetitions = 1 if name == "otb" else 3
    for sequence, frames in host.lengths.items():
        for file in ResultFiles.of(ours, "T", sequence, deterministic=False).boxes:
            boxes, times = random.uniform(1, 60, (frames, 4)), random.uniform(0, 2, frames)
            place = tmp_path / "host" / file.relative_to(tmp_path / "ours")
            host.experiment._record(str(place), boxes, times)
            ResultFiles.of(ours, "T", sequence, deterministic=False).write(file, boxes, times)
    written = contents(tmp_path / "ours")
    assert written == contents(tmp_path / "host") and len(written) == 2 * (repetitions + 1)


def test_times_without_boxes_are_no_repetition(videos):
    """A kill between the two leaves a column too many."""
    record = ResultFiles.of(videos, "T", FIRST, deterministic=False)
    boxes = np.ones((4, 4))
    record.write(record.boxes[0], boxes, np.full(4, 0.1))
    record.write(record.boxes[1], boxes, np.full(4, 0.2))
    record.boxes[1].unlink()
    assert record.damage() == ""
    record.write(record.boxes[1], boxes, np.full(4, 0.3))
    assert np.loadtxt(record.times, delimiter=",").tolist() == [[0.1, 0.3]] * 4


@pytest.mark.parametrize(
    ("boxes", "times", "said"),
    [
        (np.full((5, 4), np.nan), np.ones(5), r"line 1 of Deer.txt is not a box: 'nan,nan,nan"),
        (np.ones((5, 4)), np.full(5, np.nan), r"line 1 of Deer_time.txt is not a time: 'nan'"),
        (np.ones((5, 4)), np.array([1, 1, -1, 1, 1]), r"line 3 of Deer_time.txt is not a time"),
        (np.ones((4, 4)), np.ones(5), r"Deer.txt has 4 lines, and the annotation 5"),
        (np.ones((5, 4)), np.ones(4), r"Deer_time.txt has 4 lines, and the annotation 5"),
        (np.ones((5, 3)), np.ones(5), r"Deer.txt has 3 columns; expected x,y,w,h"),
    ],
)
def test_what_is_not_whole_is_not_written(boxes, times, said, part, tmp_path):
    record = ResultFiles.of(part, "T", "Deer")
    with pytest.raises(BoxError, match=said):
        record.write(record.boxes[0], boxes, times)
    assert not (tmp_path / "results").exists()


# ------------------------------------------------------------------------------ what is damaged

JUNK = bytes(range(256))
DAMAGE = [
    ("Deer.txt", JUNK, "Deer.txt"),
    ("Deer.txt", b"1,2,3,4\n" * 7, "Deer.txt has 7 lines, and the annotation 5"),
    ("Deer.txt", b"\0" * 200, "Deer.txt"),
    ("Deer.txt", b"1,2,3,4\n\n1,2,3,4\n\n1,2,3,4\n", "Deer.txt has empty lines"),
    ("times/Deer_time.txt", b"0.1\nnan\n0.1\n0.1\n0.1\n", "line 2 of Deer_time.txt is not a time"),
    ("times/Deer_time.txt", b"0.1\n" * 3, "Deer_time.txt has 3 lines"),
    ("times/Deer_time.txt", JUNK, "Deer_time.txt"),
    ("scores/Deer.csv", b"", "Deer.csv is empty"),
    ("scores/Deer.csv", b"0.1,0.2\n" * 4, "Deer.csv has 4 lines"),
    ("scores/Deer.csv", b"0.1,0.2\n" * 4 + b"nan,0.1\n", "line 5 of Deer.csv is not a peak and a"),
    ("scores/Deer.csv", b"0.1\n" * 5, "Deer.csv has 1 columns; expected peak,score"),
    ("scores/Deer.csv", JUNK, "Deer.csv"),
    ("responses/Deer.npz", JUNK, "Deer.npz cannot be read as response maps"),
    ("responses/Deer.npz", b"", "Deer.npz cannot be read as response maps"),
]


@pytest.mark.parametrize(("name", "content", "said"), DAMAGE)
def test_damaged_files_are_named_and_made_again(name, content, said, part, tmp_path):
    folder = tmp_path / "results/OTB2015/CRT-rgb"
    run_quietly(part, crt())
    before = contents(folder)
    (folder / name).write_bytes(content)
    done = run_quietly(part, crt())
    (note,) = done.notes
    assert done.kept == 1 and said in note and note.endswith("; set aside and run again")
    assert len(note) < 250 and not done.failures
    after = {k: v for k, v in contents(folder).items() if k.suffix != ".unfinished"}
    assert after.keys() == before.keys()
    timed = [key for key in after if key.parent.name == "times" or key.suffix == ".npz"]
    assert all(after[key] == before[key] for key in after.keys() - set(timed))


def test_cut_response_maps_and_those_of_another_length_are_found(part, tmp_path):
    run_quietly(part, crt())
    record = ResultFiles.of(part, "CRT-rgb", "Deer")
    whole = record.responses.read_bytes()
    assert record.damage() == "" and ResponseMaps.frames_in(record.responses) == 5
    for kept in (0.2, 0.5, 0.9, 0.999):
        record.responses.write_bytes(whole[: int(kept * len(whole))])
        assert "Deer.npz cannot be read" in record.damage()
    record.responses.write_bytes(ResultFiles.of(part, "CRT-rgb", "Couple").responses.read_bytes())
    assert record.damage() == "Deer.npz has 4 maps, and the annotation 5"
    np.savez(record.responses, maps=np.zeros(3))
    assert "Deer.npz cannot be read" in record.damage()
    assert record.problem() == ""  # its boxes can be scored


def test_times_that_the_host_needs(videos):
    tracker = Still("random", is_deterministic=False)
    run_quietly(videos, tracker)
    record = ResultFiles.of(videos, "random", FIRST, deterministic=False)
    record.times.write_text("0.1,0.2\n" * 4)
    (note,) = run_quietly(videos, tracker).notes
    assert "GOT-10k_Val_000001_time.txt has 2 columns" in note
    assert np.loadtxt(record.times, delimiter=",").shape == (4, 3)
    record.times.unlink()
    (note,) = run_quietly(videos, tracker).notes
    assert "no GOT-10k_Val_000001_time.txt" in note and not record.damage()


def test_maps_of_earlier_boxes_do_not_stay(part):
    """Left by a kill while results were deleted; this run keeps no response maps."""
    run_quietly(part, crt())
    record = ResultFiles.of(part, "CRT-rgb", "Deer")
    record.boxes[0].unlink()
    run_quietly(part, GOT10kTracker("rgb", **QUICK, train_steps=3))
    assert record.boxes[0].is_file() and not record.responses.exists()


def test_leftovers_are_no_trackers(part, tmp_path):
    run_quietly(part, Still())
    folder = tmp_path / "results" / "OTB2015"
    (folder / ".work.host-1-0123abcd-0.part").mkdir()
    (folder / ".work.host-1-0123abcd-0.part" / "Deer.txt").touch()
    (folder / "Half").mkdir()
    (folder / "Half" / ".Deer.txt.host-1-0123abcd-0.part").touch()
    (folder / "Half" / "manifest.json").touch()
    assert trackers_in(folder) == ["Still"]
