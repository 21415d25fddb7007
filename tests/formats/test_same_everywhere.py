"""One folder, three readers: ``crt track``, ``crt evaluate`` and ``crt vot workspace``."""

import re
import shutil

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from crt_plugin.benchmark.cluster.tasks import Task, TrackerSpec
from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.run.job import Job
from crt_plugin.cli import app
from crt_plugin.errors import SourceError
from crt_plugin.hosts.vot.sequences import read_sequences
from crt_plugin.media.sources import open_source
from tests.conftest import QUICK
from tests.helpers.datasets import (
    boxes,
    write,
    write_dtb70,
    write_got10k,
    write_layouts,
    write_nfs,
    write_otb,
)
from tests.helpers.trackers import Still


def sequence(root, name, numbers, text, digits=4):
    """A sequence in OTB's layout; the frame of number n is of brightness n % 256."""
    (root / name / "img").mkdir(parents=True)
    for number in numbers:
        image = Image.new("RGB", (16, 12), (number % 256,) * 3)
        image.save(root / name / "img" / f"{number:0{digits}d}.jpg")
    (root / name / "groundtruth_rect.txt").write_bytes(text.encode())
    return root


def lines(count):
    return "".join(f"{k + 1},2,3,4\n" for k in range(count))


def read_as_track(root, name):
    """Brightness of each frame, and the boxes of those that have one, 0-based."""
    source = open_source(str(root / name))
    shown = [int(frame[0, 0, 0]) for frame in source.frames()]
    return shown, {k: box.tolist() for k, box in source.truth.items()}


def read_as_evaluate(root, name):
    part = open_part("otb", root, [name])
    files, truth = part.experiment.dataset[0]
    shown = [int(np.asarray(Image.open(file))[0, 0, 0]) for file in files]
    return shown, dict(enumerate((truth - [1, 1, 0, 0]).tolist()))


def read_as_vot(root, name):
    (read,), _ = read_sequences([root], [name])
    shown = [int(np.asarray(Image.open(file))[0, 0, 0]) for file in read.frames]
    return shown, {k: [float(v) for v in line.split(",")] for k, line in enumerate(read.regions)}


READERS = [read_as_track, read_as_evaluate, read_as_vot]


# ----------------------------------------------------------------------------- order of frames


def test_real_frames_without_leading_zeros_are_in_order(shared, tmp_path):
    deer = shared / "data" / "otb" / "Deer"
    truth = (deer / "groundtruth_rect.txt").read_text().splitlines(keepends=True)[:12]
    for root, digits in ((tmp_path / "padded", 4), (tmp_path / "plain", 1)):
        (root / "Deer" / "img").mkdir(parents=True)
        for k in range(1, 13):
            shutil.copyfile(
                deer / "img" / f"{k:04d}.jpg", root / "Deer" / "img" / f"{k:0{digits}d}.jpg"
            )
        (root / "Deer" / "groundtruth_rect.txt").write_text("".join(truth))
    padded, plain = (open_part("otb", tmp_path / name) for name in ("padded", "plain"))
    files = plain.experiment.dataset[0][0]
    assert [file.rpartition("/")[2] for file in files] == [f"{k}.jpg" for k in range(1, 13)]
    for ours, theirs in zip(files, padded.experiment.dataset["Deer"][0], strict=True):
        assert np.array_equal(Image.open(ours), Image.open(theirs))
    assert [str(f) for f in read_sequences([tmp_path / "plain"])[0][0].frames] == files
    task = Task.of(Job(plain, Still(), "Deer"), TrackerSpec("Still", "Still"))
    assert list(task.files) == files


@pytest.mark.parametrize("read", READERS)
def test_frames_are_in_the_order_of_their_numbers(read, tmp_path):
    sequence(tmp_path, "Deer", range(1, 13), lines(12), digits=1)
    shown, _ = read(tmp_path, "Deer")
    assert shown == list(range(1, 13))


