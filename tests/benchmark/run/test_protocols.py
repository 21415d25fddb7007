import json
import re
from pathlib import Path

import matplotlib.figure
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.results.layout import check_name
from crt_plugin.benchmark.results.scores import Score, SequenceScore, score_results
from crt_plugin.benchmark.results.start_scores import kind_scores, ope_scores, target_scores
from crt_plugin.benchmark.run.evaluate import evaluate
from crt_plugin.benchmark.run.protocols import OTB, check_protocol, start_targets
from crt_plugin.benchmark.run.starts import SPATIAL
from crt_plugin.errors import ParameterError, SourceError
from crt_plugin.hosts.got10k.toolkit import experiments
from crt_plugin.parameters import Parameters
from tests.helpers.datasets import boxes, write, write_otb
from tests.helpers.trackers import Faulty, Still, run_quietly

SHORT = {"Couple": 4, "Deer": 5}
LONG = {"Couple": 20, "Deer": 22}  # one start, and three


PLOT_CURVES = experiments.ExperimentOTB.plot_curves


pytestmark = pytest.mark.usefixtures("no_curves")


def open_protocol(protocol, *args, **options):
    return start_targets(open_part(*args, **options), protocol)


@pytest.fixture
def data(tmp_path):
    return write_otb(tmp_path / "data", SHORT)


@pytest.fixture
def sre(data, tmp_path):
    return open_protocol("sre", "otb", data, results=tmp_path / "results")


@pytest.fixture
def tre(tmp_path):
    data = write_otb(tmp_path / "long", LONG)
    return open_protocol("tre", "otb", data, results=tmp_path / "results")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results"


class Noting(Still):
    """Notes the boxes that it is given, and the files of its frames."""

    def __init__(self):
        super().__init__()
        self.given, self.frames = [], []

    def init(self, image, box):
        super().init(image, box)
        self.given.append(box.tolist())
        self.frames.append([Path(image.filename).stem])

    def update(self, image):
        self.frames[-1].append(Path(image.filename).stem)
        return self.box


# ---------------------------------------------------------------------------------------- starts


def test_names_of_sre(sre):
    names = [f"{target}@{kind}" for target in SHORT for kind in SPATIAL]
    assert sre.names == names and sre.targets == ["Couple", "Deer"] and sre.kinds == list(SPATIAL)
    assert sre.lengths == {name: SHORT[name.partition("@")[0]] for name in names}
    assert str(sre) == "24 starts of 2 of 100 targets of OTB2015-SRE"
    for name in names:
        check_name(name)


def test_names_of_tre(tre):
    assert tre.lengths == {
        "Couple@f0000": 20,
        "Deer@f0000": 22,
        "Deer@f0001": 21,
        "Deer@f0002": 20,
    }
    assert tre.names == list(tre.lengths) and tre.kinds == ["1 of 20", "8 of 20", "14 of 20"]
    assert str(tre) == "4 starts of 2 of 100 targets of OTB2015-TRE"


def test_ope_is_what_it_was(data, folder):
    part = open_protocol("ope", "otb", data, results=folder)
    assert part.names == ["Couple", "Deer"] and str(part) == "2 of 100 sequences of OTB2015"


def test_the_tracker_is_given_the_box_beside(sre, folder):
    """Deer's first box is 6,6,10,8, and its files hold what was given."""
    tracker = Noting()
    assert not run_quietly(sre.only(["Deer@left", "Deer@top-left", "Deer@x1.2"]), tracker).failures
    assert tracker.given == pytest.approx(
        np.array([[5, 6, 10, 8], [5, 5.2, 11, 8.8], [5, 5.2, 12, 9.6]])
    )
    assert tracker.frames == [["0001", "0002", "0003", "0004", "0005"]] * 3
    lines = (folder / "OTB2015-SRE" / "Still" / "Deer@x1.2.txt").read_text().splitlines()
    assert lines == ["5.000,5.200,12.000,9.600"] * 5


