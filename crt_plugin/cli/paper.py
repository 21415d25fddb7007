"""The command ``crt paper``: it runs the scripts of ``experiments/``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from crt_plugin.cli.options import ResultsOption, SequencesOption, WorkersOption, split_names
from crt_plugin.cli.scores import prepare_host
from crt_plugin.errors import ParameterError
from crt_plugin.runtime.python_files import bundled_folder, load_python_file

ORDER = ("table1", "table2", "table3", "table4", "figure2", "figure3", "figure4", "figure5")


def paper(
    data: Annotated[
        Path | None,
        typer.Option(help="OTB's folder, or a part of it. Without it, no tracker runs."),
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Comma-separated: table1 to table4, figure2 to figure5.")
    ] = None,
    results: ResultsOption = Path("results"),
    output: Annotated[
        Path, typer.Option(help="Folder for tables, pictures and summary.md.")
    ] = Path("paper"),
    rivals: Annotated[
        Path | None,
        typer.Option(help="Published results of other trackers: an archive or a folder."),
    ] = None,
    groundtruth: Annotated[
        Path | None,
        typer.Option(help="OTB's annotations, archive or folder, to score rivals on all targets."),
    ] = None,
    sequences: SequencesOption = None,
    workers: WorkersOption = 1,
) -> None:
    """Make the paper's tables and figures from OTB, ours beside the paper's.

    No tracker runs twice on a sequence, and a stopped run resumes.
    """
    prepare_host()
    from crt_plugin.paper.reproduction import Reproduction, ScriptOutput
    from crt_plugin.paper.script import show, write_summary

    scripts = find_scripts(split_names(only))
    names = split_names(sequences)
    reproduction = Reproduction(results, output, data, rivals, groundtruth, names, workers)
    console = Console()
    outcomes: dict[str, ScriptOutput] = {}
    for name, file in scripts.items():
        console.rule(name)
        outcomes[name] = load_python_file(file).make(reproduction)
        show(outcomes[name], console)
    typer.echo(f"summary  {write_summary(outcomes, output)}")


def find_scripts(only: list[str] | None = None) -> dict[str, Path]:
    """Scripts by the short name of their table or figure, in the paper's order.

    Args:
        only: short names (``table2``), or the files' (``table2_mining``); None: all.

    Raises:
        ParameterError: one of them is not a table or figure of the paper.
    """
    folder = bundled_folder("experiments")
    files = {name: next(folder.glob(f"{name}_*.py")) for name in ORDER}
    if only is None:
        return files
    by_name = files | {file.stem: file for file in files.values()}
    unknown = [name for name in only if name not in by_name]
    if unknown or not only:
        raise ParameterError(
            f"no table or figure {', '.join(unknown) or 'at all'}; expected {', '.join(ORDER)}"
        )
    chosen = {by_name[name] for name in only}
    return {name: file for name, file in files.items() if file in chosen}
