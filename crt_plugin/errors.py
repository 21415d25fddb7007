"""Every error that the package raises on purpose.

Each message names the wrong value and what is expected. All derive from ``CRTError``, so that
one ``except`` catches them, and from a builtin error, for code that does not know this package.
"""

from collections.abc import Mapping


class CRTError(Exception):
    """Base of all errors of this package."""


class BoxError(CRTError, ValueError):
    """A box that is not four finite numbers, has no area, or misses the frame."""


class ImageError(CRTError, ValueError):
    """A frame of a wrong type, shape or range."""


class NotInitialisedError(CRTError, RuntimeError):
    """``update`` was called before ``init``."""


class ParameterError(CRTError, ValueError):
    """An unknown setting, an impossible value, or a parameter file that does not load."""


class FeatureError(CRTError, ValueError):
    """An unknown feature or layer, or features that cannot be combined."""


class WeightsError(CRTError, OSError):
    """Network weights that are missing, damaged or of another network."""


class SourceError(CRTError, OSError):
    """A video, folder, glob, sequence or camera that is missing, unreadable or empty."""


class FrameError(CRTError, OSError):
    """A frame in the middle of a source that cannot be decoded; names the frame."""


class MissingExtraError(CRTError, ImportError):
    """An optional package that the called function needs; says how to install it."""


class BenchError(CRTError, RuntimeError):
    """A measurement whose process failed; names it and the reason."""


class StorageError(CRTError, OSError):
    """A result that cannot be written (full disk, read-only folder); names file and reason."""


class ClusterError(CRTError, RuntimeError):
    """A cluster that cannot be reached, or a worker that cannot work; names it and the reason."""


def join_problems(problems: Mapping[str, str]) -> str:
    """What is wrong with each sequence, in one line."""
    return "; ".join(f"{name}: {problem}" for name, problem in problems.items())
