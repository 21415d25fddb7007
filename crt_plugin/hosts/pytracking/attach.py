"""Register CRT in a checkout of visionml's pytracking by three small files, or remove them.

The toolkit looks for trackers, parameters and experiments in its own folders. The files
contain no path and no algorithm: they import ``crt_plugin`` when the toolkit runs.
"""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

from crt_plugin.errors import MissingExtraError, SourceError
from crt_plugin.runtime.atomic import write_text

MARK = "# Written by `crt attach`; `crt attach --pytracking DIR --remove` takes it away again.\n"
DIGEST = "# SHA-256 of the lines below, by which it knows the file: "

# By place in the checkout, what the toolkit looks for there.
FILES = {
    "pytracking/tracker/crt/__init__.py": '''\
"""Convolutional Regression for Visual Tracking, from crt_plugin."""

from crt_plugin.hosts.pytracking import CRT


def get_tracker_class():
    return CRT
''',
    "pytracking/parameter/crt/__init__.py": """\
from crt_plugin.parameters import parameter_directory

__path__ = [str(parameter_directory())]
""",
    "pytracking/experiments/crt.py": '''\
"""The functions of crt_plugin's experiments/pytracking.py."""

from crt_plugin.hosts import pytracking

_functions = pytracking.experiments()


def __getattr__(name):
    return getattr(_functions, name)
''',
}

EVALUATION = "pytracking/evaluation/tracker.py"
# Words by which every version of it finds trackers and parameters.
CONVENTIONS = ("get_tracker_class", "pytracking.tracker.", "pytracking.parameter.")


def attach(directory: str | Path) -> list[Path]:
    """Write the files that are missing or from another version of this package.

    Args:
        directory: the checkout, the folder that holds the folder ``pytracking``.

    Returns:
        The files written; none if all are in place.

    Raises:
        SourceError: ``directory`` is no such checkout, or a file that ``attach`` did not write,
            or that was changed since, is in the way. Nothing is written then.
        MissingExtraError: PyPI's ``pytracking`` is installed, which breaks the checkout.
    """
    root = find_checkout(directory)
    _refuse_email_library()
    for place in FILES:
        _refuse_obstacles(root / place)
    wanted = {root / place: sign(text) for place, text in FILES.items()}
    stale = [path for path in wanted if not path.is_file() or _read(path) != wanted[path]]
    new = [path for path in stale if not path.exists()]
    try:
        for path in stale:
            write_text(path, wanted[path])
    except OSError as error:
        for path in new:
            _delete(path)
        raise SourceError(f"{root} cannot be attached to: {error}") from error
    return stale


def remove(directory: str | Path) -> list[Path]:
    """Delete the files that ``attach`` wrote, what Python compiled from them, and empty folders.

    Returns:
        The files deleted; none if nothing is attached.

    Raises:
        SourceError: ``directory`` is no checkout, or one of the files was changed since it
            was written. Nothing is deleted then.
    """
    root = find_checkout(directory)
    paths = [root / place for place in FILES]
    ours = [path for path in paths if _is_marked(path)]
    for path in ours:
        _refuse_changed(path)
    for path in paths:
        if path in ours or not path.exists():  # a missing one may have left an empty folder
            _delete(path)
    return ours


def sign(text: str) -> str:
    """``text`` below the two lines by which ``attach`` recognises its own files."""
    return f"{MARK}{DIGEST}{hashlib.sha256(text.encode()).hexdigest()}\n{text}"


def find_checkout(directory: str | Path) -> Path:
    """The folder, if it is a checkout of a known layout."""
    root = Path(directory).expanduser().absolute()
    if not (root / EVALUATION).is_file():
        inner = (root.parent / EVALUATION).is_file()
        raise SourceError(
            f"{root} is not a checkout of visionml's pytracking: it has no {EVALUATION}. "
            + (f"Its parent is one: --pytracking {root.parent}. " if inner else "")
            + "Expected: the folder that git clone makes of github.com/visionml/pytracking. "
            "PyPI's pytracking is an unrelated library for tracking e-mail, do not install it"
        )
    tracker = _read(root / EVALUATION)
    folders = [root / place.rpartition("/crt")[0] for place in FILES]
    missing = [
        f"no folder {folder.relative_to(root).as_posix()}"
        for folder in folders
        if not folder.is_dir()
    ]
    missing += [f"no {word!r} in {EVALUATION}" for word in CONVENTIONS if word not in tracker]
    if missing:
        raise SourceError(
            f"{root} is a pytracking of a layout that is not known: {', '.join(missing)}. "
            "Expected: visionml's"
        )
    return root


def _refuse_email_library() -> None:
    try:
        found = metadata.distribution("pytracking")
    except metadata.PackageNotFoundError:
        return
    if Path(str(found.locate_file(EVALUATION))).is_file():  # an installable checkout
        return
    raise MissingExtraError(
        f"pytracking {found.version} from PyPI is installed in this environment, "
        f"{found.locate_file('pytracking')}: an unrelated library for tracking e-mail, which "
        "Python finds in place of the checkout. Remove it: pip uninstall pytracking"
    )


def _refuse_obstacles(path: Path) -> None:
    """Refuse whatever ``attach`` did not write at ``path`` or where it would hide that module."""
    obstacles = [path.with_suffix("")]
    if path.name == "__init__.py":
        folder = path.parent
        inside = folder.iterdir() if folder.is_dir() else ()
        others = [other for other in inside if other.name not in (path.name, "__pycache__")]
        obstacles = [folder.with_suffix(".py"), *others]
    if _is_marked(path):
        _refuse_changed(path)
    else:
        obstacles.append(path)
    for obstacle in obstacles:
        if obstacle.exists() or obstacle.is_symlink():
            raise SourceError(
                f"{obstacle} is in the way and was not written by crt attach, so it is left "
                "alone, and nothing is attached; expected a checkout without it. Move it, or use "
                "another checkout"
            )


def _refuse_changed(path: Path) -> None:
    """Refuse to touch a file of ours that was edited."""
    text = _read(path)
    if text != sign(text.partition(DIGEST)[2].partition("\n")[2]):
        raise SourceError(
            f"{path} was written by crt attach and changed since, so it is left alone; "
            "move or delete it, then try again"
        )


def _is_marked(path: Path) -> bool:
    return path.is_file() and _read(path).startswith(MARK)


def _read(path: Path) -> str:
    """The text with plain line ends, whatever an editor wrote."""
    return path.read_text(encoding="utf-8", errors="replace")


def _delete(path: Path) -> None:
    """Delete the file, its compiled copies, and folders of its own that are empty then."""
    path.unlink(missing_ok=True)
    cache = path.parent / "__pycache__"
    for compiled in cache.glob(f"{path.stem}.*.pyc"):
        compiled.unlink()
    for folder in (cache, path.parent):
        is_own = folder.name in ("crt", "__pycache__")
        if is_own and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
