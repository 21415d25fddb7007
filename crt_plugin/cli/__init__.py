"""The command line, one module a command."""

from crt_plugin.cli.main import app

__all__ = ["app"]
