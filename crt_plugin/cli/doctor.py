"""The command ``crt doctor``."""

from __future__ import annotations

import importlib
import os
import platform
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from importlib import metadata

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crt_plugin.cli.exit_codes import INCOMPLETE
from crt_plugin.parameters import Parameters, parameter_directory
from crt_plugin.runtime.environment import OPENCV_WHEELS

EXTRAS = {  # what each extra is for, in the order of the report; others follow
    "": "needed",
    "video": "video files in and out",
    "demo": "crt demo",
    "dev": "tests, lint, types, wheels",
}


@dataclass
class Requirement:
    """One line of the package's metadata.

    Attributes:
        text: as written there, without the extra: "av>=12".
        name: the distribution: "av".
        extra: the extra that it belongs to; empty for what is always needed.
        version: the installed one; None where it is missing.
    """

    text: str
    name: str
    extra: str
    version: str | None


def doctor() -> None:
    """Say what is installed, what "auto" means here, where weights come from, what is missing.

    Exit status 1 where something that is needed is missing or broken.
    """
    console = Console()
    requirements = _requirements()
    console.print(_versions(requirements))
    console.print(_machine_facts())
    for hint in _missing_extras(requirements):
        console.print(escape(hint), soft_wrap=True)
    problems = _problems(requirements)
    for problem in problems:
        console.print(f"[bold red]problem:[/] {escape(problem)}", soft_wrap=True)
    if problems:
        raise typer.Exit(INCOMPLETE)
    console.print("No problems found.")


def _requirements() -> list[Requirement]:
    """What the installed package declares; nothing where it runs without being installed."""
    try:
        lines = metadata.requires("crt-plugin") or []
    except metadata.PackageNotFoundError:
        return []
    return [_requirement(line) for line in lines]


def _requirement(line: str) -> Requirement:
    """Parse ``av>=12; extra == 'video'``."""
    text, _, marker = line.partition(";")
    name = re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0]
    extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", marker)
    version = _opencv_version() if name in OPENCV_WHEELS else _version(name)
    return Requirement(text.strip(), name, extra.group(1) if extra else "", version)


def _opencv_version() -> str | None:
    """Version of the first OpenCV wheel found: any of them brings cv2."""
    return next(filter(None, map(_version, OPENCV_WHEELS)), None)


def _version(name: str) -> str | None:
    """Version of an installed distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _versions(requirements: list[Requirement]) -> Table:
    """Versions of Python, this package and all that it declares, by extra."""
    table = Table("package", "installed", "asked for", "for", box=None, padding=(0, 2, 0, 0))
    table.add_row("Python", platform.python_version(), ">=3.10", "")
    table.add_row("crt-plugin", _version("crt-plugin") or "[yellow]no, run in place[/]", "", "")
    for extra, members in _by_extra(requirements).items():
        for item in members:
            missing = "[red]missing[/]" if not extra else "[yellow]missing[/]"
            wanted = item.text.removeprefix(item.name)
            table.add_row(item.name, item.version or missing, wanted, extra or EXTRAS[""])
    return table


def _by_extra(requirements: list[Requirement]) -> dict[str, list[Requirement]]:
    groups: dict[str, list[Requirement]] = defaultdict(list)
    for item in requirements:
        groups[item.extra].append(item)
    order = [*EXTRAS, *groups]
    return {extra: groups[extra] for extra in sorted(groups, key=order.index)}


def _machine_facts() -> Table:
    """What "auto" means here, threads and weights."""
    import torch

    from crt_plugin.features.vgg_weights import weights_origin
    from crt_plugin.runtime.device import choose_device, explain_precision

    device = choose_device("auto")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row()
    table.add_row("machine", f"{platform.system()} {platform.machine()}, Python {sys.executable}")
    table.add_row("device auto", str(device))
    table.add_row("precision auto", explain_precision(device))
    table.add_row("threads", f"{torch.get_num_threads()} of {os.cpu_count()} processors")
    for layer in (10, 13):
        origin = weights_origin(Parameters(vgg_layer=layer))
        table.add_row(f"weights conv-{layer}", escape(origin))
    table.add_row("parameter files", escape(str(parameter_directory())))
    table.add_row()
    return table


def _missing_extras(requirements: list[Requirement]) -> list[str]:
    """A line for each extra that is not complete, with the command that completes it."""
    hints = []
    for extra, members in _by_extra(requirements).items():
        missing = [item.text for item in members if item.version is None]
        if extra and missing:
            purpose = f" ({EXTRAS[extra]})" if extra in EXTRAS else ""
            hints.append(f"extra {extra}{purpose} is not complete: {_pip_install(missing)}")
    return hints


def _pip_install(texts: list[str]) -> str:
    return "pip install " + " ".join(f'"{text}"' for text in texts)


def _problems(requirements: list[Requirement]) -> list[str]:
    """Sentences about what is missing or broken, each with its remedy."""
    from crt_plugin.features.vgg_weights import ENVIRONMENT, find_named_files

    problems = []
    missing = [item.text for item in requirements if not item.extra and item.version is None]
    if missing:
        problems.append(f"needed and not installed: {_pip_install(missing)}")
    if _version("pytracking"):
        problems.append(
            f"pytracking {_version('pytracking')} is installed, an unrelated library for tracking "
            "e-mail. visionml's pytracking is a checkout without a package, and breaks beside it: "
            "pip uninstall pytracking"
        )
    wheels = [name for name in OPENCV_WHEELS if _version(name)]
    if len(wheels) > 1:
        problems.append(
            f"{' and '.join(wheels)} are installed together and overwrite each other's cv2; keep "
            f"one: pip uninstall {' '.join(wheels)}, then pip install {wheels[0]}"
        )
    for file in find_named_files(Parameters()):
        if not file.is_file():
            problems.append(f"{ENVIRONMENT} names {file}, which does not exist")
    return problems + _broken_opencv()


def _broken_opencv() -> list[str]:
    """Whether cv2 can be loaded: bare machines lack system libraries that it needs."""
    try:
        importlib.import_module("cv2")
    except ImportError as error:
        return [
            f"OpenCV cannot be loaded ({error}). If a system library is missing, on Debian and "
            "Ubuntu: apt-get install libgl1 libglib2.0-0"
        ]
    return []