@pytest.mark.parametrize(
    ("name", "make", "pattern"),
    [
        ("otb", write_otb, "*/img/*.jpg"),
        ("dtb70", write_dtb70, "*/img/*.jpg"),
        ("got10k", write_got10k, "val/*/*.jpg"),
        ("nfs", write_nfs, "*/240/*/*.jpg"),
    ],
)
def test_frames_of_every_layout_are_in_order(name, make, pattern, tmp_path):
    """As many are made that 10.jpg comes before 2.jpg in the alphabet."""
    make(tmp_path)
    for file in sorted(tmp_path.glob(pattern)):
        number = int(file.stem)
        file.rename(file.with_name(f"{number + 7}.jpg"))
    dataset = open_part(name, tmp_path).experiment.dataset
    for files, *_ in dataset:
        numbers = [int(file.rpartition("/")[2].removesuffix(".jpg")) for file in files]
        assert numbers == list(range(8, 8 + len(files)))


# ------------------------------------------------------- sequences of which a part is annotated


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("numbers", "first"),
    [(range(1, 771), 300), (range(300, 771), 300), (range(1, 472), 1)],
    ids=["all frames", "the annotated ones", "numbered anew"],
)
def test_david(read, numbers, first, tmp_path):
    sequence(tmp_path, "David", numbers, lines(471))
    shown, truth = read(tmp_path, "David")
    assert shown == [number % 256 for number in range(first, first + 471)]
    assert len(truth) == 471 and truth[470] == [470, 1, 3, 4]


@pytest.mark.parametrize("read", READERS)
def test_a_sequence_that_is_annotated_up_to_an_earlier_frame(read, tmp_path):
    sequence(tmp_path, "Football1", range(1, 82), lines(74), digits=1)
    shown, truth = read(tmp_path, "Football1")
    assert shown == list(range(1, 75)) and len(truth) == 74


@pytest.mark.parametrize("read", READERS)
def test_a_clip_of_ones_own_that_is_called_david(read, tmp_path):
    sequence(tmp_path, "David", range(1, 31), lines(30))
    assert read(tmp_path, "David")[0] == list(range(1, 31))


@pytest.mark.parametrize("count", [1, 31])
def test_a_clip_called_david_with_one_box_is_tracked(count, tmp_path):
    sequence(tmp_path, "David", range(1, 31), lines(count))
    assert read_as_track(tmp_path, "David")[0] == list(range(1, 31))


def test_real_david_numbered_from_one(shared):
    root = shared / "data" / "otb-more"
    if not (root / "David").is_dir():
        pytest.skip(f"no David in {root}")
    assert open_source(str(root / "David")).length == 471
    assert open_part("otb", root, ["David"]).lengths == {"David": 471}
    (read,), _ = read_sequences([root], ["David"])
    assert (len(read.frames), read.frames[0].name) == (471, "0001.jpg")


# ------------------------------------------------------------------------- lines of annotation

SPELLINGS = {
    "commas": "1,2,3,4\n5,6,7,8\n",
    "commas at the ends": "1,2,3,4,\n5,6,7,8,\n",
    "semicolons": "1;2;3;4\n5;6;7;8\n",
    "tabs": "1\t2\t3\t4\n5\t6\t7\t8",
    "blanks": " 1 2  3 4 \n5 6 7 8\n",
    "commas and blanks": "1, 2, 3, 4\n5, 6, 7, 8\n",
    "Windows": "1,2,3,4\r\n5,6,7,8\r\n",
    "byte order mark": "\ufeff1,2,3,4\n5,6,7,8\n",
    "blank lines at the end": "1,2,3,4\n5,6,7,8\n\n  \n",
}


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_of_an_annotation(read, text, tmp_path):
    sequence(tmp_path, "Deer", (1, 2), text)
    assert read(tmp_path, "Deer") == ([1, 2], {0: [0, 1, 3, 4], 1: [4, 5, 7, 8]})


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2,3,4\n\n5,6,7,8\n", "line 2 is blank"),
        ("1,2,3,4\n5,,7,8\n", "line 2 is not a box: '5,,7,8'; expected numbers x,y,w,h"),
        ("1,2,3,4\n\t5,6 7,8\n", r"line 2 is not a box: '\\t5,6 7,8'; expected numbers x,y,w,h"),
        ("1,2,3,4\n5,6,7,x \n", "line 2 is not a box: '5,6,7,x '; expected numbers x,y,w,h"),
    ],
)
def test_what_no_reader_accepts(read, text, said, tmp_path):
    """Three lines for two frames in the first: which frame has none, nobody knows."""
    sequence(tmp_path, "Deer", (1, 2), text)
    with pytest.raises(SourceError, match=f"groundtruth_rect.txt: {said}"):
        read(tmp_path, "Deer")


