"""``crt attach``: make CRT known to a checkout of visionml's pytracking."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def attach(
    pytracking: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="The checkout of github.com/visionml/pytracking, the folder that holds "
            "pytracking/evaluation/tracker.py.",
            show_default=False,
        ),
    ],
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the files away; the checkout is as before.")
    ] = False,
) -> None:
    """Attach CRT to a checkout of visionml's pytracking by three small files, or remove them."""
    from crt_plugin.hosts.pytracking import attach as files

    if remove:
        _list_files("removed", files.remove(pytracking), "nothing to remove: not attached")
        return
    _list_files("wrote", files.attach(pytracking), "already attached, nothing to write")
    typer.echo("next, in that folder and with its environment, crt-plugin installed there too:")
    typer.echo("  python pytracking/run_tracker.py crt hog --dataset_name otb --sequence Deer")
    typer.echo("  python pytracking/run_experiment.py crt otb_hog --threads 2")
    if not (pytracking / "pytracking" / "evaluation" / "local.py").is_file():
        typer.echo("its pytracking/evaluation/local.py with your paths is missing: see INSTALL.md")


def _list_files(done: str, paths: list[Path], nothing: str) -> None:
    for path in paths:
        typer.echo(f"{done} {path}")
    if not paths:
        typer.echo(nothing)
