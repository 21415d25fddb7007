import numpy as np
import pytest

from crt_plugin.benchmark.results.manifest import Manifest
from crt_plugin.errors import ParameterError
from crt_plugin.paper.reproduction import Reproduction, settings_of
from crt_plugin.parameters import load_parameters
from tests.helpers.datasets import boxes, write, write_otb
from tests.helpers.paper import quick_parameters

pytestmark = pytest.mark.usefixtures("no_curves")


@pytest.fixture
def reproduction(tmp_path):
    """Made-up sequences, and results of hog on both of them without their frames."""
    for name, x in (("Couple", 5.0), ("Deer", 6.0)):
        count = 4 if name == "Couple" else 5
        write(tmp_path / "truth" / f"{name}.txt", boxes(count, x))
        write(tmp_path / "r/OTB2015/CRT-hog" / f"{name}.txt", boxes(count, x), fmt="%.3f")
    (tmp_path / "r/OTB2015/CRT-hog/settings.txt").write_text(settings_of("hog"))
    return Reproduction(
        tmp_path / "r", tmp_path / "out", groundtruth=tmp_path / "truth", progress=False
    )


def test_kept_results_are_scored_without_frames(reproduction):
    scored = reproduction.crt(["hog", "rgb"])
    assert list(scored.scores) == ["hog"] and scored.scores["hog"].sequences == 2
    assert scored.notes == ["CRT-rgb: no results"]
    assert scored.over(["Deer"])["hog"].sequences == 1 and scored.over(["Dog"]) == {}


def test_results_of_other_settings_are_not_taken(reproduction):
    file = reproduction.results / "OTB2015/CRT-hog/settings.txt"
    file.write_text(settings_of("hog").replace("seed = 0", "seed = 1"))
    scored = reproduction.crt(["hog"])
    assert not scored.scores and "holds results of other settings" in scored.notes[0]


def test_results_of_another_length_are_named_and_not_counted(reproduction):
    write(reproduction.results / "OTB2015/CRT-hog/Deer.txt", boxes(3), fmt="%.3f")
    scored = reproduction.crt(["hog"])
    assert list(scored.scores["hog"].each) == ["Couple"]
    assert scored.notes == ["CRT-hog, Deer: Deer.txt has 3 lines, and the annotation 5"]


def test_trackers_run_once_where_frames_are(tmp_path):
    """The second script that asks for a tracker finds its results, in this process and the next."""
    data, quick = write_otb(tmp_path / "otb"), quick_parameters(tmp_path)

    def run():
        reproduction = Reproduction(tmp_path / "r", tmp_path / "o", data, progress=False)
        return reproduction.crt([quick]).scores[quick]

    first = run()
    files = sorted((tmp_path / "r/OTB2015/CRT-quick").glob("*.txt"))
    stamps = [file.stat().st_mtime_ns for file in files]
    again = run()
    assert [file.stat().st_mtime_ns for file in files] == stamps and len(files) == 2
    assert first.by_sequence == again.by_sequence and first.sequences == 2


def test_weights_that_are_not_there_leave_the_others(tmp_path, monkeypatch):
    monkeypatch.setenv("CRT_VGG16_WEIGHTS", str(tmp_path / "nothing.safetensors"))
    quick = quick_parameters(tmp_path)
    reproduction = Reproduction(
        tmp_path / "r", tmp_path / "o", write_otb(tmp_path / "otb"), progress=False
    )
    scored = reproduction.crt(["vgg_conv13", quick])
    assert list(scored.scores) == [quick]
    assert len(scored.notes) == 1 and "nothing.safetensors" in scored.notes[0]


def rivals_of(reproduction, tmp_path, layout):
    reproduction.published = tmp_path / "published"
    write(reproduction.published / layout / "KCF" / "Deer.txt", boxes(5, 7.0))
    return reproduction.rivals(["KCF", "MEEM"])


@pytest.mark.parametrize("layout", (".", "OTB2015"))
def test_rivals_from_published_files_or_the_hosts_layout(reproduction, tmp_path, layout):
    """Off by 1 px of 10: IoU 9/11, above 17 of the 21 thresholds."""
    scored = rivals_of(reproduction, tmp_path, layout)
    assert scored.scores["KCF"].auc == pytest.approx((17 * 4 + 20) / 105)
    assert scored.notes == ["MEEM: no results"]
    np.testing.assert_array_equal(reproduction.published_boxes("KCF", "Deer"), boxes(5, 7.0))
    assert reproduction.published_boxes("KCF", "Couple") is None
    # what is in the host's layout is read where it is
    assert (reproduction.results / "published").exists() == (layout == ".")


def test_peaks_are_those_behind_the_first_frame_of_scored_targets(reproduction):
    folder = reproduction.results / "OTB2015/CRT-hog/scores"
    write(folder / "Deer.csv", np.column_stack([np.arange(5) / 10, np.ones(5)]))
    write(folder / "Dog.csv", np.ones((3, 2)))  # has no boxes
    (target,) = reproduction.peaks("hog").items()
    assert target[0] == "Deer" and target[1].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert reproduction.peaks("rgb") == {}


def test_no_rivals(reproduction):
    assert reproduction.rivals(["KCF"]).notes == ["KCF: no published results given"]
    assert reproduction.published_boxes("KCF", "Deer") is None


def test_frames(tmp_path, reproduction):
    assert reproduction.part is None and reproduction.sequence("Deer") is None
    reproduction = Reproduction(tmp_path / "r", tmp_path / "o", write_otb(tmp_path / "otb"))
    files, truth = reproduction.sequence("Deer")
    assert [file.name for file in files[:2]] == ["0001.jpg", "0002.jpg"]
    np.testing.assert_array_equal(truth, boxes(5, 6.0))
    assert reproduction.sequence("Dog") is None


def test_provenance_tells_where_boxes_were_computed(reproduction):
    place = {"processor": "Xeon", "auto": "NVIDIA H200, bfloat16"}
    values = dict(load_parameters("hog"))
    reproduction.crt(["hog", "rgb"])
    for weights, expected in ((["c0ffee"], "bfloat16"), ([], "float32")):  # of a network; of none
        machines = [place, {"processor": "EPYC"}, {}]  # {}: of version 0.1.0
        manifest = Manifest("CRT-hog", values, 0, weights, machines)
        manifest.write(reproduction.results / "OTB2015/CRT-hog")
        first, second, third = reproduction.provenance(["Deer"], ["hog", "rgb"])[-3:]
        assert first == f"Boxes of hog: Xeon, NVIDIA H200, {expected}"
        assert second.startswith("Boxes of hog: EPYC, unknown device, ")
        assert third.startswith("Boxes of hog: unknown processor, unknown device, ")


def test_provenance(reproduction):
    lines = reproduction.provenance(["Deer", "Dog", "mine"], ["hog"])
    assert lines[0] == "OTB-100: 2 of 100 sequences: Deer, Dog"
    assert lines[1] == "OTB-50: 1 of 50 sequences: Deer"
    assert lines[2].startswith("Settings") and "hog" in lines[2]
    assert lines[-1] == "Not in the benchmark's lists: mine"


def test_nothing_to_score_against(tmp_path):
    with pytest.raises(ParameterError, match="neither data nor groundtruth"):
        Reproduction(tmp_path, tmp_path)
