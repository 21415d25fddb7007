import logging

import got10k.experiments.otb as host
import numpy as np
import pytest

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.results.manifest import Manifest
from crt_plugin.benchmark.results.responses import ResponseMaps
from crt_plugin.benchmark.run.evaluate import Failure, evaluate
from crt_plugin.benchmark.run.job import Job, record_responses
from crt_plugin.errors import ParameterError, SourceError
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.peers.published import Published
from crt_plugin.runtime.progress import ProgressBar
from tests.conftest import QUICK
from tests.helpers.datasets import write_got10k, write_otb
from tests.helpers.trackers import Faulty, Still, run_quietly

pytestmark = pytest.mark.usefixtures("no_curves")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results" / "OTB2015"


# ------------------------------------------------------------------------------ results and scores


def test_scores_by_hand(part, folder):
    """A box that stays while the object, 10 px wide, moves 2 px a frame: IoU (10-d) / (10+d).

    1, 8/12, 6/14, 4/16, 2/18 exceed 20, 14, 9, 5, 3 of the 21 thresholds (4/16 does not exceed
    0.25). Couple ends after 4 frames.
    """
    score = run_quietly(part, Still()).report.scores[0]
    assert score.by_sequence["Deer"] == pytest.approx((20 + 14 + 9 + 5 + 3) / 105)
    assert score.by_sequence["Couple"] == pytest.approx((20 + 14 + 9 + 5) / 84)
    assert score.auc == pytest.approx(np.mean(list(score.by_sequence.values())))
    assert score.os == pytest.approx((2 / 4 + 2 / 5) / 2)
    assert score.dp == 1 and score.fps > 0 and score.sequences == 2
    lines = (folder / "Still" / "Deer.txt").read_text().splitlines()
    assert lines == ["6.000,6.000,10.000,8.000"] * 5


def test_several_trackers_by_text_and_by_object(tmp_path):
    data = write_otb(tmp_path / "data")
    done = evaluate(
        "otb",
        data,
        ["opencv:mil", Still()],
        tmp_path / "results",
        sequences=["Deer"],
        progress=False,
    )
    assert [score.tracker for score in done.report.scores] == ["OpenCV-MIL", "Still"]
    assert str(done.part) == "1 of 100 sequences of OTB2015"
    assert not done.failures


def test_reports_go_where_they_are_wanted(tmp_path):
    data = write_otb(tmp_path / "data")
    reports = tmp_path / "elsewhere"
    done = evaluate("otb", data, [Still()], tmp_path / "results", reports=reports, progress=False)
    assert done.report.folders == [reports / "OTB2015" / "Still"]
    assert (reports / "OTB2015" / "Still" / "performance.json").is_file()


def test_the_host_never_makes_a_folder_of_results(part, monkeypatch):
    """It asks whether one is there, and then makes it: between the two, another worker may have."""

    def made_by_another(path, *_, **__):
        raise FileExistsError(path)

    monkeypatch.setattr(host.os, "makedirs", made_by_another)
    jobs = [Job(part, Still(), name) for name in part.names]
    assert [job.run(lambda: None) for job in jobs] == [None, None]


def test_random_trackers_are_repeated_on_got10k(tmp_path):
    part = open_part("got10k", write_got10k(tmp_path / "data"), results=tmp_path / "results")
    sure, random = Still("sure"), Still("random", is_deterministic=False)
    done = run_quietly(part, sure, random)
    assert (len(sure.inits), len(random.inits)) == (2, 6)
    assert not done.failures and len(done.report.scores) == 2
    again = Still("random", is_deterministic=False)
    assert run_quietly(part, again).kept == 2 and not again.inits
    (tmp_path / "results/GOT-10k/random/GOT-10k_Val_000002/GOT-10k_Val_000002_003.txt").unlink()
    assert run_quietly(part, again).kept == 1 and len(again.inits) == 1


def test_the_hosts_prints_are_not_shown(part, capsys, caplog):
    caplog.set_level(logging.INFO)
    run_quietly(part, Still())
    assert capsys.readouterr().out == ""
    assert any("Running tracker Still" in message for message in caplog.messages)


# --------------------------------------------------------------------------------------- resuming


def test_results_that_are_there_are_kept(part):
    first, second = Still(), Still()
    run_quietly(part, first)
    done = run_quietly(part, second)
    assert (len(first.inits), len(second.inits), done.kept) == (2, 0, 2)
    assert done.report.scores[0].sequences == 2


