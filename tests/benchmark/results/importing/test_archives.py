"""Archives and folders that somebody else made: bombs, names that lead out, links, damage."""

from __future__ import annotations

import io
import os
import stat
import warnings
import zipfile

import numpy as np
import pytest

from crt_plugin.benchmark.results.importing import archives, matlab
from crt_plugin.benchmark.results.importing.archives import (
    LARGEST_FILE,
    list_files,
    read_files,
)
from crt_plugin.benchmark.results.importing.groundtruth import read_annotations
from crt_plugin.benchmark.results.importing.published import import_results
from crt_plugin.errors import SourceError

BOXES = "1,2,3,4\n5,6,7,8\n"


def archive(path, members, **settings):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **settings) as written:
        for name, content in members:
            written.writestr(name, content)
    return path


def assert_refused(source, to, match):
    """Neither imported nor read as annotations; nothing is written."""
    with pytest.raises(SourceError, match=match):
        import_results(source, to)
    with pytest.raises(SourceError, match=match):
        read_annotations(source)
    assert not to.exists()


def test_a_zip_bomb_is_refused(tmp_path):
    """65 MiB of blanks in 65 KiB."""
    bomb = archive(tmp_path / "b.zip", [("KCF/Deer.txt", b" " * (LARGEST_FILE + 1))])
    assert bomb.stat().st_size < 2**18
    assert_refused(bomb, tmp_path / "to", r"KCF/Deer\.txt of .* has more than 67108864 bytes")


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path):
    """Its directory announces 16 bytes."""
    bomb = archive(tmp_path / "b.zip", [("KCF/Deer.txt", b"1,2,3,4\n" * 10**6)])
    content = bytearray(bomb.read_bytes())
    size = (8 * 10**6).to_bytes(4, "little")
    for _ in range(2):
        place = content.index(size)
        content[place : place + 4] = (16).to_bytes(4, "little")
    bomb.write_bytes(content)
    assert_refused(bomb, tmp_path / "to", "cannot be read as a zip archive")


def test_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_FILES", 50)
    bomb = archive(tmp_path / "b.zip", [(f"{k}.bin", b"") for k in range(51)])
    assert_refused(bomb, tmp_path / "to", "has more than 50 files; expected")


def test_a_large_total_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "LARGEST_TOTAL", 50)
    bomb = archive(tmp_path / "b.zip", [(f"{k}.txt", " " * 20) for k in range(3)])
    assert_refused(bomb, tmp_path / "to", "has more than 50 bytes of results; expected")


def test_a_large_file_of_a_folder_is_refused_and_other_files_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "LARGEST_FILE", 50)
    (tmp_path / "seq").mkdir()
    (tmp_path / "seq" / "video.mp4").write_bytes(bytes(99))
    (tmp_path / "seq" / "Deer.txt").write_text(BOXES)
    assert [(str(path), len(content)) for path, content in read_files(tmp_path / "seq")] == [
        ("Deer.txt", 16),
        ("video.mp4", 0),
    ]
    (tmp_path / "seq" / "Deer.txt").write_text(BOXES * 9)
    assert_refused(tmp_path / "seq", tmp_path / "to", r"Deer\.txt has more than 50 bytes")


def test_a_packed_matlab_file_that_grows_is_refused(tmp_path, monkeypatch):
    io = pytest.importorskip("scipy.io", reason="MATLAB files need scipy")
    results = np.empty((1, 1), dtype=object)
    results[0, 0] = {"res": np.ones((9000, 4)), "type": "rect"}
    io.savemat(tmp_path / "deer_KCF.mat", {"results": results}, do_compression=True)
    assert import_results(tmp_path / "deer_KCF.mat", tmp_path / "kept").sequences
    monkeypatch.setattr(matlab, "LARGEST_FILE", 100_000)
    with pytest.raises(SourceError, match="it unpacks to more than 100000 bytes"):
        import_results(tmp_path / "deer_KCF.mat", tmp_path / "to")


@pytest.mark.parametrize(
    "name",
    [
        *("../Deer.txt", "KCF/../../Deer.txt", "/tmp/KCF/Deer.txt", "C:/KCF/Deer.txt"),
        *("C:\\KCF\\Deer.txt", "..\\Deer.txt", "c:Deer.txt", "\\\\host\\share\\Deer.txt"),
    ],
)
def test_names_that_lead_out_are_refused(tmp_path, name):
    hostile = archive(tmp_path / "h.zip", [("KCF/Bolt.txt", BOXES), (name, BOXES)])
    with pytest.raises(SourceError, match="leads out of it; expected names of files inside"):
        import_results(hostile, tmp_path / "to")
    assert not (tmp_path / "to").exists()  # nor is what comes before it


def pack(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in members:
            written.writestr(name, content)
    return packed.getvalue()


def test_an_archive_inside_is_a_folder_of_its_name(tmp_path):
    inner = pack([("Deer.txt", BOXES), ("more/Couple.txt", BOXES)])
    outer = archive(tmp_path / "all.zip", [("x/KCF.zip", inner), ("ECO/Deer.txt", BOXES)])
    expected = [("x/KCF/Deer.txt", 16), ("x/KCF/more/Couple.txt", 16), ("ECO/Deer.txt", 16)]
    assert [(str(path), len(content)) for path, content in read_files(outer)] == expected
    assert [str(path) for path in list_files(outer)] == [path for path, _ in expected]
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "KCF.zip").write_bytes(inner)
    found = [str(path) for path in list_files(tmp_path / "folder")]
    assert found == ["KCF/Deer.txt", "KCF/more/Couple.txt"]


