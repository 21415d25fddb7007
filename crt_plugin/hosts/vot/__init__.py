"""CRT in the VOT toolkit; ``python -m crt_plugin.hosts.vot`` is what the toolkit starts."""

from collections.abc import Sequence

from crt_plugin.runtime.process import prepare_process


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve TraX, see ``server.main``, which needs the extra ``vot``."""
    prepare_process()
    from crt_plugin.hosts.vot import server

    server.main(arguments)