def test_later_starts_are_given_the_annotation_and_their_frames(tre):
    tracker = Noting()
    run_quietly(tre, tracker)
    assert tracker.given == [[5, 6, 10, 8], [6, 6, 10, 8], [8, 6, 10, 8], [10, 6, 10, 8]]
    assert [(files[0], files[-1], len(files)) for files in tracker.frames] == [
        ("0001", "0020", 20),
        ("0001", "0022", 22),
        ("0002", "0022", 21),
        ("0003", "0022", 20),
    ]


def test_no_start_where_the_annotation_has_no_area(tmp_path):
    data = write_otb(tmp_path / "gaps", {"Deer": 23})
    rows = boxes(23)
    rows[2], rows[1, 0] = 0, 0  # no object; and one that begins outside
    write(data / "Deer" / "groundtruth_rect.txt", rows)
    assert open_protocol("tre", "otb", data).names == ["Deer@f0000", "Deer@f0003"]


@pytest.mark.parametrize("protocol", ["sre", "tre"])
@pytest.mark.parametrize("name", ["got10k", "dtb70", "uav123"])
def test_other_datasets_are_refused(protocol, name, tmp_path):
    """Before any data is read."""
    with pytest.raises(ParameterError, match=f"{protocol} is a protocol of OTB, .*'{name}'") as e:
        evaluate(name, tmp_path / "none", [Still()], tmp_path, protocol=protocol)
    assert str(e.value).endswith("expected otb, otb2013, otb2015, tb50, tb100; or ope")


def test_otbs_versions(data, tmp_path):
    assert OTB == ("otb", "otb2013", "otb2015", "tb50", "tb100")
    part = open_protocol("sre", "tb50", data, ["Deer"], tmp_path)
    assert str(part) == "12 starts of 1 of 50 targets of OTBtb50-SRE"


def test_unknown_protocols_and_datasets(data):
    with pytest.raises(ParameterError, match="no protocol 'SRE'; expected ope, sre, tre"):
        check_protocol("SRE", "otb")
    with pytest.raises(ParameterError, match="no dataset 'votlt'"):
        evaluate("votlt", data, [Still()], data / "results", protocol="sre")


def test_first_frames_that_cannot_be_read(data):
    (data / "Deer" / "img" / "0001.jpg").write_bytes(b"no image")
    part = open_protocol("sre", "otb", data)
    assert part.targets == ["Couple"]
    assert part.unusable["Deer"].startswith("the first frame cannot be read")
    (data / "Couple" / "img" / "0001.jpg").write_bytes(b"no image")
    with pytest.raises(SourceError, match="no target can be used: Couple: .*; Deer: "):
        open_protocol("sre", "otb", data)


def test_a_first_box_that_leaves_the_frame(data):
    """Half a pixel inside a frame of 64 px: one of 10 px moved by 1 is outside."""
    rows = boxes(5)
    rows[0, 0] = 64.5
    write(data / "Deer" / "groundtruth_rect.txt", rows)
    reason = open_protocol("sre", "otb", data).unusable["Deer"]
    assert re.match(r"moved to right, the first box \[64.5, .*64 x 48", reason)


# ---------------------------------------------------------------------------------------- scores

# A box of 10 px beside by d px has IoU (10 - d) / (10 + d), which exceeds so many of 21 thresholds
PASSED = {1: 17, 2: 14, 3: 11, 4: 9, 5: 7, 6: 5, 7: 4, 8: 3, 9: 2}


def test_scores_are_of_the_annotation(sre):
    """The object moves 2 px a frame to the right: 3, 5, 7, 9 px from a box 1 px to the left.

    The first frame counts as hit, 20 of 21, although the given box is 1 px beside.
    """
    (score,) = run_quietly(sre, Still()).report.scores
    left = 20 + PASSED[3] + PASSED[5] + PASSED[7]
    right = 20 + PASSED[1] + PASSED[3] + PASSED[5]
    assert score.by_sequence["Deer@left"] == pytest.approx((left + PASSED[9]) / 105)
    assert score.by_sequence["Deer@right"] == pytest.approx((right + PASSED[7]) / 105)
    assert score.by_sequence["Couple@left"] == pytest.approx(left / 84)
    assert score.each["Couple@left"].os == pytest.approx(2 / 4)


