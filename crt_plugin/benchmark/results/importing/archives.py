"""Files of a folder or zip archive that somebody else made: read within limits, never unpacked."""

from __future__ import annotations

import lzma
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
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


def read_files(source: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Path inside, and content, of each file of a folder or a zip archive; a file alone.

    The content of files that are not of ``READ`` is left out. Links to folders are not followed.

    Raises:
        SourceError: missing; a damaged archive; one with a name that leads out of it, or a link;
            or more than ``MOST_FILES``, ``LARGEST_FILE`` or ``LARGEST_TOTAL``.
    """
    if source.is_dir():
        found = _read_folder(source)
    elif not source.is_file():
        raise SourceError(f"no file or folder {source}")
    elif source.suffix.lower() == ".zip":
        found = _read_archive(source)
    else:
        found = iter([(PurePosixPath(source.name), _read_file(source))])
    total = 0
    for count, (path, content) in enumerate(found, start=1):
        total += len(content)
        if count > MOST_FILES:
            raise SourceError(f"{source} has more than {MOST_FILES} files; expected up to that")
        if total > LARGEST_TOTAL:
            raise SourceError(
                f"{source} has more than {LARGEST_TOTAL} bytes of results; expected up to that"
            )
        yield path, content


def _read_folder(folder: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield PurePosixPath(path.relative_to(folder).as_posix()), _read_file(path)


def _read_file(path: Path) -> bytes:
    if path.suffix.lower() not in READ:
        return b""
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    return _check_size(content, str(path))


def _read_archive(source: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    try:
        with zipfile.ZipFile(source) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            paths = [_check_path(source, member) for member in members]
            for path, member in zip(paths, members, strict=True):
                content = b""
                if path.suffix.lower() in READ:
                    # The size that a member states is not trusted.
                    with archive.open(member) as stream:
                        content = stream.read(LARGEST_FILE + 1)
                yield path, _check_size(content, f"{path} of {source}")
    except SourceError:
        raise
    except DAMAGED as error:
        raise SourceError(f"{source} cannot be read as a zip archive: {error}") from error


def _check_path(source: Path, member: zipfile.ZipInfo) -> PurePosixPath:
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
