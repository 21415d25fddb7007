"""Keep the boxes, peaks and scores of parameter files, and compare with kept ones, bit for bit.

    python experiments/studies/same_boxes.py keep KEPT.json --data OTB
    python experiments/studies/same_boxes.py compare KEPT.json --data OTB

A change of the code that is meant to change no result is checked by it: kept before, compared
after, on the same machine with the same torch. Each file tracks the first frames of each sequence
in float32 on one thread. Exit status 1 if a number differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.progress import track

from crt_plugin import CRTTracker, load_parameters
from crt_plugin.parameters import parameter_names

SEQUENCES = ("Deer", "MotorRolling", "Skiing", "Bolt2")
FIRST_PIXEL = (1, 1, 0, 0)  # OTB counts from 1

Numbers = list[list[str]]


def run_tracker(job: tuple[str, Path, int]) -> Numbers:
    """Box, peak and score of each frame, in hexadecimal: every bit of them."""
    name, folder, frames = job
    torch.set_num_threads(1)
    params = load_parameters(name).copy(precision="float32", device="cpu")
    tracker = CRTTracker(params)
    numbers = []
    for index, file in enumerate(sorted((folder / "img").glob("*.jpg"))[:frames]):
        image = np.asarray(Image.open(file).convert("RGB"))
        if index == 0:
            line = (folder / "groundtruth_rect.txt").read_text().splitlines()[0]
            box = np.array([float(part) for part in line.replace(",", " ").split()])
            tracker.init(image, box - FIRST_PIXEL)
        else:
            tracker.update(image)
        last = tracker.last
        numbers.append([float(v).hex() for v in (*last.box, last.peak, last.score)])
    return numbers


def find_differences(kept: dict[str, Numbers], found: dict[str, Numbers]) -> Iterator[str]:
    """A line for each run that is not as it was kept."""
    for key, numbers in found.items():
        if key not in kept:
            yield f"{key}: not kept"
        elif numbers != kept[key]:
            pairs = zip(numbers, kept[key], strict=False)
            frame = next((i for i, (new, old) in enumerate(pairs) if new != old), "count")
            yield f"{key}: frame {frame} differs"


def main() -> None:
    """Run, then keep or compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=("keep", "compare"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--sequences", nargs="+", default=SEQUENCES)
    parser.add_argument("--parameters", nargs="+", default=parameter_names())
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()

    folders = [data / name for data in args.data for name in args.sequences]
    folders = [folder for folder in folders if folder.is_dir()]
    if len(folders) != len(args.sequences):
        sys.exit(f"found {[f.name for f in folders]}, expected {list(args.sequences)}")
    jobs = [(name, folder, args.frames) for name in args.parameters for folder in folders]
    keys = [f"{name}, {folder.name}" for name, folder, _ in jobs]
    with ProcessPoolExecutor(args.workers, get_context("spawn")) as pool:
        runs = track(pool.map(run_tracker, jobs), total=len(jobs), description="tracking")
        found = dict(zip(keys, runs, strict=True))
    if args.command == "keep":
        content: dict[str, Any] = {"torch": torch.__version__, "frames": args.frames, "runs": found}
        args.file.write_text(json.dumps(content, indent=0) + "\n")
        return
    kept = json.loads(args.file.read_text())
    if (kept["torch"], kept["frames"]) != (torch.__version__, args.frames):
        sys.exit(f"kept with torch {kept['torch']}, {kept['frames']} frames; expected the same")
    differences = list(find_differences(kept["runs"], found))
    print("\n".join(differences) or f"{len(found)} runs, {args.frames} frames: all bits equal")
    sys.exit(bool(differences))


if __name__ == "__main__":
    main()
