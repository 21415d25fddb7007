"""A workspace of the VOT toolkit, and sections of ``trackers.ini`` for other workspaces.

The workspace is complete and needs no network. It holds config.yaml, trackers.ini, the stack of
experiments unless it is the toolkit's, and for each sequence its metadata, groundtruth.txt,
anchor.value and links to its frames. With sequences/list.txt the toolkit downloads nothing.
"""

from __future__ import annotations

import configparser
import importlib.util
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from PIL import Image

from crt_plugin.errors import MissingExtraError, ParameterError, SourceError
from crt_plugin.hosts.vot.sequences import VOTSequence, frame_suffix, read_sequences
from crt_plugin.parameters import load_parameters
from crt_plugin.runtime.atomic import make_scratch_folder
from crt_plugin.runtime.environment import advise_extra

# Later toolkits cannot run reset-based and anchor-based experiments; attributee 0.1.10 breaks
# the toolkit on Python 3.11.
WANTED = {
    "vot-toolkit": ("0.7.4", r"0\.7\.4"),
    "vot-trax": ("4.0.2", r"4\.0\.2"),
    "attributee": ("0.1.8 or 0.1.9", r"0\.1\.[89]"),
}
# Our own stacks
STACKS = {file.stem: file for file in sorted(Path(__file__).with_name("stacks").glob("*.yaml"))}
TIMEOUT = 600  # seconds for a reply; training on a slow machine takes more than the default 30
PACKAGE = Path(__file__).resolve().parents[3]  # folder that crt_plugin is imported from


@dataclass(frozen=True)
class Workspace:
    """What was written.

    Attributes:
        folder: the workspace.
        sequences: in the order of list.txt.
        trackers: identifiers, for ``vot evaluate``.
        warnings: metrics that cannot be measured.
        unusable: what is wrong with each sequence that is left out.
    """

    folder: Path
    sequences: list[VOTSequence]
    trackers: list[str]
    warnings: list[str]
    unusable: dict[str, str]


def require_toolkit() -> None:
    """Raise ``MissingExtraError`` if one of ``WANTED`` is missing or has another version."""
    for name, (wanted, pattern) in WANTED.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = ""
        if not re.fullmatch(pattern, version):
            state = f"{name} {version} is" if version else f"{name} is not"
            raise MissingExtraError(
                f"{state} installed; expected {wanted}, the extra's: {advise_extra('vot')}"
            )


def write_workspace(
    folder: Path,
    data: Sequence[Path],
    stack: str = "short",
    parameters: Sequence[str] = ("default",),
    peers: Mapping[str, str] | None = None,
    names: Sequence[str] = (),
    frames: int | None = None,
    on_sequence: Callable[[int, int], None] = lambda done, total: None,
) -> Workspace:
    """Write a workspace, which appears only when it is complete.

    Args:
        folder: must not exist, or be empty.
        data: folders of sequences, see ``sequences.EXPECTED``.
        stack: one of ours, one of the toolkit's, or the path of a .yaml file.
        parameters: parameter files, each of which becomes a tracker ``CRT-<name>``.
        peers: other trackers: what ``peers.registry.make`` takes, by their names.
        names: which sequences; empty means all.
        frames: number of frames to keep of each; None keeps all.
        on_sequence: called with the number of sequences done and of all.

    Raises:
        MissingExtraError: see ``require_toolkit``.
        SourceError: see ``read_sequences``, where sequences with unannotated frames cannot be used
            if the stack resets trackers; or a ``folder`` that is not empty.
        ParameterError: an unknown stack or parameter file, or two of one name.
    """
    require_toolkit()
    stack_name, stack_file = resolve_stack(stack)
    registry = _make_registry(parameters, peers or {})
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise SourceError(f"{folder} is there already; expected a new or an empty folder")
    experiments = _read_experiments(stack, stack_file)
    is_reset = any(experiment.get("type") == "supervised" for experiment in experiments.values())
    check = partial(_refuse_absent, stack) if is_reset else lambda sequence: None
    sequences, unusable = read_sequences(data, names, frames, check)
    warnings = _warn_of_limits(stack, experiments, sequences)

    with make_scratch_folder(folder.parent, folder.name) as work:
        for done, sequence in enumerate(sequences):
            on_sequence(done, len(sequences))
            _write_sequence(work / "sequences" / sequence.name, sequence)
        _write(work / "sequences" / "list.txt", [sequence.name for sequence in sequences])
        if stack_name == stack_file.name:
            shutil.copyfile(stack_file, work / stack_name)
        # The toolkit opens the registry with the encoding of the system.
        with (work / "trackers.ini").open("w", encoding=None) as file:
            registry.write(file)
        _write(work / "config.yaml", ["registry: [./trackers.ini]", f"stack: {stack_name}"])
        if folder.exists():
            folder.rmdir()
        work.rename(folder)
    on_sequence(len(sequences), len(sequences))
    return Workspace(folder, sequences, registry.sections(), warnings, unusable)


