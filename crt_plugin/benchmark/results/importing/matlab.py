"""The benchmark's MATLAB files, read in a process of their own.

scipy's reader is compiled code, which a damaged file can crash: only the child ends then, and the
import of other files goes on.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from crt_plugin.benchmark.results.importing.archives import LARGEST_FILE
from crt_plugin.errors import MissingExtraError, SourceError

CHILD = Path(__file__).with_name("matlab_child.py")
TIMEOUT = 60.0  # s for one file, which takes ms
PACKED = 15  # type of a compressed element


class MatlabReader:
    """Reads result files, one after the other, in a child that is started for the first."""

    def __init__(self) -> None:
        self._child: Any = None

    def __enter__(self) -> MatlabReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read_boxes(self, content: bytes) -> list[list[float]]:
        """``results{1}.res`` of one run: rectangles, not checked yet.

        Raises:
            MissingExtraError: no scipy.
            SourceError: damaged, too large unpacked, or no results of one run.
        """
        check_unpacked_size(content)
        child = self._start()
        watch = threading.Timer(TIMEOUT, child.kill)
        watch.start()
        try:
            child.stdin.write(len(content).to_bytes(8, "big") + content)
            child.stdin.flush()
            length = int.from_bytes(child.stdout.read(8), "big")
            text = child.stdout.read(length)
            if not text or len(text) < length:
                raise BrokenPipeError("it ended without an answer")
        except OSError as error:
            self._end()
            raise SourceError("no results of the benchmark in it (its reader crashed)") from error
        finally:
            watch.cancel()
        answer = json.loads(text)
        if "error" in answer:
            raise SourceError(answer["error"])
        found: list[list[float]] = answer["boxes"]
        return found

    def _start(self) -> Any:
        if self._child is None:
            if not _has_scipy():
                raise MissingExtraError("MATLAB files need scipy: pip install scipy")
            command = [sys.executable, "-I", str(CHILD)]  # -I: no modules of the present folder
            pipe = subprocess.PIPE
            self._child = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
            )
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None


def _has_scipy() -> bool:
    try:
        return importlib.util.find_spec("scipy.io.matlab") is not None
    except (ImportError, ValueError):  # no scipy; or barred from being imported
        return False


def check_unpacked_size(content: bytes) -> None:
    """Raise ``SourceError`` where a MATLAB file's packed elements come to too much.

    After a header of 128 bytes: elements of type and length, 4 bytes each, and their content.
    """
    order = ">" if content[126:128] == b"MI" else "<"
    place, left = 128, LARGEST_FILE
    while place + 8 <= len(content):
        kind, length = np.frombuffer(content[place : place + 8], order + "u4").tolist()
        place += 8
        if kind == PACKED:
            left -= _unpack(content[place : place + length], left + 1)
        if left < 0:
            raise SourceError(f"it unpacks to more than {LARGEST_FILE} bytes; expected up to that")
        place += length


def _unpack(packed: bytes, most: int) -> int:
    """Unpack, and count the bytes that come out, up to ``most``."""
    try:
        return len(zlib.decompressobj().decompress(packed, most))
    except zlib.error as error:
        raise SourceError(f"no results of the benchmark in it ({error})") from error
