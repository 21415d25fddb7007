"""Options that several commands have, and the parsers of their texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crt_plugin.parameters import parameter_names

PARAMETERS_HELP = "A parameter file: a name, or a path that ends in .py."

ParametersOption = Annotated[
    str, typer.Option(help=PARAMETERS_HELP, autocompletion=parameter_names)
]
DatasetOption = Annotated[
    str | None,
    typer.Option(
        help="By default recognised. otb (2015), otb2013, tb50, tb100, got10k, lasot, lasot-ext, "
        "trackingnet, uav123, uav123-10fps, uav20l, nfs, nfs30, nfs-pytracking, avist, dtb70, "
        "tcolor128, vot, or own: your own sequences."
    ),
]
SubsetOption = Annotated[
    str | None,
    typer.Option(
        help="Of GOT-10k: val, the default; or test, which has no scores, but a zip for the server."
    ),
]
ResultsOption = Annotated[Path, typer.Option(help="Folder of results; existing ones are kept.")]
ReportsOption = Annotated[
    Path | None,
    typer.Option(help="Folder for got10k's reports; by default, reports inside the results."),
]
TableOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write the table to this file too: Markdown (.md), CSV (.csv) or LaTeX (.tex).",
    ),
]
SequencesOption = Annotated[
    str | None, typer.Option(help="Names, comma-separated; by default, all that are there.")
]
TrackersOption = Annotated[
    str | None, typer.Option(help="Names, comma-separated; by default, all in the folder.")
]
WorkersOption = Annotated[
    int, typer.Option(min=1, help="Number of local processes that share the sequences.")
]
GROUNDTRUTH = typer.Option(help="OTB's annotations, a folder or a zip archive; no frames needed.")


def split(text: str) -> list[str]:
    """The items of a comma-separated text."""
    return [item for item in (part.strip() for part in text.split(",")) if item]


def split_names(text: str | None) -> list[str] | None:
    """The items of a comma-separated text; None if the option was not given."""
    return None if text is None else split(text)