def resolve_stack(stack: str) -> tuple[str, Path]:
    """The stack's name in config.yaml, and its file.

    The toolkit's stacks keep their names; others are copied beside config.yaml.

    Raises:
        ParameterError: no such stack.
    """
    from vot.stack import resolve_stack as find_in_toolkit

    if stack in STACKS:
        return f"{stack}.yaml", STACKS[stack]
    path = Path(stack)
    if path.suffix == ".yaml" and path.is_file():
        return path.name, path
    found = None if path.suffix == ".yaml" else find_in_toolkit(stack)
    if found is None:
        raise ParameterError(
            f"no stack {stack!r}; expected {', '.join(STACKS)}, one of the toolkit's, such "
            "as vot2018/shortterm or vot2022/shorttermbox, or the path of a .yaml file"
        )
    return stack, Path(found)


def _read_experiments(stack: str, file: Path) -> dict[str, Any]:
    """The experiments of a stack; an error if one of them is of several objects."""
    import yaml

    try:
        experiments = dict(yaml.safe_load(file.read_text(encoding="utf-8"))["experiments"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise ParameterError(f"stack {file} has no readable experiments: {error}") from error
    several = [name for name, experiment in experiments.items() if experiment.get("multiobject")]
    if several:
        raise ParameterError(
            f"stack {stack} tracks several objects at once (VOTS) in {', '.join(several)}, which "
            f"is not supported; expected a stack of one object, such as {', '.join(STACKS)}, "
            "vot2018/shortterm or vot2022/shorttermbox"
        )
    return experiments


def _refuse_absent(stack: str, sequence: VOTSequence) -> None:
    """Raise ``SourceError`` for unannotated frames: a stack with resets counts them as failures."""
    if sequence.absent:
        frame = sequence.absent[0]
        raise SourceError(
            f"{sequence.name} has no region in {len(sequence.absent)} frames, first in row "
            f"{frame + 1} of {sequence.annotation}; stack {stack} resets trackers, and takes such "
            f"a frame for a failure. Expected: --frames {frame} or fewer, other --sequences, or a "
            "stack of anchors alone, such as vot2022/shorttermbox"
        )


def _warn_of_limits(
    stack: str, experiments: Mapping[str, Any], sequences: Sequence[VOTSequence]
) -> list[str]:
    """A warning for each experiment whose EAO no sequence is long enough for."""
    longest = max(len(sequence.frames) for sequence in sequences)
    limits = {name: _eao_limit(experiment) for name, experiment in experiments.items()}
    return [
        f"EAO of {name} will be 0 or nan: stack {stack} averages over runs of up to {limit} "
        f"frames, and the longest sequence has {longest}"
        for name, limit in limits.items()
        if limit >= longest
    ]


def _eao_limit(experiment: dict[str, Any]) -> int:
    """Longest run that an experiment's EAO score averages over; 0 without such a score."""
    scores = [a for a in experiment.get("analyses", []) if str(a["type"]).endswith("_eao_score")]
    return max((int(score["high"]) for score in scores), default=0)


def describe_trackers(parameters: Sequence[str], peers: Mapping[str, str] | None = None) -> str:
    """Sections of a ``trackers.ini`` that start each tracker by this Python.

    Args:
        parameters, peers: see ``write_workspace``.

    Raises:
        ParameterError: an unknown parameter file, or two trackers of one name.
        MissingExtraError: this Python has no TraX, by which the toolkit talks with the tracker.
    """
    if importlib.util.find_spec("trax") is None:
        raise MissingExtraError(
            f"TraX is not installed here; the tracker needs it: {advise_extra('vot')}"
        )
    text = io.StringIO()
    _make_registry(parameters, peers or {}).write(text)
    return text.getvalue().rstrip("\n")


def _make_registry(
    parameters: Sequence[str], peers: Mapping[str, str]
) -> configparser.ConfigParser:
    """The trackers in the toolkit's format, started by this Python."""
    commands = []
    for name in parameters:
        load_parameters(name)
        path = Path(name)
        given = path.resolve().as_posix() if path.suffix == ".py" else name
        command = f"from crt_plugin.hosts.vot import main; main(['--parameters', {given!r}])"
        commands.append((f"CRT-{path.stem}", command))
    for name, text in peers.items():
        commands.append((name, f"from crt_plugin.peers.vot import main; main([{text!r}])"))
    registry = configparser.ConfigParser()
    for name, command in commands:
        identifier = re.sub(r"[^A-Za-z0-9_-]", "-", name)
        if registry.has_section(identifier):
            raise ParameterError(f"two trackers are called {identifier}; expected each name once")
        settings = {
            "label": identifier,
            "protocol": "traxpython",
            "command": command,
            "python": f'"{sys.executable}"' if " " in sys.executable else sys.executable,
            "timeout": str(TIMEOUT),
        }
        if not _is_importable():
            settings["paths"] = str(PACKAGE)
        registry[identifier] = {key: value.replace("%", "%%") for key, value in settings.items()}
    return registry


def _is_importable() -> bool:
    """Whether a new process of this Python finds this package; it may not, in a checkout.

    The toolkit starts trackers in a folder of their own, with a PYTHONPATH of its own.
    """
    code = "import importlib.util as u; s = u.find_spec('crt_plugin'); print(s and s.origin)"
    done = subprocess.run(
        [sys.executable, "-E", "-c", code],
        cwd=Path(sys.executable).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.strip()).resolve() == PACKAGE / "crt_plugin" / "__init__.py"


def _write_sequence(folder: Path, sequence: VOTSequence) -> None:
    suffix = frame_suffix(sequence.frames[0])
    (folder / "color").mkdir(parents=True)
    for number, frame in enumerate(sequence.frames, start=1):
        link(frame, folder / "color" / f"{number:08d}{suffix}")
    with Image.open(sequence.frames[0]) as image:
        width, height = image.size
    _write(folder / "groundtruth.txt", sequence.regions)
    _write(folder / "anchor.value", map(str, sequence.anchors))
    _write(
        folder / "sequence",
        [
            f"channels.color=color/%08d{suffix}",
            "format=default",
            f"fps={sequence.fps}",
            f"width={width}",
            f"height={height}",
            f"length={len(sequence.frames)}",
        ],
    )


def link(source: Path, target: Path) -> None:
    """Make a symbolic link, a hard link or a copy, the first that the system allows.

    Windows allows symbolic links to privileged users only, and hard links within one drive.
    """
    source = source.resolve()
    for attempt in (target.symlink_to, target.hardlink_to):
        try:
            attempt(source)
        except (OSError, NotImplementedError):
            continue
        return
    shutil.copyfile(source, target)


def _write(file: Path, lines: Any) -> None:
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