@pytest.mark.parametrize(("name", "make"), [("dtb70", write_dtb70), ("got10k", write_got10k)])
def test_other_layouts_read_boxes_as_otb(name, make, tmp_path):
    make(tmp_path)
    for file in tmp_path.rglob("groundtruth*.txt"):
        rows = len(file.read_text().splitlines())
        write(file, boxes(rows), delimiter=";")
        file.write_text("\ufeff" + file.read_text().replace("\n", ";\r\n") + "\n")
    for _, truth in open_part(name, tmp_path).experiment.dataset:
        assert np.array_equal(truth, boxes(len(truth)))


@pytest.mark.parametrize("read", READERS)
def test_an_empty_annotation_beside_the_real_one_does_not_count(read, tmp_path):
    """As OTB's Human4 has it; a copy that somebody keeps is no second object either."""
    sequence(tmp_path, "Human4", (1, 2), "\n")
    (tmp_path / "Human4" / "groundtruth_rect.txt").rename(
        tmp_path / "Human4" / "groundtruth_rect.1.txt"
    )
    (tmp_path / "Human4" / "groundtruth_rect.2.txt").write_text(lines(2))
    (tmp_path / "Human4" / "groundtruth_rect_old.txt").write_text(lines(5))
    assert read(tmp_path, "Human4") == ([1, 2], {0: [0, 1, 3, 4], 1: [1, 1, 3, 4]})


# --------------------------------------------------------------------- one sequence, four layouts


def test_the_same_boxes_in_four_layouts(shared, tmp_path, no_curves):
    """By the command itself, which recognises each; AUC is the same where it is the same metric."""
    places = write_layouts(tmp_path, shared / "data" / "otb" / "Deer", 6)
    quick = tmp_path / "quick.py"
    quick.write_text(
        "from crt_plugin.parameters import Parameters\n"
        f"def parameters():\n    return Parameters().copy(**{QUICK})\n"
    )
    boxes, said = {}, {}
    for name, place in places.items():
        command = ["evaluate", "--data", str(tmp_path / name), "--trackers", f"crt:{quick}"]
        done = CliRunner().invoke(app, [*command, "--results", str(tmp_path / "r")])
        assert done.exit_code == 0, done.stderr
        boxes[name] = np.loadtxt(tmp_path / "r" / place.format("CRT-quick"), delimiter=",")
        said[name] = done.stdout
    assert len(boxes["otb"]) == 6 and np.ptp(boxes["otb"][:, 0]) > 1
    for name in places:
        assert np.array_equal(boxes[name], boxes["otb"]), name
    assert said["otb"].startswith("1 of 100 sequences of OTB2015\n")
    assert said["got10k"].startswith("1 of 180 sequences of GOT-10k\n")
    assert said["lasot"].startswith("1 of 280 sequences of LaSOT\n")
    assert said["vot"].startswith("1 sequence of VOT\n")
    auc = {name: re.search(r"CRT-quick +([.\d]+)", text)[1] for name, text in said.items()}
    assert auc["otb"] == auc["lasot"] == auc["vot"]
    for word in ("AO", "SR0.5", "SR0.75"):
        assert word in said["got10k"]
    assert "NP" in said["lasot"]
