"""The commands for other toolkits: ``crt vot workspace``, ``crt vot tracker``, ``crt attach``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crt_plugin.cli.options import split
from crt_plugin.cli.terminal import fail, format_count, warn
from crt_plugin.runtime.progress import ProgressBar

ParameterFilesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--parameters",
        metavar="NAME",
        help="Parameter files, names or paths, comma-separated; may be repeated. By default, "
        "the file default, unless there are --peers.",
    ),
]

PeersOption = Annotated[
    str,
    typer.Option(help="Other trackers, comma-separated; crt trackers lists them."),
]

vot = typer.Typer(no_args_is_help=True, help="Evaluate with the VOT toolkit (extra vot).")


@vot.command()
def workspace(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or an empty folder.")],
    data: Annotated[
        list[Path],
        typer.Option(
            metavar="SEQUENCES",
            help="A sequence or a folder of sequences, of VOT or OTB; may be repeated.",
        ),
    ],
    stack: Annotated[
        str,
        typer.Option(
            metavar="STACK",
            help="short (ours), one of the toolkit's, such as vot2018/shortterm (resets) or "
            "vot2022/shorttermbox (anchors), or the path of a .yaml file.",
        ),
    ] = "short",
    parameters: ParameterFilesOption = None,
    peers: PeersOption = "",
    frames: Annotated[
        int | None, typer.Option(min=2, help="Keep this many frames of each sequence.")
    ] = None,
    sequences: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only these, comma-separated; may be repeated."),
    ] = None,
) -> None:
    """Write a workspace that the VOT toolkit can evaluate without a network."""
    from crt_plugin.hosts.vot.workspace import write_workspace

    names, only = (split(",".join(texts or [])) for texts in (parameters, sequences))
    names = names or ([] if peers else ["default"])
    with ProgressBar(description="linking frames", is_transient=True) as bar:
        written = write_workspace(
            folder, data, stack, names, _name_peers(peers), only, frames, bar.move_to
        )
    sequence_count = format_count(len(written.sequences), "sequence")
    frame_count = format_count(sum(len(s.frames) for s in written.sequences), "frame")
    trackers = " ".join(written.trackers)
    typer.echo(f"workspace {written.folder}: {sequence_count}, {frame_count}")
    for warning in written.warnings:
        warn(f"warning: {warning}")
    typer.echo(f'next      vot evaluate --workspace "{written.folder}" {trackers}')
    typer.echo(f'then      vot analysis --workspace "{written.folder}" {trackers}')
    typer.echo(f'at last   vot report --workspace "{written.folder}" {trackers}')
    typer.echo("vot exits with 0 even after errors: read what it prints")
    fail(f"{name} is left out: {text}" for name, text in written.unusable.items())


@vot.command()
def tracker(parameters: ParameterFilesOption = None, peers: PeersOption = "") -> None:
    """Print the sections that add trackers to the trackers.ini of a workspace of your own.

    The toolkit then starts them by this Python.
    """
    from crt_plugin.hosts.vot.workspace import describe_trackers

    names = split(",".join(parameters or [])) or ([] if peers else ["default"])
    typer.echo(describe_trackers(names, _name_peers(peers)))


def _name_peers(texts: str) -> dict[str, str]:
    """Trackers of the registry by their names; each is made once, to see that it can run here."""
    from crt_plugin.peers.registry import make

    return {make(text).name: text for text in split(texts)}


def attach(
    pytracking: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="The checkout of github.com/visionml/pytracking: the folder that holds "
            "pytracking/evaluation/tracker.py.",
            show_default=False,
        ),
    ],
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the files again; the checkout is as before.")
    ] = False,
) -> None:
    """Attach CRT to a checkout of visionml's pytracking with three small files, or remove them."""
    from crt_plugin.hosts.pytracking import attach as files

    paths = files.remove(pytracking) if remove else files.attach(pytracking)
    for path in paths:
        typer.echo(f"{'removed' if remove else 'wrote'} {path}")
    if not paths:
        typer.echo(f"nothing to {'remove: not' if remove else 'write: already'} attached")
    if remove:
        return
    typer.echo("next, in that folder and its environment, with crt-plugin installed there too:")
    typer.echo("  python pytracking/run_tracker.py crt hog --dataset_name otb --sequence Deer")
    typer.echo("  python pytracking/run_experiment.py crt otb_hog --threads 2")
    if not (pytracking / "pytracking" / "evaluation" / "local.py").is_file():
        typer.echo("pytracking/evaluation/local.py with your paths is missing: see INSTALL.md")
