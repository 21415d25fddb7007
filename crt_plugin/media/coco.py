"""Boxes as COCO's annotations, which labelling tools such as CVAT and Label Studio import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from crt_plugin.media.loop import Step
from crt_plugin.runtime.atomic import write_text

CATEGORY = "object"  # of objects without a name


class CocoFile:
    """Sink that writes ``coco.json`` when it is closed.

    Images are numbered from 1, and have the name of the image's file, or of a video's frame as CVAT
    names it. A box is cut at the frame's border; (x, y) counts from 0. Objects with a name have a
    category of their own, the others share one. ``attributes`` tell objects apart: ``track_id`` is
    their place, from 1.
    """

    def __init__(self, folder: Path) -> None:
        """Write below ``folder``, in place of what is there."""
        self.path = folder / "coco.json"
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []
        self._categories: dict[str, int] = {}  # their numbers, by name

    def write(self, step: Step) -> None:
        """Remember one image and its boxes."""
        frame = step.frame
        height, width = frame.picture.shape[:2]
        image = {"id": frame.index + 1, "width": width, "height": height}
        name = frame.name or f"frame_{frame.index:06d}.png"
        self._images.append(image | {"file_name": name})
        for number, found in step.numbered:
            category = found.id if isinstance(found.id, str) else CATEGORY
            low = np.clip(found.box[:2], 0, (width, height))
            high = np.clip(found.box[:2] + found.box[2:], 0, (width, height))
            x, y, w, h = np.round([*low, *(high - low)], 4).tolist()
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": image["id"],
                    "category_id": self._categories.setdefault(category, len(self._categories) + 1),
                    "bbox": [x, y, w, h],
                    "area": round(w * h, 4),
                    "segmentation": [],
                    "iscrowd": 0,
                    "score": round(found.score, 4),
                    "attributes": {"track_id": number, "lost": found.is_lost},
                }
            )

    def close(self) -> None:
        """Write the file, if there were frames."""
        if not self._images:
            return
        content = {
            "images": self._images,
            "annotations": self._annotations,
            "categories": [{"id": id, "name": name} for name, id in self._categories.items()],
        }
        write_text(self.path, json.dumps(content) + "\n")
