"""Files are complete or absent, whoever writes them and however that ends."""

import errno
import os
import pickle
import subprocess
import sys
import threading

import pytest

from crt_plugin.errors import ParameterError, StorageError
from crt_plugin.runtime import atomic as files
from crt_plugin.runtime.atomic import (
    claim_folder,
    make_scratch_folder,
    move_files,
    sweep,
    write_atomically,
    write_text,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_text_keeps_its_line_ends_and_its_folder_is_made(tmp_path):
    file = write_text(tmp_path / "a" / "b" / "ü.txt", "1\n2\r\n")
    assert file.read_bytes() == b"1\n2\r\n" and names(file.parent) == ["ü.txt"]


def test_nobody_sees_a_part(tmp_path):
    file = write_text(tmp_path / "f", "before")
    with write_atomically(file) as unfinished:
        unfinished.write_text("ha")
        assert file.read_text() == "before" and unfinished.parent == file.parent
        assert unfinished.name.startswith(".") and not list(tmp_path.glob("*.txt"))
        unfinished.write_text("half")
    assert file.read_text() == "half" and names(tmp_path) == ["f"]


def test_a_full_disk_is_named_and_the_file_stays(tmp_path, monkeypatch):
    """As network disks do, which report it only when the system flushes."""
    file = write_text(tmp_path / "f", "before")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StorageError, match=r"f cannot be written: No space left on device; exp"):
        write_text(file, "after")
    assert file.read_text() == "before" and names(tmp_path) == ["f"]


def test_other_errors_pass(tmp_path):
    with pytest.raises(ParameterError, match="not this"), write_atomically(tmp_path / "f"):
        raise ParameterError("not this")
    with pytest.raises(FileNotFoundError), make_scratch_folder(tmp_path):
        raise FileNotFoundError(errno.ENOENT, "a file that is read")
    with pytest.raises(StorageError, match="Input/output error"), make_scratch_folder(tmp_path):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    assert names(tmp_path) == []


def test_a_file_in_the_way_is_named(tmp_path):
    write_text(tmp_path / "f", "")
    with pytest.raises(StorageError, match=r"f/g cannot be written: "):
        write_text(tmp_path / "f" / "g", "")
    with (
        pytest.raises(StorageError, match=r"f cannot be written: "),
        make_scratch_folder(tmp_path / "f"),
    ):
        pass


def test_the_error_crosses_processes(tmp_path):
    with pytest.raises(StorageError) as caught:
        write_text(tmp_path, "")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is StorageError and str(again) == str(caught.value)


def test_two_writers_of_one_file_do_not_collide(tmp_path):
    """The last text is there, complete; neither truncates what the other one renames."""
    file, both = tmp_path / "f", threading.Barrier(2)

    def write(letter):
        for _ in range(20):
            with write_atomically(file) as unfinished:
                unfinished.write_text(letter)
                both.wait(10)
                unfinished.write_text(letter * 5000)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file.read_text() in ("a" * 5000, "b" * 5000) and names(tmp_path) == ["f"]


def test_files_of_a_scratch_folder_are_moved_into_place(tmp_path):
    write_text(tmp_path / "to" / "times" / "old", "stays")
    with make_scratch_folder(tmp_path) as work:
        for name in ("a", "times/b"):
            (work / name).parent.mkdir(exist_ok=True)
            (work / name).write_text(name)
        move_files(work, tmp_path / "to")
    assert names(tmp_path) == ["to"] and names(tmp_path / "to" / "times") == ["b", "old"]


KILLED = """
import os, signal, sys
from pathlib import Path
from crt_plugin.runtime.atomic import write_atomically, make_scratch_folder
folder = Path(sys.argv[1])
with make_scratch_folder(folder) as work, write_atomically(folder / "f") as unfinished:
    (work / "a").touch()
    unfinished.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="processes are told apart by signal 0")
def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    left = names(tmp_path)
    assert len(left) == 2 and all(name.startswith(".") for name in left)
    for other in ("f.part", ".video.mp4.part", ".f.unfinished"):
        (tmp_path / other).touch()
    with write_atomically(tmp_path / "mine") as unfinished:
        unfinished.write_text("is being written")
        assert sweep(tmp_path) == left and unfinished.is_file()
    assert names(tmp_path) == [".f.unfinished", ".video.mp4.part", "f.part", "mine"]


def test_files_of_other_machines_are_kept_for_a_day(tmp_path):
    fresh, old = tmp_path / ".f.other-7-0123abcd-0.part", tmp_path / ".g.other-7-0123abcd-1.part"
    fresh.touch()
    old.touch()
    os.utime(old, (0, 0))
    assert sweep(tmp_path) == [old.name] and names(tmp_path) == [fresh.name]


def test_an_earlier_process_with_the_same_id_is_recognised(tmp_path):
    """Containers use the same process ids."""
    (tmp_path / f".f.{files._MACHINE}-{os.getpid()}-0123abcd-0.part").touch()
    assert len(sweep(tmp_path)) == 1


def test_a_claim_holds_until_its_end_or_its_process_does(tmp_path):
    code = "import sys, time; from pathlib import Path\n"
    code += "from crt_plugin.runtime.atomic import claim_folder\n"
    code += "with claim_folder(Path(sys.argv[1])): print(flush=True); time.sleep(60)"
    words = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(StorageError, match="another run writes to"), claim_folder(tmp_path):
            pass
        assert len(names(tmp_path)) == 1  # the other's
        other.kill()
        other.wait()
    with claim_folder(tmp_path):
        assert len(names(tmp_path)) == 1
    assert names(tmp_path) == []