def test_a_target_is_the_mean_over_its_starts(sre):
    (score,) = run_quietly(sre, Still()).report.scores
    targets = target_scores(score)
    by_hand = [score.by_sequence[f"Deer@{kind}"] for kind in SPATIAL]
    assert targets.by_sequence["Deer"] == pytest.approx(sum(by_hand) / 12)
    assert list(targets.each) == ["Couple", "Deer"] and targets.sequences == 2
    assert targets.auc == pytest.approx((targets.each["Couple"].auc + targets.each["Deer"].auc) / 2)
    assert targets.each["Deer"].success.shape == (21,) and targets.fps > 0


def test_targets_weigh_the_same_whatever_their_starts(tre):
    """20 + 14 + 9 + 5 + 3 of 21 in the first five frames, and none later: of 20; of 22, 21, 20."""
    (score,) = run_quietly(tre, Still()).report.scores
    auc = {frames: (20 + PASSED[2] + PASSED[4] + PASSED[6] + PASSED[8]) / 21 / frames
           for frames in (20, 21, 22)}  # fmt: skip
    deer = (auc[22] + auc[21] + auc[20]) / 3
    targets = target_scores(score)
    assert targets.by_sequence == pytest.approx({"Couple": auc[20], "Deer": deer})
    assert targets.auc == pytest.approx((auc[20] + deer) / 2)
    assert score.auc == pytest.approx((2 * auc[20] + auc[21] + auc[22]) / 4)  # the host's own


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["Deer", "Jogging.1", "Jogging.2", "Woman"]),
        st.lists(st.tuples(st.floats(0, 1), st.none() | st.floats(1, 99)), min_size=1, max_size=20),
        min_size=1,
    )
)
def test_means_of_any_starts(targets):
    def one(auc, fps):
        return SequenceScore(auc, 1 - auc, auc / 2, fps, np.array([1, auc]), np.array([auc]))

    each = {f"{t}@f{k:04d}": one(*v) for t, vs in targets.items() for k, v in enumerate(vs)}
    found = target_scores(Score("a", 0, 0, 0, None, each))
    means = {t: np.mean([auc for auc, _ in vs]) for t, vs in targets.items()}
    assert found.by_sequence == pytest.approx(means)
    overall = np.mean(list(means.values()))
    assert (found.auc, found.os, found.dp) == pytest.approx((overall, 1 - overall, overall / 2))
    speeds = [[f for _, f in vs if f is not None] for vs in targets.values()]
    speeds = [np.mean(known) for known in speeds if known]
    assert found.fps == (pytest.approx(np.mean(speeds)) if speeds else None)
    assert all(s.success == pytest.approx([1, s.auc]) for s in found.each.values())


def test_kinds_against_ope(sre, folder):
    """OPE gives 20 + 14 + 9 + 5 of 84 on Couple and 3 more of 105 on Deer."""
    run_quietly(sre.whole, Still())
    (score,) = run_quietly(sre, Still()).report.scores
    ope, notes = ope_scores(sre, ["Still"])
    kinds = kind_scores(sre, score, ope["Still"])
    assert [kind.kind for kind in kinds] == list(SPATIAL) and not notes
    left, right = kinds[0], kinds[1]
    assert left.auc == pytest.approx((42 / 84 + 44 / 105) / 2)
    assert left.against_ope == pytest.approx((42 / 84 - 48 / 84 + 44 / 105 - 51 / 105) / 2)
    assert right.against_ope == pytest.approx((55 / 84 - 48 / 84 + 59 / 105 - 51 / 105) / 2)
    assert left.targets == left.targets_of_ope == 2
    assert left.boxes_alone is None

    moved = ope_scores(sre, ["Still"], is_moved=True)[0]["Still"]
    for kind in kind_scores(sre, score, ope["Still"], moved):  # it takes the start for the object
        assert kind.boxes_alone == pytest.approx(kind.against_ope)


