"""Other trackers in the VOT toolkit; ``python -m crt_plugin.peers.vot opencv:nano`` serves one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from crt_plugin.peers.registry import make


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve TraX with the tracker that the argument names; needs the extra ``vot``.

    Raises:
        ParameterError: no such tracker.
        MissingExtraError: it cannot run here, or TraX is missing.
    """
    from crt_plugin.hosts.vot.server import serve

    parser = argparse.ArgumentParser(description="A tracker as a TraX server, for the VOT toolkit.")
    parser.add_argument("tracker", help="what crt evaluate --trackers takes")
    serve(make(parser.parse_args(arguments).tracker))


if __name__ == "__main__":
    main()
