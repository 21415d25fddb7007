"""The clip of ``crt demo``: one shot of Big Buck Bunny, with boxes annotated by hand.

(c) copyright 2008, Blender Foundation, www.bigbuckbunny.org, Creative Commons Attribution 3.0; see
NOTICE.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from crt_plugin.media.annotations import read_key_frames
from crt_plugin.media.sources import Source, open_source

CLIP = "rabbit"  # 132 frames of 1280 x 720 px, 25 a second; the head is visible in all of them
SUBJECT = "the head of the rabbit in Big Buck Bunny"


def open_clip() -> Source:
    """The clip's frames, and boxes of its key frames."""
    folder = Path(__file__).parent / "assets"
    annotation = read_key_frames(folder / f"{CLIP}.csv")
    return replace(open_source(str(folder / f"{CLIP}.mp4")), name=CLIP, annotations={1: annotation})
