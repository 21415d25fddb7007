"""What paths of published results mean, in the layouts of toolkits and authors."""

import re
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from crt_plugin.benchmark.datasets.catalog import BENCHMARKS
from crt_plugin.benchmark.results.importing.names import ResultName, name_files
from crt_plugin.hosts.got10k.toolkit import read_list

VAL = "GOT-10k_Val_000001"
TEST = "GOT-10k_Test_000180"


def name(paths, source="theirs", **options):
    found = name_files([PurePosixPath(path) for path in paths], Path("/tmp", source), **options)
    return [found[PurePosixPath(path)] for path in paths]


@pytest.mark.parametrize(
    ("path", "dataset", "tracker", "sequence", "kind", "repetition"),
    [
        # OTB's authors and the benchmark's toolkit
        ("KCF/Deer.txt", "otb", "KCF", "Deer", "boxes", 1),
        ("results_OPE/Jogging_2_ECO_HC.txt", "otb", "ECO_HC", "Jogging.2", "boxes", 1),
        ("otb100-results/KCF/bird1.txt", "otb", "KCF", "Bird1", "boxes", 1),
        # got10k, and crt results export
        ("OTB2015/KCF/Deer.txt", "otb", "KCF", "Deer", "boxes", 1),
        ("OTB2015/KCF/times/Deer_time.txt", "otb", "KCF", "Deer", "times", 1),
        ("CRT-light/scores/Deer.csv", "otb", "CRT-light", "Deer", "scores", 1),
        # pysot
        ("results/OTB100/model/Human4-2.txt", "otb", "model", "Human4", "boxes", 1),
        ("results/UAV123/model/bike1.txt", "uav123", "model", "bike1", "boxes", 1),
        ("results/LaSOT/model/airplane-1.txt", "lasot", "model", "airplane-1", "boxes", 1),
        ("results/NFS30/model/Gymnastics.txt", "nfs30", "model", "Gymnastics", "boxes", 1),
        ("results/NFS240/model/Gymnastics.txt", "nfs240", "model", "Gymnastics", "boxes", 1),
        (f"results/GOT-10k/model/{TEST}/{TEST}_001.txt", "got10k", "model", TEST, "boxes", 1),
        (f"results/GOT-10k/model/{TEST}/{TEST}_time.txt", "got10k", "model", TEST, "times", 1),
        # pytracking
        ("tracking_results/dimp/dimp50/Deer.txt", "otb", "dimp-dimp50", "Deer", "boxes", 1),
        ("atom/default_000/Jogging_1.txt", "otb", "atom-default_000", "Jogging.1", "boxes", 1),
        ("atom/default_000/uav_car1_s.txt", "uav123", "atom-default_000", "car1_s", "boxes", 1),
        ("atom/default_000/nfs_zebra_fish.txt", "nfs-pytracking", "atom-default_000", "zebra_fish")
        + ("boxes", 1),
        ("atom/default_000/tpl_Ball_ce1.txt", "tcolor128", "atom-default_000", "Ball_ce1")
        + ("boxes", 1),
        ("atom/default_000/atv-1.txt", "lasot-ext", "atom-default_000", "atv-1", "boxes", 1),
        ("atom/default_000/airplane-1_time.txt", "lasot", "atom-default_000", "airplane-1")
        + ("times", 1),
        (f"atom/default_002/{VAL}.txt", "got10k", "atom-default_002", VAL, "boxes", 1),
        ("pytracking_results/kys/default_004/Deer.txt", "otb", "kys-default_004", "Deer")
        + ("boxes", 1),
        # LaSOT
        ("tracking_results/ATOM_tracking_result/airplane-1.txt", "lasot", "ATOM", "airplane-1")
        + ("boxes", 1),
        ("lasot_tracking_results/STRCF_tracking_result/bird-2.txt", "lasot", "STRCF", "bird-2")
        + ("boxes", 1),
        # GOT-10k
        (f"SiamFC/{VAL}/{VAL}_002.txt", "got10k", "SiamFC", VAL, "boxes", 2),
        (f"SiamFC/{VAL}/{VAL}_time.txt", "got10k", "SiamFC", VAL, "times", 1),
        (f"SiamFC/{VAL}_001.txt", "got10k", "SiamFC", VAL, "boxes", 1),
        # crt track
        ("mine/Jogging.1/boxes.csv", "otb", "mine", "Jogging.1", "boxes", 1),
        ("mine/airplane-1/boxes.csv", "lasot", "mine", "airplane-1", "boxes", 1),
    ],
)
def test_a_path(path, dataset, tracker, sequence, kind, repetition):
    assert name([path]) == [ResultName(dataset, tracker, sequence, kind, repetition)]


def test_a_folder_of_pytracking_holds_several_datasets():
    paths = [f"eco/default/{text}.txt" for text in ("Bird1", "uav_bird1_2", "bird-2", "nfs_bird_2")]
    found = [(one.dataset, one.sequence) for one in name(paths)]
    assert found == [
        ("otb", "Bird1"),
        ("uav123", "bird1_2"),
        ("lasot", "bird-2"),
        ("nfs-pytracking", "bird_2"),
    ]