@pytest.mark.parametrize(
    ("inner", "match"),
    [
        (pack([("../Deer.txt", BOXES)]), r"KCF\.zip of .* is refused: its member '\.\./Deer"),
        (pack([("a.zip", pack([("Deer.txt", BOXES)]))]), "an archive in an archive in an archive"),
        (pack([("Deer.txt", BOXES)])[:-9], r"KCF\.zip of .* cannot be read as a zip archive"),
        (
            pack([("Deer.txt", b" " * (LARGEST_FILE + 1))]),
            r"Deer\.txt of KCF\.zip of .* has more than",
        ),
    ],
    ids=["leads out", "third archive", "damaged", "bomb"],
)
def test_an_archive_inside_is_checked_too(inner, match, tmp_path):
    """Before anything is written, but for contents, which are read in their turn."""
    outer = archive(tmp_path / "all.zip", [("KCF.zip", inner)])
    assert_refused(outer, tmp_path / "to", match)
    with zipfile.ZipFile(outer, "a") as more:
        more.writestr("ECO/Deer.txt", BOXES)
    assert_refused(outer, tmp_path / "to", match)


def test_names_with_the_separators_of_windows_are_read(tmp_path):
    done = import_results(archive(tmp_path / "w.zip", [("KCF\\Deer.txt", BOXES)]), tmp_path / "to")
    assert done.sequences == {("OTB2015", "KCF"): ["Deer"]}


def test_links_in_an_archive_are_refused(tmp_path):
    link = zipfile.ZipInfo("KCF/Deer.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    hostile = archive(tmp_path / "h.zip", [(link, "/etc/passwd")])
    assert_refused(hostile, tmp_path / "to", r"'KCF/Deer\.txt' is a link")


def test_loops_of_links_in_a_folder_end(tmp_path):
    source = tmp_path / "KCF"
    source.mkdir()
    (source / "Deer.txt").write_text(BOXES)
    (source / "again").symlink_to(source, target_is_directory=True)
    (source / "Bolt.txt").symlink_to(source / "Bolt.txt")
    assert import_results(source, tmp_path / "to").sequences == {("OTB2015", "KCF"): ["Deer"]}
    loop = tmp_path / "loop.zip"
    loop.symlink_to(loop)
    assert_refused(loop, tmp_path / "other", "no file or folder")


def test_an_empty_archive(tmp_path):
    (tmp_path / "e.zip").write_bytes(b"")
    assert_refused(tmp_path / "e.zip", tmp_path / "to", "cannot be read as a zip archive")


def damage(whole, rng, count):
    """The file with a wrong byte, or cut off."""
    for step in range(count):
        content = bytearray(whole)
        content[rng.integers(len(whole))] = rng.integers(256)
        yield bytes(content) if step % 3 else whole[: rng.integers(len(whole))]


def test_any_damage_to_an_archive_is_named(tmp_path, rng):
    whole = archive(tmp_path / "w.zip", [("KCF/Deer.txt", BOXES * 20)]).read_bytes()
    file = tmp_path / "d.zip"
    for content in damage(whole, rng, 300):
        file.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zipfile warns of what it skips
            try:
                import_results(file, tmp_path / "to", overwrite=True)
            except SourceError as error:
                assert file.name in str(error)


@pytest.mark.parametrize("packed", [True, False])
def test_any_damage_to_a_matlab_file_is_named(tmp_path, rng, packed):
    io = pytest.importorskip("scipy.io", reason="MATLAB files need scipy")
    results = np.empty((1, 1), dtype=object)
    results[0, 0] = {"res": rng.uniform(1, 99, (20, 4)), "type": "rect"}
    io.savemat(tmp_path / "w.mat", {"results": results}, do_compression=packed)
    refused = 0
    with matlab.MatlabReader() as reader:
        for content in damage((tmp_path / "w.mat").read_bytes(), rng, 60):
            try:
                assert all(len(row) for row in reader.read_boxes(content))
            except SourceError:
                refused += 1
    assert refused > 20


def test_a_matlab_file_that_crashes_its_reader_costs_no_other_file(tmp_path, monkeypatch):
    """scipy's compiled reader does crash on some; here the child is killed on purpose."""
    io = pytest.importorskip("scipy.io", reason="MATLAB files need scipy")
    child = tmp_path / "child.py"
    own = matlab.CHILD.read_text()
    crash = "if b'CRASH' in content: import os; os.kill(os.getpid(), 9)"
    child.write_text(
        own.replace("    try:\n        return {", f"    {crash}\n    try:\n        return {{")
    )
    monkeypatch.setattr(matlab, "CHILD", child)
    results = np.empty((1, 1), dtype=object)
    results[0, 0] = {"res": np.ones((3, 4)), "type": "rect"}
    source = tmp_path / "KCF"
    source.mkdir()
    for name in ("Bolt", "Deer"):
        io.savemat(source / f"{name}.mat", {"results": results})
    (source / "Couple.mat").write_bytes(b"CRASH")
    done = import_results(source, tmp_path / "to")
    assert done.sequences == {("OTB2015", "KCF"): ["Bolt", "Deer"]}
    ((path, reason),) = done.unused
    assert str(path) == "Couple.mat"
    assert reason == "no results of the benchmark in it (its reader crashed)"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "Deer.txt")
    with pytest.raises(SourceError, match="it is empty"):
        import_results(tmp_path, tmp_path / "to")
