"""The command ``crt doctor``."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Iterable

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crt_plugin.cli.terminal import INCOMPLETE, make_table
from crt_plugin.parameters import Parameters, parameter_directory
from crt_plugin.runtime.environment import (
    OPENCV_WHEELS,
    Requirement,
    find_version,
    read_requirements,
)

EXTRAS = {  # what each extra is for, in the order of the report; others follow
    "": "needed",
    "video": "video files in and out",
    "demo": "crt demo",
    "engine": "networks through OpenVINO",
    "dev": "tests, lint, types, wheels",
}


def doctor() -> None:
    """Report what is installed and missing, what "auto" means here, and where weights are from.

    Exit status 1 if something that is needed is missing or broken.
    """
    console = Console()
    found = read_requirements()
    by_extra = {extra: found[extra] for extra in dict.fromkeys([*EXTRAS, *found]) if extra in found}
    console.print(_tabulate_versions(by_extra))
    console.print(_tabulate_machine())
    for extra, items in by_extra.items():
        if extra and (missing := _missing(items)):
            purpose = f" ({EXTRAS[extra]})" if extra in EXTRAS else ""
            hint = f"extra {extra}{purpose} is not complete: {missing}"
            console.print(escape(hint), soft_wrap=True)
    problems = _find_problems(by_extra.get("", []))
    for problem in problems:
        console.print(f"[bold red]problem:[/] {escape(problem)}", soft_wrap=True)
    if problems:
        raise typer.Exit(INCOMPLETE)
    console.print("No problems found.")


def _tabulate_versions(by_extra: dict[str, list[Requirement]]) -> Table:
    """Versions of Python, this package and all that it asks for."""
    table = make_table("package", "installed", "asked for", "for")
    table.add_row("Python", platform.python_version(), ">=3.10", "")
    table.add_row("crt-plugin", find_version("crt-plugin") or "[yellow]no, run in place[/]", "", "")
    for extra, items in by_extra.items():
        missing = "[yellow]missing[/]" if extra else "[red]missing[/]"
        for item in items:
            wanted = item.text.removeprefix(item.name)
            table.add_row(item.name, item.version or missing, wanted, extra or EXTRAS[""])
    return table


def _tabulate_machine() -> Table:
    """What "auto" means here, threads and weights."""
    import torch

    from crt_plugin.features import mobilenet_weights, vgg_weights
    from crt_plugin.runtime.device import choose_device, explain_precision

    device = choose_device("auto")
    table = make_table(show_header=False)
    table.add_row()
    table.add_row("machine", f"{platform.system()} {platform.machine()}, Python {sys.executable}")
    table.add_row("device auto", str(device))
    table.add_row("precision auto", explain_precision(device))
    table.add_row("threads", f"{torch.get_num_threads()} of {os.cpu_count()} processors")
    for layer in (10, 13):
        origin = vgg_weights.find_origin(Parameters(vgg_layer=layer))
        table.add_row(f"weights conv-{layer}", escape(origin))
    table.add_row("weights MobileNetV2", escape(mobilenet_weights.find_origin(Parameters())))
    table.add_row("parameter files", escape(str(parameter_directory())))
    table.add_row()
    return table


def _missing(items: Iterable[Requirement]) -> str:
    """The command that installs what is missing; "" if nothing is."""
    texts = [f'"{item.text}"' for item in items if item.version is None]
    return f"pip install {' '.join(texts)}" if texts else ""


def _find_problems(needed: Iterable[Requirement]) -> list[str]:
    """Sentences about what is missing or broken, each with its remedy."""
    from crt_plugin.features.network_weights import NETWORKS

    problems = []
    if missing := _missing(needed):
        problems.append(f"needed and not installed: {missing}")
    if version := find_version("pytracking"):
        problems.append(
            f"pytracking {version} is installed, an unrelated library for tracking e-mail. "
            "visionml's pytracking is a checkout, not a package, and does not work beside it: pip "
            "uninstall pytracking"
        )
    wheels = [name for name in OPENCV_WHEELS if find_version(name)]
    if len(wheels) > 1:
        problems.append(
            f"{' and '.join(wheels)} are installed together and overwrite each other's cv2; keep "
            f"one, as {wheels[-1]}: pip uninstall -y {' '.join(wheels)}, then "
            f"pip install --no-deps {wheels[-1]}"  # opencv-python, the first, comes unasked
        )
    for network in NETWORKS.values():
        for file in network.find_files(Parameters()):
            if not file.is_file():
                problems.append(f"{network.ENVIRONMENT} names {file}, which does not exist")
    try:
        importlib.import_module("cv2")
    except ImportError as error:
        problems.append(
            f"OpenCV cannot be loaded ({error}). If a system library is missing, on Debian and "
            "Ubuntu: apt-get install libgl1 libglib2.0-0"
        )
    return problems
