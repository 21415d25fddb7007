"""Tiny datasets in the layouts of the benchmarks."""

import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from crt_plugin.formats.boxes import read_boxes
from crt_plugin.formats.frames import sort_images
from crt_plugin.hosts.got10k.toolkit import datasets

STEP = 2  # px to the right in each frame


def frames(folder, count, digits=4, first=1):
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(count):
        Image.new("RGB", (64, 48), (k, 0, 0)).save(folder / f"{first + k:0{digits}d}.jpg")


def boxes(count, x=5.0):
    """A 10 x 8 px object that moves 2 px a frame, from (x, 6)."""
    return np.array([[x + STEP * k, 6, 10, 8] for k in range(count)], dtype=float)


def write(file, rows, delimiter=",", fmt="%g"):
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(file, rows, delimiter=delimiter, fmt=fmt)


def write_otb(root, lengths=None):
    """Couple starts at x = 5, Deer at x = 6, ..., so a tracker can tell them apart."""
    for i, (name, count) in enumerate((lengths or {"Couple": 4, "Deer": 5}).items()):
        frames(root / name / "img", count)
        write(root / name / "groundtruth_rect.txt", boxes(count, 5.0 + i))
    return root


def write_got10k(root):
    for name, count in (("GOT-10k_Val_000001", 4), ("GOT-10k_Val_000002", 5)):
        folder = root / "val" / name
        frames(folder, count, 8)
        write(folder / "groundtruth.txt", boxes(count))
        resolution = "[section]\nresolution: (64, 48)\n"
        (folder / "meta_info.ini").write_text(resolution)
        cover = [8] * count
        cover[2] = 0  # occluded in the third frame
        for label, values in (("cover", cover), ("absence", [0] * count)):
            write(folder / f"{label}.label", values)
        write(folder / "cut_by_image.label", [0] * count)
    names = ["GOT-10k_Val_000001", "GOT-10k_Val_000002", "GOT-10k_Val_000003"]
    (root / "val" / "list.txt").write_text("\n".join(names) + "\n")
    return root


def shortest_uav():
    """Name, first and last frame of UAV123's two shortest sequences."""
    file = Path(datasets.__file__).parent / "uav123.json"
    metas = json.loads(file.read_text())["UAV123"]
    by_length = sorted(metas, key=lambda n: metas[n]["end_frame"] - metas[n]["start_frame"])
    return [(n, metas[n]) for n in by_length[:2]]


def write_uav123(root):
    for name, meta in shortest_uav():
        first, last = meta["start_frame"], meta["end_frame"]
        folder = root / "data_seq" / "UAV123" / meta["folder_name"]
        frames(folder, last - first + 1, 6, first)
        rows = boxes(last - first + 1)
        rows[3] = np.nan  # out of view
        write(root / "anno" / "UAV123" / f"{name}.txt", rows)
    write(root / "anno" / "UAV123" / "bike1.txt", boxes(3085))  # its frames are not there
    return root


def write_nfs(root, fps=240):
    for name, count in (("ball_2", 4), ("zebra", 5)):
        frames(root / name / str(fps) / name, count, 5)
        x, y, w, h = boxes(count).T
        rows = np.stack([0 * x, x, y, x + w, y + h], axis=1)
        write(root / name / str(fps) / f"{name}.txt", rows, delimiter=" ")
    return root


def write_dtb70(root):
    for name, count in (("Car2", 4), ("Sheep1", 5)):
        frames(root / name / "img", count, 5)
        write(root / name / "groundtruth_rect.txt", boxes(count))
    return root


def write_tcolor128(root):
    for name, count in (("Ball_ce1", 4), ("Torus", 5)):
        frames(root / name / "img", count)
        write(root / name / f"{name}_gt.txt", boxes(count))
        (root / name / f"{name}_frames.txt").write_text(f"1,{count}\n")
    return root


LASOT_NAMES = ("airplane/airplane-1", "deer/deer-8")


def write_lasot(root, names=LASOT_NAMES):
    """Absent in the third frame, by a flag and without a box."""
    for count, name in enumerate(names, start=5):
        frames(root / name / "img", count, 8)
        rows = boxes(count)
        rows[2] = 0
        write(root / name / "groundtruth.txt", rows)
        for file, absent in (("full_occlusion.txt", 0), ("out_of_view.txt", 1)):
            flags = [0] * count
            flags[2] = absent
            (root / name / file).write_text(",".join(map(str, flags)))
    return root


def write_lasot_extension(root):
    return write_lasot(root, ("atv/atv-1", "wingsuit/wingsuit-10"))


def write_trackingnet(root):
    for name, count in (("0-6LB4FqxoE_0", 4), ("zz_3", 12)):
        frames(root / "TEST" / "frames" / name, count, 1, 0)
        write(root / "TEST" / "anno" / f"{name}.txt", boxes(1))
    return root


