"""Other trackers in the VOT toolkit; ``python -m crt_plugin.peers.vot opencv:nano`` serves one."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from crt_plugin.peers.registry import make


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve TraX with the tracker that the argument names; needs the extra ``vot``.

    Raises:
        ParameterError: no such tracker.
        MissingExtraError: it cannot run here, or TraX is missing.
    """
    from crt_plugin.hosts.vot.server import serve

    (text,) = sys.argv[1:] if arguments is None else arguments
    serve(make(text))


if __name__ == "__main__":
    main()
