import zipfile

import pytest

from crt_plugin.benchmark.results.importing.archives import read_files
from crt_plugin.benchmark.results.importing.groundtruth import read_annotations
from crt_plugin.errors import SourceError
from tests.helpers.datasets import boxes, write, write_otb


def test_annotations_of_a_folder_as_otb_is_laid_out(tmp_path):
    write_otb(tmp_path)
    for k in (1, 2):
        write(tmp_path / "Jogging" / f"groundtruth_rect.{k}.txt", boxes(2 + k), delimiter="\t")
    write(tmp_path / "Human4" / "groundtruth_rect.2.txt", boxes(6))
    (tmp_path / "Human4" / "groundtruth_rect.1.txt").write_text("\n")
    (tmp_path / "Bolt").mkdir()
    (tmp_path / "Bolt" / "groundtruth_rect.txt").write_text("")
    (tmp_path / "Deer" / "attrs.txt").write_text("OCC, MB")
    found = read_annotations(tmp_path)
    assert {name: len(rows) for name, rows in found.items()} == {
        "Couple": 4,
        "Deer": 5,
        "Human4": 6,
        "Jogging.1": 3,
        "Jogging.2": 4,
    }
    assert found["Deer"][1].tolist() == [8, 6, 10, 8]


def test_annotations_of_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("OTB/Deer/groundtruth_rect.txt", "1,2,3,4\n")
        archive.writestr("Jogging-1.txt", "1\t2\t3\t4\n5\t6\t7\t8\n")
        archive.writestr("README.txt", "of no use")
        archive.writestr("OTB/Deer/img/", "")
    found = read_annotations(tmp_path / "a.zip")
    assert {name: len(rows) for name, rows in found.items()} == {"Deer": 1, "Jogging.1": 2}


def test_a_damaged_annotation_is_an_error(tmp_path):
    write_otb(tmp_path)
    (tmp_path / "Deer" / "groundtruth_rect.txt").write_text("1,2,3\n")
    with pytest.raises(SourceError, match=r"annotation Deer/groundtruth_rect.txt of .*: line 1"):
        read_annotations(tmp_path)


def test_no_annotations(tmp_path):
    (tmp_path / "README.txt").write_text("of no use")
    with pytest.raises(SourceError, match=r"holds no annotation of OTB; expected a zip"):
        read_annotations(tmp_path)


def test_missing_and_damaged_sources(tmp_path):
    with pytest.raises(SourceError, match=r"no file or folder .*none"):
        list(read_files(tmp_path / "none"))
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(SourceError, match=r"a\.zip cannot be read as a zip archive"):
        list(read_files(tmp_path / "a.zip"))


def test_a_damaged_member_of_an_archive(tmp_path):
    """The first member is fine, the second fails its checksum."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("Deer.txt", "1,2,3,4\n")
        archive.writestr("Couple.txt", "5,6,7,8\n")
    content = (tmp_path / "a.zip").read_bytes().replace(b"5,6,7,8\n", b"5,6,7,9\n")
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(SourceError, match=r"Couple.txt"):
        list(read_files(tmp_path / "a.zip"))
