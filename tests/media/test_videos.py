"""Videos through PyAV and through OpenCV: turned, timed, damaged, unknown, and from a network."""

from __future__ import annotations

import functools
import http.server
import logging
import re
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from crt_plugin.errors import SourceError
from crt_plugin.media.sources import open_source
from crt_plugin.runtime.environment import advise_extra
from tests.helpers.phone import TIMES, phone_clip
from tests.helpers.track import video

av = pytest.importorskip("av", reason="the extra video is not installed")


def picture(index):
    """96 x 64 px: red in the top left corner, and a bar that moves right."""
    found = np.full((96, 64, 3), 60, np.uint8)
    found[:24, :24] = (220, 30, 30)
    found[60:, 4 * index : 4 * index + 12] = 230
    return found


PICTURES = [picture(index) for index in range(len(TIMES))]


@pytest.fixture
def without_av(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)


def read(path):
    return list(open_source(str(path)).read())


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1"])
def test_phone_clips_are_upright_and_in_time(tmp_path, codec, degrees):
    frames = read(phone_clip(tmp_path / "clip.mp4", PICTURES, codec, degrees))
    assert [frame.index for frame in frames] == list(range(len(TIMES)))
    np.testing.assert_allclose([frame.time for frame in frames], TIMES, atol=1e-4)
    for frame, expected in zip(frames, PICTURES, strict=True):
        assert frame.picture.shape == expected.shape and frame.picture.flags.c_contiguous
        assert np.abs(frame.picture.astype(int) - expected).mean() < 12


def test_opencv_gives_the_same_pictures_and_times(tmp_path, monkeypatch):
    path = phone_clip(tmp_path / "clip.mp4", PICTURES, "libx264")
    ours = read(path)
    facts = open_source(str(path))
    monkeypatch.setitem(sys.modules, "av", None)
    theirs = read(path)
    assert open_source(str(path)).length == facts.length == len(TIMES)
    np.testing.assert_allclose([f.time for f in theirs], [f.time for f in ours], atol=1e-3)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.picture.astype(int), other.picture.astype(int), atol=4)


def test_opencv_names_the_codec_that_it_does_not_decode(tmp_path, without_av, monkeypatch):
    monkeypatch.delitem(sys.modules, "av")
    path = phone_clip(tmp_path / "clip.mp4", PICTURES, "libsvtav1")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SourceError, match=f"codec is 'AV01'.*{re.escape(advise_extra('video'))}"):
        read(path)


@pytest.mark.parametrize(("container", "name"), [("mp4", "xqz1"), ("mkv", "V_XQZ4/ISO/AVC")])
def test_a_codec_that_nothing_decodes_is_named(tmp_path, container, name):
    content = phone_clip(tmp_path / f"clip.{container}", PICTURES, "libx264").read_bytes()
    for before, after in ((b"avc1", b"xqz1"), (b"V_MPEG4/ISO", b"V_XQZ4/ISO")):
        content = content.replace(before, after.ljust(len(before), b"x")[: len(before)])
    path = tmp_path / f"unknown.{container}"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"unknown\.m.* its codec, '") as caught:
        open_source(str(path))
    assert name[:7] in str(caught.value)


def test_a_file_with_sound_alone_is_named(tmp_path):
    with av.open(str(tmp_path / "song.mp4"), "w") as container:
        sound = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 16000
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    with pytest.raises(SourceError, match=r"song\.mp4 .*there is only sound in it"):
        open_source(str(tmp_path / "song.mp4"))


def test_a_damaged_frame_in_the_middle_is_left_out_and_said(tmp_path, caplog):
    """Of Motion JPEG, whose frames stand for themselves, the start of the fourth is garbled."""
    path = video(tmp_path / "clip.avi")
    content = bytearray(path.read_bytes())
    starts = [k for k in range(len(content)) if content[k : k + 3] == b"\xff\xd8\xff"]
    content[starts[3] : starts[3] + 400] = bytes(400)
    whole = read(path)
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        found = read(path)
    assert len(found) == len(whole) - 1 == 7
    assert "damage before frame 3 is left out" in caplog.text
    np.testing.assert_allclose([f.time for f in found[2:4]], [0.2, 0.4], atol=1e-6)


# --------------------------------------------------------------------- addresses and patterns


@pytest.fixture
def server(tmp_path):
    """The address of a server of ``tmp_path``."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=str(tmp_path))
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    thread.join()


def test_a_video_at_an_address(tmp_path, server):
    video(tmp_path / "my clip.avi")
    source = open_source(f"{server}/my%20clip.avi?token=1")
    assert (source.name, source.is_live) == ("my_20clip", False)
    assert len(list(source.frames())) == 8
    with pytest.raises(SourceError, match=r"missing\.mp4 cannot be opened as a video"):
        open_source(f"{server}/missing.mp4")


def test_a_stream_is_live_and_opened_once_it_is_read():
    source = open_source("rtsp://user:secret@127.0.0.1:9/yard")
    assert (source.name, source.is_live, source.length) == ("yard", True, None)
    assert open_source("rtsp://127.0.0.1:9").name == "127.0.0.1"
    with pytest.raises(SourceError, match="cannot be opened as a video"):
        next(source.read())


def write_images(folder, names):
    folder.mkdir()
    for place, name in enumerate(names):
        Image.fromarray(np.full((8, 9, 3), 10 * place, np.uint8)).save(folder / name)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("%05d.png", ["00009.png", "00010.png", "00011.png"]),
        ("f%d.png", ["f9.png", "f10.png", "f11.png"]),
        ("a.%03d.b.png", ["a.099.b.png", "a.100.b.png"]),
        ("%02d.png", ["98.png", "99.png", "100.png"]),
    ],
)
def test_numbered_images(tmp_path, pattern, names):
    write_images(tmp_path / "seq", names)
    write_images(tmp_path / "seq" / "x", ["1.png"])
    for other in ("notes.txt", "f9.jpg", "g9.png"):
        (tmp_path / "seq" / other).touch()
    source = open_source(str(tmp_path / "seq" / pattern))
    assert (source.name, source.length) == ("seq", len(names))
    assert [int(one[0, 0, 0]) for one in source.frames()] == [10 * k for k in range(len(names))]


def test_a_gap_in_numbered_images_and_none_at_all_are_named(tmp_path):
    write_images(tmp_path / "seq", ["0001.png", "0002.png", "0004.png"])
    with pytest.raises(SourceError, match=r"0003\.png is missing, and .*0004\.png is there"):
        open_source(str(tmp_path / "seq" / "%04d.png"))
    for pattern in ("seq/%05d.png", "nowhere/%04d.png"):
        with pytest.raises(SourceError, match="no images in"):
            open_source(str(tmp_path / pattern))
