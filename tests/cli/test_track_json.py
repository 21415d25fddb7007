"""What ``crt track`` says to scripts: one JSON object, whatever happened."""

from __future__ import annotations

import json
from pathlib import Path

from tests.helpers.track import BOX, FAST, crt, image_folder

WORDS = ("--box", f"left={BOX}", "--box", "90,20,24,16", "--json", *FAST)


def test_the_summary_is_one_object_and_names_every_file(tmp_path):
    image_folder(tmp_path / "seq")
    formats = ("--format", "otb", "--format", "coco", "--no-video", "--lost-below", "0.1")
    result = crt("track", tmp_path / "seq", *WORDS, *formats, "--output", tmp_path / "o")
    summary = json.loads(result.stdout)
    assert (summary["complete"], summary["frames"]) == (True, 8) and summary["fps"] > 0
    assert [each["id"] for each in summary["objects"]] == ["left", 2]
    assert all(0 <= each["lost"] <= 7 for each in summary["objects"])
    written = [path for paths in summary["files"].values() for path in paths]
    assert {*written, str(tmp_path / "o" / "run.json")} == set(map(str, (tmp_path / "o").iterdir()))
    assert [Path(path).name for path in summary["files"]["otb"]] == ["otb.left.txt", "otb.2.txt"]
    coco = json.loads((tmp_path / "o" / "coco.json").read_text())
    assert [image["file_name"] for image in coco["images"]] == [f"f{k}.png" for k in range(1, 9)]
    assert len(coco["annotations"]) == 16


def test_the_annotation_is_compared(tmp_path):
    image_folder(tmp_path / "Toy" / "img")
    lines = (f"{41 + 3 * i}\t{51 + i}\t24\t16" for i in range(8))
    (tmp_path / "Toy" / "groundtruth_rect.txt").write_text("\n".join(lines))
    words = ("--json", "--quiet", "--no-video", *FAST, "--output", tmp_path / "o")
    result = crt("track", tmp_path / "Toy", *words)
    (found,) = json.loads(result.stdout)["objects"]
    assert result.stderr == ""
    assert (found["id"], found["lost"], found["frames"], found["precision"]) == (1, None, 7, 1.0)
    assert found["mean_iou"] > 0.6


def test_a_run_that_broke_off_says_so(tmp_path):
    folder = image_folder(tmp_path / "seq")
    (folder / "f6.png").write_bytes(b"damaged")
    words = (*WORDS, "--no-video", "--output", tmp_path / "o")
    result = crt("track", folder, *words, exit_code=2)
    summary = json.loads(result.stdout)
    assert (summary["complete"], summary["frames"]) == (False, 5)
    assert "frame 5" in result.stderr


def test_what_is_refused_says_nothing(tmp_path):
    result = crt("track", tmp_path / "nowhere", *WORDS, exit_code=2)
    assert result.stdout == ""