def test_a_stopped_run_resumes(part, folder):
    """Ctrl-C in the second sequence: the first one's result stays, the second is run again."""
    with pytest.raises(KeyboardInterrupt):
        run_quietly(part, Faulty(KeyboardInterrupt, x=6.0, name="Still"))
    assert sorted(p.name for p in (folder / "Still").glob("*.txt")) == ["Couple.txt"]
    tracker = Still()
    assert run_quietly(part, tracker).kept == 1
    assert tracker.inits == [6.0]


WHOLE = "6.000,6.000,10.000,8.000\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "Deer.txt is empty"),
        (WHOLE * 3, "Deer.txt has 3 lines, and the annotation 5"),
        (WHOLE * 4 + "6.000,6.000,10.000,8.0", "ends in the middle of a line"),
        (WHOLE * 3 + "nan,nan,nan,nan\n" + WHOLE, "line 4 of Deer.txt is not a box: 'nan,"),
        ("6,6,10\n" * 5, "Deer.txt has 3 columns"),
        (WHOLE * 4 + "6,6,10\n", "Deer.txt: "),
        (WHOLE * 4 + "6,6,ten,8\n", "Deer.txt: .*ten"),
    ],
)
def test_half_written_results_are_run_again(content, said, part, folder):
    run_quietly(part, Still())
    (folder / "Still" / "Deer.txt").write_text(content)
    tracker = Still()
    done = run_quietly(part, tracker)
    assert tracker.inits == [6.0] and done.kept == 1
    (note,) = done.notes
    assert note.startswith("Still, Deer: ") and note.endswith("; set aside and run again")
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(note)
    assert (folder / "Still" / "Deer.txt").read_text() == WHOLE * 5
    assert (folder / "Still" / "Deer.txt.unfinished").read_text() == content


@pytest.mark.parametrize("content", ["", "0.1\n0.1\n", "0.1\n" * 4 + "0.00"])
def test_half_written_times_are_run_again(content, part, folder):
    """A time cut short, 0.00 for 0.001, would be a wrong speed."""
    run_quietly(part, Still())
    (folder / "Still" / "times" / "Deer_time.txt").write_text(content)
    tracker = Still()
    assert run_quietly(part, tracker).kept == 1
    assert tracker.inits == [6.0]


# --------------------------------------------------------------------------------- response maps


def crt():
    tracker = GOT10kTracker("rgb", **{**QUICK, "train_steps": 3})
    record_responses([tracker])
    return tracker


def test_response_maps_are_kept_beside_the_results(part, folder):
    tracker = crt()
    run_quietly(part, tracker)
    for name, frames in (("Couple", 4), ("Deer", 5)):
        maps = ResponseMaps.load(folder / "CRT-rgb" / "responses" / f"{name}.npz")
        assert len(maps.maps) == frames
    assert (maps.maps == tracker.recorder.maps.maps).all()  # the last sequence's
    names = sorted(file.name for file in (folder / "CRT-rgb").iterdir())
    assert names == ["Couple.txt", "Deer.txt", "manifest.json", "responses", "scores", "times"]


def test_peaks_and_scores_are_kept_beside_the_results(part, folder):
    """Deer is run last; results that are kept keep theirs, and lose them with the boxes."""
    tracker = GOT10kTracker("rgb", **{**QUICK, "train_steps": 3})
    run_quietly(part, tracker)
    scores = folder / "CRT-rgb" / "scores"
    kept = {name: np.loadtxt(scores / f"{name}.csv", delimiter=",") for name in ("Couple", "Deer")}
    assert [len(each) for each in kept.values()] == [4, 5]
    last = tracker.tracker.last
    assert kept["Deer"][-1] == pytest.approx([last.peak, last.score], abs=1e-5)
    assert kept["Deer"] == pytest.approx(np.array(tracker.confidences), abs=1e-5)
    before = (scores / "Couple.csv").read_text()
    (folder / "CRT-rgb/Deer.txt").write_text("")
    run_quietly(part, GOT10kTracker("rgb", **{**QUICK, "train_steps": 3}))
    assert (scores / "Couple.csv").read_text() == before
    assert sorted(p.name for p in scores.iterdir()) == ["Couple.csv", "Deer.csv"]


