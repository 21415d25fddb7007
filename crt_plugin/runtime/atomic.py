"""Files that are whole or not there: written beside their place, and renamed into it.

Whoever is writing may be killed at any moment, and several processes may write into one folder, or
one file, at once. So each writes under a hidden name of its own, ``.<name>.<host>-<process>-<mark>-
<number>.part``, which nobody else truncates; and what a killed process left is known by its name.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import platform
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from crt_plugin.errors import CRTError, StorageError

SUFFIX = ".part"
# Another machine's process cannot be asked whether it lives. What is written appears within
# minutes, so that a day is plenty.
OLD_SECONDS = 24 * 3600.0
OUT_OF_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}

_HOST = re.sub(r"[^A-Za-z0-9]", "", platform.node())[:40] or "host"
_MARK = uuid.uuid4().hex[:8]  # tells this process from an earlier one of its number
_numbers = itertools.count()
_OWNED = re.compile(r"\..*\.([A-Za-z0-9]+)-(\d+)-([0-9a-f]{8})-\d+\.part")


@contextlib.contextmanager
def write_atomically(file: Path) -> Iterator[Path]:
    """A path to write to, renamed to ``file`` in the end, so that nobody reads a part.

    Folders are made. On an error inside, ``file`` stays as it was.

    Raises:
        StorageError: it cannot be written; any ``OSError`` inside counts as that.
    """
    unfinished = _beside(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        _on_disk(unfinished)
        unfinished.replace(file)
    except CRTError:
        raise
    except OSError as error:
        raise _unwritten(file, error) from error
    finally:
        with contextlib.suppress(OSError):  # a folder that cannot be written to is said above
            unfinished.unlink(missing_ok=True)


def write_text(file: Path, text: str) -> Path:
    """Write a text in UTF-8, with the line ends that it has, in one step.

    Raises:
        StorageError: it cannot be written.
    """
    with write_atomically(file) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
    return file


@contextlib.contextmanager
def make_scratch_folder(folder: Path, name: str = "work") -> Iterator[Path]:
    """A hidden folder inside of ``folder``, on its file system, removed in the end.

    For programs that write where they are told to; ``move_files`` brings what they wrote to its
    place. What earlier processes left in ``folder`` is removed first.

    Raises:
        StorageError: it cannot be made, or the disk is full or fails inside.
    """
    made = _beside(folder / name)
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            sweep(folder)
            made.mkdir()
        except OSError as error:
            raise _unwritten(folder, error) from error
        yield made
    except OSError as error:
        if isinstance(error, CRTError) or error.errno not in OUT_OF_ROOM:
            raise
        raise _unwritten(folder, error) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def move_files(source: Path, to: Path) -> None:
    """Rename the files in ``source``, and in its folders, to their places under ``to``.

    Raises:
        StorageError: one cannot be moved.
    """
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        place = to / file.relative_to(source)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            _on_disk(file)
            file.replace(place)
        except OSError as error:
            raise _unwritten(place, error) from error


def sweep(folder: Path) -> list[str]:
    """Remove what killed processes left in a folder, not in those inside; names of what it was."""
    left = [path for path in folder.glob(f".*{SUFFIX}") if _is_left(path)]
    for path in left:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):  # another process may sweep too
                path.unlink(missing_ok=True)
    return sorted(path.name for path in left)


def _beside(file: Path) -> Path:
    """A name next to ``file`` that no other process uses, and no other thread of this one."""
    owner = f"{_HOST}-{os.getpid()}-{_MARK}-{next(_numbers)}"
    return file.with_name(f".{file.name}.{owner}{SUFFIX}")


def _is_left(path: Path) -> bool:
    owner = _OWNED.fullmatch(path.name)
    if owner is None:
        return False
    host, process, mark = owner[1], int(owner[2]), owner[3]
    if host == _HOST and process == os.getpid():
        return mark != _MARK
    if host == _HOST and os.name == "posix":  # elsewhere, asking would end the process
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        except OSError:  # it lives, and is somebody else's
            pass
    try:
        return time.time() - path.stat().st_mtime > OLD_SECONDS
    except OSError:
        return False


def _on_disk(file: Path) -> None:
    """Have the system write it: a network disk may say only then that it is full."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _unwritten(file: Path, error: OSError) -> StorageError:
    reason = error.strerror or str(error)
    return StorageError(
        f"{file} cannot be written: {reason}; expected a folder with room that can be written "
        "to. Files that are there are whole, and running again goes on from them"
    )
