"""The application ``crt``: its commands, and what becomes of their errors.

Help and typing errors are answered at once: no module of this folder imports torch, OpenCV, numpy
or a toolkit before a command runs, but ``tracking``, which commands import when they run.
"""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from crt_plugin import __version__
from crt_plugin.cli import results
from crt_plugin.cli.bench import bench
from crt_plugin.cli.doctor import doctor
from crt_plugin.cli.evaluate import evaluate, trackers
from crt_plugin.cli.paper import paper
from crt_plugin.cli.parameters import parameters
from crt_plugin.cli.report import report
from crt_plugin.cli.terminal import INTERRUPTED, WRONG_INPUT, warn
from crt_plugin.cli.toolkits import attach, vot
from crt_plugin.cli.track import demo, track
from crt_plugin.errors import CRTError
from crt_plugin.runtime.environment import KERNEL
from crt_plugin.runtime.process import prepare_process


class Commands(TyperGroup):
    """The commands; an error that is raised on purpose becomes one line, not a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Raises:
            Exit: with ``WRONG_INPUT`` or ``INTERRUPTED``.
        """
        prepare_process()
        # https://no-color.org, which rich respects by itself; and a cell of a notebook
        if os.environ.get("NO_COLOR") or KERNEL in os.environ:
            ctx.color = False
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader of a pipe is gone, which typer passes over
            raise
        except (CRTError, OSError) as error:
            line = " ".join(str(error).split())
            typer.secho(f"error: {line}", fg=typer.colors.RED, err=True)
            raise typer.Exit(WRONG_INPUT) from error
        except KeyboardInterrupt as error:
            warn("interrupted")
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"crt-plugin {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Track an object with convolutional regression (arXiv 1611.04215)."""


for command in (track, demo, parameters, doctor, bench, evaluate, trackers, paper, report, attach):
    app.command()(command)
app.add_typer(results.app, name="results")
app.add_typer(vot, name="vot")
