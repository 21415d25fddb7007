"""Files of a folder or zip archive that somebody else made: read within limits, never unpacked.

Authors publish an archive for each tracker, and archives of these: one inside a folder or an
archive is taken for a folder of its name.
"""

from __future__ import annotations

import io
import lzma
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from crt_plugin.errors import SourceError

READ = (".txt", ".mat", ".csv", ".json")  # others are only named
# Far above what is published: 20 trackers on OTB-100 are 2000 files, 30 MB, the largest 0.2 MB.
MOST_FILES = 100_000
LARGEST_FILE = 64 * 2**20  # bytes, unpacked
LARGEST_TOTAL = 2**30  # bytes, unpacked

# What zipfile and its decompressors raise for damaged, encrypted or unknown content.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError),
)


# A file's path inside the source, and what reads it
Member = tuple[PurePosixPath, Callable[[], bytes]]


def read_files(source: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Path inside, and content, of each file of a folder or a zip archive; a file alone.

    The content of files that are not of ``READ`` is left out. Links to folders are not followed.

    Raises:
        SourceError: missing; a damaged archive; one with a name that leads out of it, or a link;
            archives in archives in archives; or more than ``MOST_FILES``, ``LARGEST_FILE`` or
            ``LARGEST_TOTAL``.
    """
    total = 0
    for path, read in _find_files(source):
        content = read()
        total += len(content)
        if total > LARGEST_TOTAL:
            raise SourceError(
                f"{source} has more than {LARGEST_TOTAL} bytes of results; expected up to that"
            )
        yield path, content


def list_files(source: Path) -> list[PurePosixPath]:
    """The paths of ``read_files``, which raises the same errors but for contents."""
    return [path for path, _ in _find_files(source)]


def _find_files(source: Path) -> Iterator[Member]:
    if source.is_dir():
        found = _find_in_folder(source)
    elif not source.is_file():
        raise SourceError(f"no file or folder {source}")
    elif _is_archive(source):
        found = _find_in_archive(source, str(source), PurePosixPath())
    else:
        found = iter([(PurePosixPath(source.name), partial(_read_file, source))])
    for count, member in enumerate(found, start=1):
        if count > MOST_FILES:
            raise SourceError(f"{source} has more than {MOST_FILES} files; expected up to that")
        yield member


def _find_in_folder(folder: Path) -> Iterator[Member]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside = PurePosixPath(path.relative_to(folder).as_posix())
        if _is_archive(path):
            yield from _find_in_archive(path, str(path), inside.with_suffix(""))
        else:
            yield inside, partial(_read_file, path)


def _find_in_archive(
    file: Path | io.BytesIO, name: str, inside: PurePosixPath, is_inner: bool = False
) -> Iterator[Member]:
    """Members of an archive.

    Args:
        name: for messages.
        inside: path of the folder that it is taken for.
        is_inner: whether it lies in another one.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            paths = [_check_path(name, member) for member in members]
            for path, member in zip(paths, members, strict=True):
                where = f"{path} of {name}"
                read = partial(_read_member, archive, member, name)
                if not _is_archive(path):
                    yield inside / path, read if path.suffix.lower() in READ else bytes
                elif is_inner:
                    raise SourceError(f"{where} is an archive in an archive in an archive")
                else:
                    inner = io.BytesIO(read())
                    yield from _find_in_archive(inner, where, inside / path.with_suffix(""), True)
    except SourceError:
        raise
    except DAMAGED as error:
        raise SourceError(f"{name} cannot be read as a zip archive: {error}") from error


def _is_archive(path: Path | PurePosixPath) -> bool:
    return path.suffix.lower() == ".zip"


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    try:
        with archive.open(member) as stream:
            content = stream.read(LARGEST_FILE + 1)  # the size that a member states is not trusted
    except DAMAGED as error:
        raise SourceError(f"{name} cannot be read as a zip archive: {error}") from error
    return _check_size(content, f"{member.filename} of {name}")


def _read_file(path: Path) -> bytes:
    if path.suffix.lower() not in READ:
        return b""
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    return _check_size(content, str(path))


def _check_path(source: str, member: zipfile.ZipInfo) -> PurePosixPath:
    """Path of a member; the archive is refused if it leads out of it, or is a link."""
    path = PurePosixPath(member.filename.replace("\\", "/"))
    outside = path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", str(path))
    if outside or stat.S_ISLNK(member.external_attr >> 16):
        what = "leads out of it" if outside else "is a link"
        raise SourceError(
            f"{source} is refused: its member {member.filename!r} {what}; expected names of "
            "files inside"
        )
    return path


def _check_size(content: bytes, name: str) -> bytes:
    if len(content) > LARGEST_FILE:
        raise SourceError(f"{name} has more than {LARGEST_FILE} bytes; expected up to that")
    return content
