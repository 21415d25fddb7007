"""Draw one frame's way through the tracker, from what runs: docs/algorithm.svg.

    python experiments/studies/frame_diagram.py docs/algorithm.svg

Tracks the rabbit of ``crt demo`` with the paper's settings up to a frame, and draws what the
tracker had of it: search patch, features, response, motion map, prediction, box.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from crt_plugin import CRTTracker, load_parameters
from crt_plugin.algorithm.geometry import cut_patches
from crt_plugin.media.demo_clip import open_clip

FRAME = 3  # of the clip, from 0
CREDIT = "Big Buck Bunny, (c) 2008 Blender Foundation, CC BY 3.0"


def track_to(frame: int) -> tuple[np.ndarray, CRTTracker]:
    """The frame, and the tracker after it."""
    clip = open_clip()
    tracker = CRTTracker(load_parameters("default").copy(precision="float32"))
    for index, image in enumerate(islice(clip.frames(), frame + 1)):
        if index == 0:
            tracker.init(image, clip.truth[0])
        else:
            tracker.update(image)
    return image, tracker


def draw_features(tracker: CRTTracker, patch: np.ndarray) -> np.ndarray:
    """The three leading PCA channels of a patch as R, G and B."""
    with torch.inference_mode():
        features = tracker.features(torch.from_numpy(patch).to(tracker.device))[0, :, :, :3]
    low, high = features.amin(dim=(0, 1)), features.amax(dim=(0, 1))
    return ((features - low) / (high - low)).cpu().numpy()


def draw(image: np.ndarray, tracker: CRTTracker, file: Path) -> None:
    """Six panels, what leads from each to the next, and the functions that made them."""
    last = tracker.last
    patch = cut_patches(image, [last.patch_rect], tracker.geometry.input_size)
    shared = {"cmap": "viridis", "vmin": 0, "vmax": float(last.response.max())}
    panels = [
        (image, {}, "frame and patch", "PatchGeometry.patch_rect"),
        (patch[0], {}, "search patch (section 4)", "cut_patches"),
        (draw_features(tracker, patch), {}, "features (section 5.2)", "FeaturePipeline"),
        (last.response, shared, "response M (section 3)", "ConvRegression.response"),
        (last.motion_map, {}, "motion map (section 4)", "motion_map"),
        (last.motion_map * last.response, shared, "prediction", "PaperTracker._predict"),
    ]
    figure, axes = plt.subplots(2, 3, figsize=(11, 5.6))
    for ax, (picture, options, title, function) in zip(axes.flat, panels, strict=True):
        ax.imshow(picture, **options)
        ax.set_title(title, fontsize=11)
        ax.set_xlabel(function, fontsize=9, family="monospace")
        ax.set_xticks([])
        ax.set_yticks([])
    for rect, color in ((last.patch_rect, "tab:cyan"), (last.box, "tab:orange")):
        axes[0, 0].add_patch(
            Rectangle((rect[0], rect[1]), *rect[2:], fill=False, color=color, lw=1.5)
        )
    x, y, w, h = last.patch_rect
    height, width = image.shape[:2]
    axes[0, 0].set_xlim(min(0, x), max(width, x + w))
    axes[0, 0].set_ylim(max(height, y + h), min(0, y))
    row, column = last.cell
    axes[1, 2].plot(column, row, "+", color="tab:orange", markersize=12)
    for ax, sign in zip(axes.flat, ("→", "→", "↵", "\N{MULTIPLICATION SIGN}", "="), strict=False):
        ax.text(1.1, 0.5, sign, transform=ax.transAxes, ha="center", va="center", fontsize=16)
    figure.text(0.99, 0.01, CREDIT, ha="right", fontsize=7)
    figure.tight_layout(rect=(0, 0.02, 1, 1), w_pad=3)
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Track, then draw."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--frame", type=int, default=FRAME)
    args = parser.parse_args()
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "crt"
    draw(*track_to(args.frame), args.file)


if __name__ == "__main__":
    main()
