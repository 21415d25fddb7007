"""A tracker for the VOT toolkit, which starts this process and talks TraX with it.

VOT counts pixels from 0, got10k's trackers from 1; TraX sends four decimals. The server accepts
rectangles only, so that TraX turns a polygon into the upright rectangle around its corners, as the
toolkit's ``Polygon.convert`` does: width and height are the largest minus the smallest coordinate.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from crt_plugin.errors import CRTError, MissingExtraError, SourceError
from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.hosts.got10k.toolkit import Tracker
from crt_plugin.runtime.environment import advise_extra

try:
    import trax
except ImportError as missing:
    raise MissingExtraError(
        f"TraX is not installed; the VOT toolkit needs it: {advise_extra('vot')}"
    ) from missing


def main(arguments: Sequence[str] | None = None) -> None:
    """Read ``--parameters NAME``, load the tracker and serve until the toolkit ends it."""
    parser = argparse.ArgumentParser(description="CRT as a TraX server, for the VOT toolkit.")
    parser.add_argument("--parameters", default="default", help="name or path of a parameter file")
    name = parser.parse_args(arguments).parameters
    serve(GOT10kTracker(name))


def serve(tracker: Tracker) -> None:
    """Answer TraX requests with boxes, and with the scores of CRT.

    Args:
        tracker: got10k's, or with its interface.

    Raises:
        CRTError: the tracker raised; names the frame, and the toolkit reports it.
    """
    with trax.Server(
        [trax.Region.RECTANGLE], [trax.Image.PATH], tracker_name=tracker.name
    ) as server:
        while (request := server.wait()).type != trax.TraxStatus.QUIT:
            path = request.image["color"].path()
            try:
                with Image.open(path) as image:
                    if request.type == trax.TraxStatus.INITIALIZE:
                        box = np.array(_only_region(request.objects).bounds())
                        tracker.init(image, box + FIRST_PIXEL)
                    else:
                        box = tracker.update(image) - FIRST_PIXEL
            except Exception as error:  # of any kind: the toolkit knows the sequence, not the frame
                raise CRTError(f"frame {path}: {type(error).__name__}: {error}") from error
            properties = {}
            if isinstance(tracker, GOT10kTracker):
                _, properties["confidence"] = tracker.confidences[-1]
            server.status([(trax.Rectangle.create(*box), properties)])


def _only_region(objects: Sequence[Any]) -> Any:
    """The region of a single object; of several, none could be left out without a word."""
    if len(objects) != 1:
        raise SourceError(f"{len(objects)} objects, as VOTS has; expected one")
    region, _ = objects[0]
    return region