def test_results_that_are_kept_get_no_response_maps_and_it_is_said(part, folder):
    """Deer is there: the maps of Couple, which is run before, must not go by its name."""
    run_quietly(part.only(["Deer"]), GOT10kTracker("rgb", **{**QUICK, "train_steps": 3}))
    (note,) = run_quietly(part, crt()).notes
    assert note.startswith("CRT-rgb, Deer: its result is kept, and has no response maps")
    assert [p.name for p in (folder / "CRT-rgb/responses").iterdir()] == ["Couple.npz"]
    run_quietly(part, crt(), overwrite=True)
    kept = folder / "CRT-rgb/responses"
    assert sorted(p.name for p in kept.iterdir()) == ["Couple.npz", "Deer.npz"]
    run_quietly(part, GOT10kTracker("rgb", **{**QUICK, "train_steps": 3}), overwrite=True)
    assert list(kept.iterdir()) == []  # they were of the boxes before


def test_maps_of_results_that_are_set_aside_are_not_kept(part, folder):
    run_quietly(part, crt())
    (folder / "CRT-rgb/Deer.txt").write_text("")
    run_quietly(part, GOT10kTracker("rgb", **{**QUICK, "train_steps": 3}))
    assert [p.name for p in (folder / "CRT-rgb/responses").iterdir()] == ["Couple.npz"]


def test_response_maps_of_other_trackers_are_refused(tmp_path):
    data = write_otb(tmp_path / "data")
    with pytest.raises(ParameterError, match="response maps of Still cannot be recorded"):
        evaluate("otb", data, [Still()], tmp_path / "r", responses=True, progress=False)


# ------------------------------------------------------------------------------------ overwriting


def test_overwriting_deletes_only_what_is_run(part, folder):
    run_quietly(part, Still(), Still("Other"))
    for name in ("Still", "Other"):
        for sequence, count in (("Couple", 4), ("Deer", 5)):
            (folder / name / f"{sequence}.txt").write_text("1,1,1,1\n" * count)
    run_quietly(part.only(["Deer"]), Still(), overwrite=True)
    written = {
        (p.parent.name, p.stem): p.read_text().startswith("1,1") for p in folder.glob("*/*.txt")
    }
    assert written == {
        ("Still", "Couple"): True,
        ("Still", "Deer"): False,
        ("Other", "Couple"): True,
        ("Other", "Deer"): True,
    }


def test_overwriting_leaves_published_results(part, folder):
    run_quietly(part, Still())
    before = (folder / "Still" / "Deer.txt").read_text()
    done = run_quietly(part, Published("Still"), overwrite=True)
    assert (folder / "Still" / "Deer.txt").read_text() == before and not done.failures


def test_results_of_other_settings_are_not_mixed(part, folder):
    quick = {**QUICK, "train_steps": 3}
    run_quietly(part.only(["Couple"]), GOT10kTracker("rgb", **quick))
    assert Manifest.read(folder / "CRT-rgb").parameters["train_steps"] == 3
    other = GOT10kTracker("rgb", **{**quick, "train_steps": 4})
    with pytest.raises(
        SourceError, match=r"CRT-rgb holds results of other settings .*there train_steps = 3; now"
    ):
        run_quietly(part, other)
    with pytest.raises(SourceError, match="other settings"):
        run_quietly(part.only(["Deer"]), other, overwrite=True)
    run_quietly(part, other, overwrite=True)
    assert Manifest.read(folder / "CRT-rgb").parameters["train_steps"] == 4


# --------------------------------------------------------------------------------------- failures


def test_a_tracker_that_raises(part, folder):
    """Reported with tracker, sequence and frame; the other sequence goes on."""
    done = run_quietly(part, Faulty(RuntimeError, frame=3), Still())
    assert done.failures == [Failure("Faulty", "Couple", 3, "RuntimeError: it broke")]
    assert str(done.failures[0]) == "Faulty, Couple, frame 3: RuntimeError: it broke"
    assert [(s.tracker, s.sequences) for s in done.report.scores] == [("Faulty", 1), ("Still", 2)]
    assert not (folder / "Faulty" / "Couple.txt").exists()
    assert (folder / "Faulty" / "Deer.txt").is_file()


@pytest.mark.parametrize(
    "what",
    [
        np.array([1, 2, np.nan, 4]),
        [1, 2, 3],
        [1, 2, 3, np.inf],
        [1, 2, -3, 4],
        [[1, 2, 3, 4]],
        None,
        "box",
    ],
)
def test_boxes_that_are_none(what, part):
    (failure,) = run_quietly(part, Faulty(what)).failures
    assert (failure.sequence, failure.frame) == ("Couple", 2)
    assert failure.reason.startswith("the tracker returned ")
    assert failure.reason.endswith("; expected four finite numbers x, y, w, h")


def test_a_tracker_that_fails_in_its_first_frame(part):
    class Unable(Still):
        def init(self, image, box):
            raise MemoryError

    failures = run_quietly(part, Unable()).failures
    assert [(f.sequence, f.frame) for f in failures] == [("Couple", 0), ("Deer", 0)]