def test_later_starts_are_compared_on_their_own_frames(tre):
    """From frame 1, the box of frame 0 is 2, 4, 6, 8 px beside; a new start counts its first."""
    run_quietly(tre.whole, Still())
    (score,) = run_quietly(tre, Still()).report.scores
    ope = ope_scores(tre, ["Still"])[0]["Still"]
    first, later, latest = kind_scores(tre, score, ope)
    assert (first.kind, first.targets, first.against_ope) == ("1 of 20", 2, pytest.approx(0))
    # frames 1 to 4, of which the first is replaced by the annotation in both
    assert ope.by_sequence["Deer@f0001"] == pytest.approx((20 + 9 + 5 + 3) / 21 / 21)
    assert later.against_ope == pytest.approx((20 + 14 + 9 + 5 + 3 - (20 + 9 + 5 + 3)) / 21 / 21)
    assert latest.against_ope == pytest.approx((51 - (20 + 5 + 3)) / 21 / 20)


def test_the_end_of_opes_boxes_is_compared(tre, folder):
    """Off in the first two of 22 frames: from frame 2 on ope has all of 20, 20 of 21 thresholds."""
    rows = boxes(22, 6)
    rows[:2, 1] += 30
    write(folder / "OTB2015" / "Still" / "Deer.txt", rows)
    ope = ope_scores(tre, ["Still"])[0]["Still"]
    assert ope.by_sequence["Deer@f0002"] == pytest.approx(20 / 21)
    assert ope.by_sequence["Deer@f0000"] == pytest.approx(20 / 21 * 21 / 22)  # but for frame 1


def test_what_cannot_be_compared_with_ope_is_said(sre, folder):
    (score,) = run_quietly(sre, Still()).report.scores
    there = folder / "OTB2015"
    scores, notes = ope_scores(sre, ["Still"])
    assert not scores
    assert notes == [f"Still is not compared with ope: {there} holds no results of it"]
    assert kind_scores(sre, score)[0].against_ope is None
    run_quietly(sre.whole.only(["Deer"]), Still())
    write(there / "Still" / "Couple.txt", boxes(3))  # damaged
    scores, notes = ope_scores(sre, ["Still"])
    assert notes == [
        f"Still is compared with ope on 1 of 2 targets, of which {there} holds results"
    ]
    left = kind_scores(sre, score, scores["Still"])[0]
    assert (left.targets, left.targets_of_ope) == (2, 1)
    assert left.against_ope == pytest.approx((44 - 51) / 105)
    moved = ope_scores(sre, ["Still"], is_moved=True)[0]["Still"]
    assert kind_scores(sre, score, scores["Still"], moved)[0].boxes_alone == left.against_ope


def test_ope_of_other_settings_is_no_comparison(sre):
    for part, steps in ((sre.whole, 3), (sre, 4)):
        tracker = Still()
        tracker.parameters = Parameters().copy(train_steps=steps)
        run_quietly(part, tracker)
    scores, notes = ope_scores(sre, ["Still"])
    assert not scores
    assert notes == ["Still is not compared with ope, whose results are of other settings"]


# ------------------------------------------------------------------------------- running, resuming


