"""Atomic writes: a file is written under a temporary name beside its place, then renamed.

A writer may be killed at any moment, and several processes may write to one folder, or one file,
at once. So each writes under a hidden name of its own, ``.<name>.<machine>-<process>-<mark>-
<number>.part``, by which the remains of a killed process are recognised.
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
CLAIM = "claim"
# Whether another machine's process is alive is unknown; no write takes this long.
OLD_SECONDS = 24 * 3600.0
OUT_OF_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}

_MACHINE = re.sub(r"[^A-Za-z0-9]", "", platform.node())[:40] or "machine"
_MARK = uuid.uuid4().hex[:8]  # tells this process from an earlier one with the same id
_numbers = itertools.count()
_TEMPORARY_NAME = re.compile(r"\..*\.([A-Za-z0-9]+)-(\d+)-([0-9a-f]{8})-\d+\.part")


@contextlib.contextmanager
def write_atomically(file: Path) -> Iterator[Path]:
    """A path to write to, renamed to ``file`` at the end, so that nobody reads an incomplete file.

    Missing folders are made. On an error inside, ``file`` stays as it was.

    Raises:
        StorageError: an ``OSError`` inside, or at the end.
    """
    unfinished = _make_temporary_name(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        _flush(unfinished)
        unfinished.replace(file)
    except CRTError:
        raise
    except OSError as error:
        raise _storage_error(file, error) from error
    finally:
        with contextlib.suppress(OSError):  # reported above
            unfinished.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises:
        StorageError: a file is in the way, or the place is not writable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        files = [path for path in (folder, *folder.parents) if path.is_file()]
        raise StorageError(f"{(files or [folder])[0]} is a file; expected a folder") from error
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be made: {error.strerror}; expected a writable place"
        ) from error


@contextlib.contextmanager
def claim_folder(folder: Path) -> Iterator[None]:
    """Keep other processes that claim the folder away while this one writes to it.

    The claim of a killed process holds no longer than until the next one.

    Raises:
        StorageError: another process has claimed it, or it is not writable.
    """
    claim = _make_temporary_name(folder / CLAIM)
    try:
        claim.touch()
    except OSError as error:
        raise _storage_error(claim, error) from error
    try:
        sweep(folder)
        others = [path for path in folder.glob(f".{CLAIM}.*{SUFFIX}") if path != claim]
        if others:
            raise StorageError(
                f"another run writes to {folder}, as {others[0].name} says; expected its end, or "
                "another folder"
            )
        yield
    finally:
        claim.unlink(missing_ok=True)


def write_text(file: Path, text: str) -> Path:
    """Write a text atomically, in UTF-8, with its line ends as they are.

    Raises:
        StorageError: it cannot be written.
    """
    with write_atomically(file) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
    return file


@contextlib.contextmanager
def make_scratch_folder(folder: Path, name: str = "work") -> Iterator[Path]:
    """A hidden folder inside ``folder``, on the same file system, removed at the end.

    For programs that choose their own file names; ``move_files`` moves their files into place.
    What killed processes left in ``folder`` is removed first.

    Raises:
        StorageError: it cannot be made, or the disk is full or fails inside.
    """
    made = _make_temporary_name(folder / name)
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            sweep(folder)
            made.mkdir()
        except OSError as error:
            raise _storage_error(folder, error) from error
        yield made
    except OSError as error:
        if isinstance(error, CRTError) or error.errno not in OUT_OF_ROOM:
            raise
        raise _storage_error(folder, error) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def move_files(source: Path, to: Path) -> None:
    """Move all files below ``source`` to the same places below ``to``, by renaming.

    Raises:
        StorageError: one cannot be moved.
    """
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        place = to / file.relative_to(source)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            _flush(file)
            file.replace(place)
        except OSError as error:
            raise _storage_error(place, error) from error


def sweep(folder: Path) -> list[str]:
    """Remove what killed processes left in a folder, without subfolders; returns the names."""
    left = [path for path in folder.glob(f".*{SUFFIX}") if _is_abandoned(path)]
    for path in left:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):  # another process may sweep too
                path.unlink(missing_ok=True)
    return sorted(path.name for path in left)


def _make_temporary_name(file: Path) -> Path:
    """A name beside ``file`` that no other process or thread uses."""
    owner = f"{_MACHINE}-{os.getpid()}-{_MARK}-{next(_numbers)}"
    return file.with_name(f".{file.name}.{owner}{SUFFIX}")


def _is_abandoned(path: Path) -> bool:
    owner = _TEMPORARY_NAME.fullmatch(path.name)
    if owner is None:
        return False
    machine, process, mark = owner[1], int(owner[2]), owner[3]
    if machine == _MACHINE and process == os.getpid():
        return mark != _MARK
    if machine == _MACHINE and os.name == "posix":  # on Windows, os.kill would end the process
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        except OSError:  # alive, and another user's
            pass
    try:
        return time.time() - path.stat().st_mtime > OLD_SECONDS
    except OSError:
        return False


def _flush(file: Path) -> None:
    """Write it through to the disk: a network disk may report only then that it is full."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _storage_error(file: Path, error: OSError) -> StorageError:
    reason = error.strerror or str(error)
    return StorageError(
        f"{file} cannot be written: {reason}; expected a writable folder with free space. "
        "Existing files are complete, and another run resumes from them"
    )