def write_got10k_test(root):
    for name, count in (("GOT-10k_Test_000001", 4), ("GOT-10k_Test_000002", 5)):
        frames(root / "test" / name, count, 8)
        write(root / "test" / name / "groundtruth.txt", boxes(1))
    (root / "test" / "list.txt").write_text("GOT-10k_Test_000001\nGOT-10k_Test_000002\n")
    return root


def write_uav123_10fps(root):
    """Frames 259 to 493 of one folder, and all 37 of another."""
    for name, folder, first, last in (("bird1_2", "bird1", 259, 493), ("uav6", "uav6", 1, 37)):
        frames(root / "data_seq" / "UAV123_10fps" / folder, last, 6)
        rows = boxes(last - first + 1)
        rows[3] = np.nan  # out of view
        write(root / "anno" / "UAV123_10fps" / f"{name}.txt", rows)
    return root


def write_nfs_pytracking(root):
    for name, count in (("Gymnastics", 4), ("zebra_fish", 5)):
        frames(root / "sequences" / name, count, 5)
        write(root / "anno" / f"nfs_{name}.txt", boxes(count), delimiter="\t")
    return root


def write_avist(root):
    for name, count in (("air_show", 4), ("black_cat_1", 5)):
        frames(root / "sequences" / name, count, 5)
        for file in (root / "sequences" / name).iterdir():
            file.rename(file.with_name(f"img_{file.name}"))
        write(root / "anno" / f"{name}.txt", boxes(count), delimiter=" ")
        for k, kind in enumerate(("full_occlusion", "out_of_view")):
            flags = [0] * count
            flags[1 + k] = 1
            write(root / kind / f"{name}_{kind}.txt", [flags])
    return root


def polygon(x, y, w, h):
    """A rhombus with the upright box x, y, w, h around it."""
    return [x + w / 2, y, x + w, y + h / 2, x + w / 2, y + h, x, y + h / 2]


def write_vot(root):
    """The boxes of the others, counted from 0; a polygon in one, a frame without object."""
    for name, count in (("bag", 4), ("ball1", 5)):
        frames(root / name / "color", count, 8)
        rows = boxes(count) - [1, 1, 0, 0]
        lines = [",".join(f"{value:g}" for value in row) for row in rows]
        if name == "bag":
            lines = [",".join(f"{value:g}" for value in polygon(*row)) for row in rows]
        lines[2] = "0"
        (root / name / "groundtruth.txt").write_text("\n".join(lines) + "\n")
    return root


def write_own(root):
    """One in OTB's layout, one in GOT-10k's without its metadata."""
    frames(root / "my clip" / "img", 4)
    write(root / "my clip" / "groundtruth_rect.txt", boxes(4))
    frames(root / "other" / "cat", 5, 8)
    write(root / "other" / "cat" / "groundtruth.txt", boxes(5))
    return root


def write_layouts(root, deer, count):
    """The first frames of Deer as OTB, GOT-10k, LaSOT and VOT lay a sequence out.

    Args:
        deer: the real sequence.

    Returns:
        Where results of the tracker {} are kept, by layout.
    """
    truth = read_boxes(deer / "groundtruth_rect.txt")[:count]
    images = sort_images((deer / "img").iterdir())[:count]
    folders = {
        "otb": root / "otb" / "Deer" / "img",
        "got10k": root / "got10k" / "val" / "Deer",
        "lasot": root / "lasot" / "deer" / "deer-8" / "img",
        "vot": root / "vot" / "deer" / "color",
    }
    for folder in folders.values():
        folder.mkdir(parents=True)
        for number, image in enumerate(images, start=1):
            shutil.copyfile(image, folder / f"{number:08d}.jpg")
    write(root / "otb" / "Deer" / "groundtruth_rect.txt", truth)
    got10k = folders["got10k"]
    write(got10k / "groundtruth.txt", truth, fmt="%.4f")
    (got10k / "meta_info.ini").write_text("[METAINFO]\nresolution: (704, 400)\n")
    for label, value in (("cover", 8), ("absence", 0), ("cut_by_image", 0)):
        write(got10k / f"{label}.label", [value] * count)
    (root / "got10k" / "val" / "list.txt").write_text("Deer\n")
    lasot = folders["lasot"].parent
    write(lasot / "groundtruth.txt", truth)
    for name in ("full_occlusion", "out_of_view"):
        (lasot / f"{name}.txt").write_text(",".join(["0"] * count))
    x, y, w, h = (truth - [1, 1, 0, 0]).T  # counted from 0
    write(
        folders["vot"].parent / "groundtruth.txt",
        np.stack([x, y, x + w, y, x + w, y + h, x, y + h]).T,
    )
    return {
        "otb": "OTB2015/{}/Deer.txt",
        "got10k": "GOT-10k/{}/Deer/Deer_001.txt",
        "lasot": "LaSOT/{}/deer-8.txt",
        "vot": "VOT/{}/deer.txt",
    }
