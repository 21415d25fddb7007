"""Run ``crt track`` on a small image folder, and read what it wrote."""

from __future__ import annotations

import csv
import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from typer.testing import CliRunner

from crt_plugin.cli.main import app
from crt_plugin.media.frame import Frame
from crt_plugin.media.loop import Found, Step
from tests.conftest import QUICK, ROOT, scene

BOX = "40,50,24,16"
FAST = [word for name, value in QUICK.items() for word in ("--set", f"{name}={value}")]


def crt(*words, exit_code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == exit_code, result.output
    return result


# As in a shell of one's own; a checkpoint after each frame.
CODE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from crt_plugin.media import checkpoint; checkpoint.INTERVAL = 0; "
    "from crt_plugin.cli import app; app()"
)


def interrupt(words, output: Path, lines: int, sent: int) -> int:
    """Run ``crt`` in a process of its own, and send it a signal; its exit status.

    It is sent when boxes.csv in ``output`` has more than ``lines`` lines.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, *(str(word) for word in words)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    boxes, deadline = output / "boxes.csv", time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        if boxes.is_file() and boxes.read_text().count("\n") > lines:
            break
        time.sleep(0.001)
    process.send_signal(sent)
    return process.wait(timeout=300)


def image_folder(folder: Path, count=8, suffix=".png") -> Path:
    folder.mkdir(parents=True)
    for index in range(count):
        frame = Image.fromarray(scene(40 + 3 * index, 50 + index))
        frame.save(folder / f"f{index + 1}{suffix}")
    return folder


def folder_of_several(folder: Path, count: int) -> Path:
    """Three textures of 24 x 16 px: at (20, 20) and (100, 30), which move, and at (60, 84)."""
    folder.mkdir(parents=True)
    for index in range(count):
        picture = scene(20 + 2 * index, 20 + index)
        for seed, x, y in ((5, 100 - 2 * index, 30 + index), (8, 60, 84)):
            picture[y : y + 16, x : x + 24] = scene(60, 40, seed=seed)[40:56, 60:84]
        Image.fromarray(picture).save(folder / f"f{index + 1}.png")
    return folder


def rows(output: Path) -> np.ndarray:
    """Frame, x, y, w, h and score of each line of boxes.csv."""
    with (output / "boxes.csv").open() as file:
        reader = csv.reader(file)
        assert next(reader) == ["frame", "time", "x", "y", "w", "h", "score"]
        values = np.array([[float(value) for value in row] for row in reader])
    return np.delete(values, 1, axis=1)


def rows_by_object(output: Path) -> dict[str, np.ndarray]:
    """The same as ``rows``, of each object of boxes.csv."""
    found: dict[str, list[list[float]]] = {}
    with (output / "boxes.csv").open() as file:
        for row in csv.DictReader(file):
            values = [float(row[name]) for name in ("frame", "x", "y", "w", "h", "score")]
            found.setdefault(row["id"], []).append(values)
    return {id: np.array(values) for id, values in found.items()}


def step(index, box, picture, score=0.5, is_lost=False, fps=25.0) -> Step:
    """A step of one object, at a constant rate."""
    found = Found(1, np.array(box, float), score, is_lost)
    return Step(Frame(index, index / fps, picture), (found,), 0.0, (1,))


def with_objects(step: Step, *objects: Found, ids=None) -> Step:
    """The step with other objects; ``ids`` are theirs, unless some have not begun."""
    ids = tuple(found.id for found in objects) if ids is None else ids
    return dataclasses.replace(step, objects=objects, ids=ids)


def error_line(result) -> str:
    """The only line on standard error, which must start with ``error:``."""
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ")
    return line


def video(path: Path, count=8, fps=10.0) -> Path:
    """A Motion JPEG of the frames of ``image_folder``."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (160, 120))
    assert writer.isOpened()
    for index in range(count):
        writer.write(scene(40 + 3 * index, 50 + index)[:, :, ::-1].copy())
    writer.release()
    return path
