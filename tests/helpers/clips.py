"""The demo's clips for tests."""

from __future__ import annotations

import pytest

from crt_plugin.errors import MissingExtraError
from crt_plugin.media.clips import CLIPS, open_clip
from crt_plugin.media.sources import Source


def clip(name: str) -> Source:
    """A clip by its name; the test is skipped where its carrier is not installed."""
    try:
        return open_clip(CLIPS[name])
    except MissingExtraError as error:
        pytest.skip(str(error))
