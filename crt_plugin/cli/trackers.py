"""The command ``crt trackers``."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table


def trackers() -> None:
    """List the trackers that can take part, and what those need that cannot run here."""
    from crt_plugin.peers.opencv import opencv_advice
    from crt_plugin.peers.registry import peers

    table = Table("tracker", "from", "runs here", box=None, padding=(0, 2, 0, 0))
    for peer in peers():
        runs = f"[yellow]no[/]: {escape(peer.missing)}" if peer.missing else "yes"
        table.add_row(escape(peer.text), escape(peer.origin), runs)
    table.add_row("crt:PATH.py", "a parameter file of yours", "")
    table.add_row("module:Class", "a got10k tracker of yours", "")
    table.add_row("results:NAME", "result files, see crt results import", "")
    Console().print(table)
    advice = opencv_advice()
    if advice:
        typer.echo(advice)