def contents(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_results_and_reports_of_ope_are_left_alone(sre, folder):
    run_quietly(sre.whole, Still())
    before = contents(folder)
    run_quietly(sre, Still("Other"), Still(), overwrite=True)
    ope_scores(sre, ["Still", "Other"])
    after = contents(folder)
    assert before and before.items() <= after.items()
    assert {file.relative_to(folder).parts[0] for file in after.keys() - before.keys()} == {
        "OTB2015-SRE",
        "reports",
    }
    assert json.loads((folder / "reports/OTB2015-SRE/Other/performance.json").read_text())


def test_a_stopped_run_resumes(sre, folder):
    """Ctrl-C in the second start, the first one that begins at 6: the one before stays."""
    with pytest.raises(KeyboardInterrupt):
        run_quietly(sre, Faulty(KeyboardInterrupt, x=6.0, name="Still"))
    there = folder / "OTB2015-SRE" / "Still"
    assert [file.name for file in there.glob("*.txt")] == ["Couple@left.txt"]
    tracker = Still()
    assert run_quietly(sre, tracker).kept == 1 and len(tracker.inits) == 23
    assert run_quietly(sre, tracker).kept == 24 and len(tracker.inits) == 23
    run_quietly(sre.only(["Deer@left"]), tracker, overwrite=True)
    assert len(tracker.inits) == 24


def test_damaged_results_are_run_again(tre, folder):
    run_quietly(tre, Still())
    file = folder / "OTB2015-TRE" / "Still" / "Deer@f0002.txt"
    file.write_text("10.000,6.000,10.000,8.000\n" * 22)  # as many as the whole sequence has
    tracker = Still()
    done = run_quietly(tre, tracker)
    assert tracker.inits == [10.0] and done.kept == 3
    assert done.notes == [
        "Still, Deer@f0002: Deer@f0002.txt has 22 lines, and the annotation 20; set aside and run "
        "again"
    ]


def test_a_failure_names_its_start(sre):
    (failure,) = run_quietly(sre.only(["Deer@x0.9", "Deer@left"]), Faulty(RuntimeError)).failures
    assert str(failure) == "Faulty, Deer@left, frame 2: RuntimeError: it broke"


@pytest.mark.parametrize("protocol", ["sre", "tre"])
def test_two_workers_do_what_one_does(protocol, tmp_path):
    data = write_otb(tmp_path / "data", {"Couple": 21, "Deer": 22, "Dog": 4})
    found = []
    for workers in (1, 2):
        done = evaluate(
            "otb",
            data,
            ["tests.helpers.trackers:Still"],
            tmp_path / f"{workers}",
            protocol=protocol,
            sequences=["Couple", "Deer"],
            workers=workers,
            progress=False,
        )
        there = tmp_path / f"{workers}" / f"OTB2015-{protocol.upper()}" / "Still"
        assert not done.failures
        found.append({file.name: file.read_text() for file in there.glob("*.txt")})
    assert found[0] == found[1] and len(found[0]) == {"sre": 24, "tre": 5}[protocol]


def test_the_hosts_curves_are_called_after_the_protocol(tre, monkeypatch):
    monkeypatch.setattr(experiments.ExperimentOTB, "plot_curves", PLOT_CURVES)
    saved = {}

    def note(figure, file, **_):
        saved[Path(file).name] = figure.axes[0].get_title()

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", note)
    run_quietly(tre, Still())
    assert saved == {
        "success_plots.png": "Success plots of TRE",
        "precision_plots.png": "Precision plots of TRE",
    }


def test_real_targets(shared):
    """David begins in image 300, and Football1's last frames are not used: as under ope."""
    data = shared / "data" / "otb"
    part = open_protocol("tre", "otb", data, ["Football1", "Jogging.2"])
    last = part.starts[part.names[19]]
    assert len(part.names) == 40 and part.targets == ["Football1", "Jogging.2"]
    assert (last.name, part.lengths[last.name]) == ("Football1@f0054", 20)
    for name, (files, truth) in zip(part.names, part.experiment.dataset, strict=True):
        start = part.starts[name]
        assert len(files) == len(truth) == part.lengths[name] >= 20
        assert truth[0] == pytest.approx(start.box)
        assert Path(files[0]).stem == f"{start.frame + 1:04d}"
    assert score_results(part, ["nobody"]).scores == []