def test_a_name_of_several_datasets_goes_where_the_others_of_its_tracker_go():
    """car1 is a sequence of UAV20L too, and Car1 of OTB is also written in small letters."""
    otb = [f"KCF/{text}.txt" for text in ("car1", "deer", "couple")]
    assert {one.dataset for one in name(otb)} == {"otb"}
    (alone,) = name(["KCF/car1.txt"])
    assert alone == ("its name is of a sequence of otb and of uav20l; expected one to be named")
    assert name(["KCF/car1_s.txt"]) == [  # not car1 of a tracker s
        "its name is of a sequence of uav123 and of uav123-10fps; expected one to be named"
    ]
    uav = [f"KCF/{text}.txt" for text in read_list("uav123.json")["UAV123"]]
    assert set(name(uav)) == {
        "its name is of a sequence of uav123 and of uav123-10fps; expected one to be named"
    }
    assert {one.dataset for one in name(uav, dataset="uav123-10fps")} == {"uav123-10fps"}
    assert {one.dataset for one in name([f"UAV123/{path}" for path in uav])} == {"uav123"}


def test_all_names_of_the_lists_are_found():
    lists = {"lasot": read_list("lasot.json")["test"], "uav123": read_list("uav123.json")["UAV123"]}
    for dataset, names in lists.items():
        folder = BENCHMARKS[dataset].folder
        found = name([f"{folder}/X/{text}.txt" for text in names])
        assert [(one.dataset, one.sequence) for one in found] == [(dataset, n) for n in names]


# ---------------------------------------------------------------------------------- kept apart


@pytest.mark.parametrize(
    ("folders", "trackers"),
    [
        (("atom/default_000", "eco/default_000"), ("atom-default_000", "eco-default_000")),
        (("tracking_results/dimp/a", "tracking_results/atom/a"), ("dimp-a", "atom-a")),
        (("dimp/a", "atom/a"), ("dimp-a", "atom-a")),
        (("x/dimp/a", "y/dimp/a", "z/b"), ("x-dimp-a", "y-dimp-a", "b")),
    ],
)
def test_trackers_are_kept_apart(folders, trackers):
    found = name([f"{folder}/Deer.txt" for folder in folders])
    assert tuple(one.tracker for one in found) == trackers


def test_one_tracker_in_two_folders_stays_one():
    """Parts of its results, and those of two datasets."""
    found = name(["a/KCF/Deer.txt", "b/KCF/Couple.txt", "LaSOT/KCF/airplane-1.txt"])
    assert [(one.tracker, one.dataset) for one in found] == [
        ("KCF", "otb"),
        ("KCF", "otb"),
        ("KCF", "lasot"),
    ]


def test_a_name_that_is_given_is_taken():
    found = name(["a/KCF/Deer.txt", "b/KCF/Deer.txt"], tracker="mine")
    assert [one.tracker for one in found] == ["mine", "mine"]


def test_the_source_may_be_any_of_the_folders(tmp_path):
    (tmp_path / "tracking_results" / "atom" / "default_000").mkdir(parents=True)
    for source in ("", "tracking_results", "tracking_results/atom"):
        rest = PurePosixPath("tracking_results/atom/default_000/Deer.txt").relative_to(source)
        (found,) = name_files([rest], tmp_path / source).values()
        assert found.tracker == "atom-default_000"
    with zipfile.ZipFile(tmp_path / "tracking_results" / "atom" / "default_001.zip", "w") as packed:
        packed.writestr("Deer.txt", "")
    (found,) = name_files([PurePosixPath("Deer.txt")], Path(packed.filename)).values()
    assert found.tracker == "atom-default_001"


# ------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("KCF/Nothing.txt", "its name is of no sequence that is known; expected the name of its"),
        ("KCF/Jogging.txt", "it is of two targets; expected Jogging.1 or Jogging.2"),
        ("KCF/plot.png", "not a result file; expected .txt, .mat, or boxes.csv of crt track"),
        ("NFS/KCF/Gymnastics.txt", "its name is of no sequence"),  # of 30 or 240 frames a second
        ("LaSOT_Evaluation_Toolkit/annos/airplane-1.txt", "in a folder of annotations"),
        ("atom/default/airplane-1_object_presence_scores.txt", "scores of pytracking"),
    ],
)
def test_what_is_not_a_result(path, said):
    (found,) = name([path])
    assert isinstance(found, str)
    assert re.search(said, found), found


def test_names_of_a_dataset_that_is_named():
    """With its annotations the sequences are those; without a list, any."""
    assert name(["X/clip 1.txt"], dataset="own", sequences=["clip 1"]) == [
        ResultName("own", "X", "clip 1", "boxes", 1)
    ]
    assert name(["X/clip 2.txt"], dataset="own", sequences=["clip 1"]) == [
        "its name is of no sequence of Own"
    ]
    assert name(["X/nfs_Gymnastics.txt"], dataset="nfs", sequences=["Gymnastics"]) == [
        ResultName("nfs", "X", "Gymnastics", "boxes", 1)
    ]
    assert name(["X/0-6LB4FqxoE_0.txt"], dataset="trackingnet") == [
        ResultName("trackingnet", "X", "0-6LB4FqxoE_0", "boxes", 1)
    ]
    assert name(["X/Nothing.txt"], dataset="otb") == ["its name is of no target of OTB-100"]


def test_a_dataset_that_is_named_has_a_folder_beside_others():
    """Names of UAV20L are those of UAV123; without such a folder, what was named counts."""
    paths = [f"results/{folder}/KCF/bike1.txt" for folder in ("UAV20L", "UAV123")]
    found = name(paths, dataset="uav123")
    assert found == [
        "in a folder of UAV20L; expected UAV123",
        ResultName("uav123", "KCF", "bike1", "boxes", 1),
    ]
    (found,) = name(["UAV123/KCF/bike1.txt"], dataset="uav123-10fps")
    assert found.dataset == "uav123-10fps"
    (found,) = name(["OTB100/KCF/Deer.txt"], dataset="otb2013")
    assert (found.dataset, found.tracker) == ("otb2013", "KCF")