def test_no_results_at_all_make_no_table(part):
    done = run_quietly(part, Published("KCF"))
    assert not done.report.scores and done.kept == 0
    assert [str(f).partition(";")[0] for f in done.failures] == [
        f"KCF, {name}, frame 0: there is no result file of KCF, which is known by its result files "
        "only"
        for name in ("Couple", "Deer")
    ]


def test_published_results_are_not_set_aside(part, folder):
    run_quietly(part, Still())
    (folder / "Still" / "Deer.txt").write_text(WHOLE)
    done = run_quietly(part, Published("Still"))
    assert [str(f) for f in done.failures] == [
        "Still, Deer, frame 0: Deer.txt has 1 lines, and the annotation 5"
    ]
    assert (folder / "Still" / "Deer.txt").read_text() == WHOLE
    assert done.report.problems == ["Still, Deer: Deer.txt has 1 lines, and the annotation 5"]


def test_a_damaged_frame(part, tmp_path):
    (tmp_path / "data" / "Couple" / "img" / "0003.jpg").write_bytes(b"no image")
    (failure,) = run_quietly(part, Still()).failures
    assert (failure.sequence, failure.frame) == ("Couple", 2)
    assert "0003.jpg" in failure.reason


class OwnLoop(Still):
    """As trackers that read frames themselves do."""

    def __init__(self, last):
        super().__init__("OwnLoop")
        self.last = last

    def track(self, img_files, box, visualize=False):
        self.init(img_files[0], box)
        found = np.array([box, *(self.update(f) for f in img_files[1:])])
        found[-1] = self.last
        return found, np.full(len(found), 0.5)


def test_trackers_with_a_loop_of_their_own(part, folder):
    done = run_quietly(part, OwnLoop([1, 2, 3, 4]))
    assert not done.failures and done.report.scores[0].fps == pytest.approx(2)
    assert (folder / "OwnLoop" / "Deer.txt").read_text().endswith("\n1.000,2.000,3.000,4.000\n")


def test_what_an_own_loop_returns_is_checked_too(part, folder):
    done = run_quietly(part, OwnLoop(np.nan))
    assert [str(f) for f in done.failures][1] == (
        "OwnLoop, Deer, frame 5: line 5 of Deer.txt is not a box: 'nan,nan,nan,nan'"
    )
    assert not (folder / "OwnLoop" / "Deer.txt").exists() and not done.report.scores


def test_a_tracker_cannot_change_the_annotation(tmp_path):
    """got10k hands the same view over in each repetition."""

    class InPlace(Still):
        def init(self, image, box):
            super().init(image, box)
            box += 100

    part = open_part("got10k", write_got10k(tmp_path / "data"), results=tmp_path / "results")
    tracker = InPlace(is_deterministic=False)
    done = run_quietly(part.only(part.names[:1]), tracker)
    assert tracker.inits == [5, 5, 5] and not done.failures


def test_frames_are_counted_anew_in_each_repetition(tmp_path):
    class Second(Faulty):
        def init(self, image, box):
            super().init(image, box)
            self.x = 5.0 if len(self.inits) == 2 else -1.0

    part = open_part("got10k", write_got10k(tmp_path / "data"), results=tmp_path / "results")
    tracker = Second(RuntimeError, frame=3)
    tracker.is_deterministic = False
    (failure,) = run_quietly(part.only(part.names[:1]), tracker).failures
    assert failure.frame == 3


def test_hooks_are_taken_off_again(part):
    tracker = Faulty(RuntimeError)
    tracker.update = own = lambda image: tracker.box
    run_quietly(part, tracker)
    assert tracker.update is own and "init" not in vars(tracker)


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "reports", "a\\b", "x\n"])
def test_names_that_are_no_folder(name, part):
    with pytest.raises(ParameterError, match="results cannot be kept under the tracker's name"):
        run_quietly(part, Still(name))


def test_two_trackers_of_one_name(part):
    with pytest.raises(ParameterError, match="two trackers are called 'Still'"):
        run_quietly(part, Still(), Still())


def test_no_trackers(part):
    with pytest.raises(ParameterError, match="no trackers"):
        run_quietly(part)


# ------------------------------------------------------------------------------------ progress bar


def test_every_frame_is_counted_once(part, monkeypatch):
    counted = []
    monkeypatch.setattr(ProgressBar, "advance", lambda self: counted.append(1))
    run_quietly(part, Still(), Still("Other"))
    assert len(counted) == 2 * (4 + 5)
