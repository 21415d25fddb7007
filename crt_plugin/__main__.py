"""``python -m crt_plugin`` is the command ``crt``."""

from crt_plugin.cli import app

app(prog_name="crt")
