"""Raw results of a tracker as an archive."""

import os
import zipfile

import pytest

from crt_plugin.benchmark.results.archive import export_results
from crt_plugin.benchmark.results.importing.published import import_results
from crt_plugin.errors import SourceError
from tests.helpers.datasets import boxes, write


@pytest.fixture
def folder(tmp_path):
    """Results of a tracker, and what is not to be published with them."""
    folder = tmp_path / "r" / "OTB2015" / "CRT-mine"
    write(folder / "Deer.txt", boxes(3), fmt="%.3f")
    write(folder / "times" / "Deer_time.txt", [0.1, 0.2, 0.3])
    write(folder / "scores" / "Deer.csv", [[1, 1], [0.5, 0.9], [0.4, 0.8]])
    (folder / "manifest.json").write_text("{}")
    (folder / "responses").mkdir()
    (folder / "responses" / "Deer.npz").write_bytes(b"large")
    return folder


def test_members_and_bytes(folder, tmp_path):
    assert export_results(folder, tmp_path / "one.zip") == 1
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == [
            "CRT-mine/Deer.txt",
            "CRT-mine/times/Deer_time.txt",
            "CRT-mine/scores/Deer.csv",
            "CRT-mine/manifest.json",
        ]
    os.utime(folder / "Deer.txt", (1e9, 1e9))  # the same results are the same bytes
    export_results(folder, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_nothing_to_pack(tmp_path):
    (tmp_path / "times").mkdir()
    (tmp_path / "times" / "Deer_time.txt").write_text("0.1\n")
    with pytest.raises(SourceError, match="no results in"):
        export_results(tmp_path, tmp_path / "none.zip")
    assert not (tmp_path / "none.zip").exists()


def test_files_beside_boxes_that_could_not_be_used_are_named(folder, tmp_path):
    (folder / "Deer.txt").write_text("nothing\n")
    write(folder.parent / "KCF" / "Deer.txt", boxes(3))
    done = import_results(folder.parent, tmp_path / "to")
    assert done.sequences == {("OTB2015", "KCF"): ["Deer"]}
    unused = [str(path) for path, _ in done.unused]
    assert "CRT-mine/manifest.json" in unused and "CRT-mine/scores/Deer.csv" in unused
    assert not (tmp_path / "to/OTB2015/CRT-mine").exists()


def test_a_manifest_of_other_results_is_not_replaced(folder, tmp_path):
    export_results(folder, tmp_path / "one.zip")
    other = tmp_path / "to/OTB2015/CRT-mine/manifest.json"
    other.parent.mkdir(parents=True)
    other.write_text('{"seed": 1}')
    done = import_results(tmp_path / "one.zip", tmp_path / "to")
    assert (
        len(done.unused) == 1 and "manifest.json is there with other content" in done.unused[0][1]
    )
    assert other.read_text() == '{"seed": 1}'
    import_results(tmp_path / "one.zip", tmp_path / "to", overwrite=True)
    assert other.read_text() == "{}"


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("Deer.txt", "5,6,10,8\nnan,nan,nan,nan\n9,6,10,8\n", "line 2 of .*Deer.txt is .*nan"),
        ("times/Deer_time.txt", "0.1\n0.2\n", "Deer_time.txt has 2 lines; expected 3"),
        ("scores/Deer.csv", "1,1\n", "Deer.csv has 1 lines; expected 3"),
    ],
)
def test_damaged_results_are_not_packed(folder, tmp_path, file, text, message):
    (folder / file).write_text(text)
    with pytest.raises(SourceError, match=message):
        export_results(folder, tmp_path / "one.zip")
    assert not (tmp_path / "one.zip").exists()
