"""coco.json by hand."""

from __future__ import annotations

import dataclasses
import json

import numpy as np

from crt_plugin.media.coco import CocoFile
from tests.helpers.track import step, with_objects

PICTURE = np.zeros((100, 120, 3), np.uint8)


def write(folder, *steps):
    file = CocoFile(folder)
    for each in steps:
        file.write(each)
    assert not file.path.exists()
    file.close()
    return json.loads(file.path.read_text())


def test_images_boxes_and_categories(tmp_path):
    first = step(0, [10.25, 20, 30, 40], PICTURE, 0.875)
    second = dataclasses.replace(first.objects[0], id="cup", box=np.array([-5, 90, 20, 30.0]))
    third = dataclasses.replace(second, id=3, score=0.25, is_lost=True)
    later = step(7, [11, 20, 30, 40], PICTURE)
    later = dataclasses.replace(
        later,
        frame=dataclasses.replace(later.frame, name="0008.jpg"),
        objects=(*later.objects, second, third),
        ids=(1, "cup", 3),
    )
    content = write(tmp_path, with_objects(first, *first.objects, second, ids=(1, "cup", 3)), later)
    assert content["images"] == [
        {"id": 1, "width": 120, "height": 100, "file_name": "frame_000000.png"},
        {"id": 8, "width": 120, "height": 100, "file_name": "0008.jpg"},
    ]
    assert content["categories"] == [{"id": 1, "name": "object"}, {"id": 2, "name": "cup"}]
    one, two, three, _, five = content["annotations"]
    assert [each["id"] for each in content["annotations"]] == [1, 2, 3, 4, 5]
    assert [each["image_id"] for each in content["annotations"]] == [1, 1, 8, 8, 8]
    assert (one["bbox"], one["area"], one["score"]) == ([10.25, 20, 30, 40], 1200, 0.875)
    assert one["category_id"] == three["category_id"] == five["category_id"] == 1
    assert two["category_id"] == 2
    assert (two["bbox"], two["area"]) == ([0, 90, 15, 10], 150)  # cut at two borders
    assert one["attributes"] == {"track_id": 1, "lost": False}
    assert five["attributes"] == {"track_id": 3, "lost": True}
    assert all(each["iscrowd"] == 0 and each["segmentation"] == [] for each in (one, two))


def test_no_frames_no_file(tmp_path):
    CocoFile(tmp_path).close()
    assert not list(tmp_path.iterdir())
