"""Figure 3: how the object is found, and what past frames are good for.

    python experiments/figure3_tracking.py --data OTB_FOLDER --sequences Jogging.1

(a) Search patch, regression result, motion map and final prediction of a frame. (b) The
regression results at an occlusion, learned from five past frames, and from the last one alone.
The paper does not name its sequence, but a person who is hidden in frame 70: that fits Jogging.
Where it is not there, the first with the attribute occlusion is taken; of its first frames the
one in which the tracker is least sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

from crt_plugin import CRTTracker, Detection
from crt_plugin.algorithm.geometry import cut_patches
from crt_plugin.benchmark.agreement import PRECISION_PIXELS
from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.formats.otb import otb_lists
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput
from crt_plugin.paper.script import main
from crt_plugin.parameters import load_parameters
from crt_plugin.report.plots import Panel, draw_panels

OURS = "default"  # parameter file
SHOWN = "Jogging.1"
FRAMES = 100  # at most, of the sequence
STEADY = 10  # frames before which no occlusion is looked for
APART = 10  # frames between the columns of (b)
VERDICTS = {  # on the object with past frames, and with the last alone
    (True, False): "past frames keep the object",
    (False, True): "past frames lose the object, against the paper",
    (True, True): "both keep the object, no gain here",
    (False, False): "both lose the object",
}


def make(reproduction: Reproduction) -> ScriptOutput:
    """Track twice, and draw."""
    name = _choose(reproduction)
    sequence = reproduction.sequence(name)
    if sequence is None:
        return ScriptOutput(
            findings=["Figure 3: not made, as there are no frames of an occlusion."]
        )
    files, truth = sequence
    images = [np.asarray(Image.open(file).convert("RGB")) for file in files[:FRAMES]]
    box = truth[0] - FIRST_PIXEL
    with_past = detect(images, box, {}, "with past frames")
    without = detect(images, box, {"history_length": 1}, "without")
    provenance = reproduction.provenance([name], [OURS])
    hidden = STEADY + int(np.argmin([found.score for found in with_past[STEADY:]]))
    figures = _draw_one(reproduction, images[1], with_past[1], provenance)
    figures += _draw_past(reproduction, images, with_past, without, hidden, provenance)
    return ScriptOutput([], figures, [_compare(with_past, without, truth - FIRST_PIXEL, hidden)])


def _choose(reproduction: Reproduction) -> str:
    names = reproduction.part.names if reproduction.part else []
    of_target = otb_lists().of_target
    occluded = [name for name in names if "OCC" in of_target.get(name, ())]
    return SHOWN if SHOWN in occluded else next(iter(occluded), "")


def detect(
    images: Sequence[np.ndarray], box: np.ndarray, changes: dict, description: str
) -> list[Detection]:
    """What the paper's best parameters find in each frame, with ``changes``."""
    tracker = CRTTracker(load_parameters(OURS).copy(**changes))
    tracker.init(images[0], box)
    found: list[Detection] = [tracker.last]
    for image in track(images[1:], description=description, console=Console(stderr=True)):
        tracker.update(image)
        found.append(tracker.last)
    return found


def _draw_one(
    reproduction: Reproduction, image: np.ndarray, found: Detection, provenance: list[str]
) -> list[Path]:
    height, width = (found.response.shape[i] * 4 for i in (0, 1))
    patch = cut_patches(image, [found.patch_rect], (height, width))[0]
    row = [
        Panel("search patch", patch),
        Panel("regression result", found.response, limits=(0, 1)),
        Panel("motion map", found.motion_map, limits=(0, 1)),
        Panel("final prediction", found.motion_map * found.response, limits=(0, 1)),
    ]
    return draw_panels([row], reproduction.output / "figure3_detecting", provenance)


def _draw_past(
    reproduction: Reproduction,
    images: Sequence[np.ndarray],
    with_past: Sequence[Detection],
    without: Sequence[Detection],
    hidden: int,
    provenance: list[str],
) -> list[Path]:
    """Columns: frames around the occlusion; rows: frame, results with past frames, without."""
    last = len(images) - 1
    columns = sorted({max(1, hidden - APART), hidden, min(last, hidden + APART)})
    frames = [
        Panel(
            f"frame {index + 1}",
            images[index],
            {"five past frames": with_past[index].box, "the last alone": without[index].box},
        )
        for index in columns
    ]
    rows = [frames]
    for label, found in (("five past frames", with_past), ("the last alone", without)):
        rows.append(
            [
                Panel(f"{label}: {found[i].score:.2f}", found[i].response, limits=(0, 1))
                for i in columns
            ]
        )
    return draw_panels(rows, reproduction.output / "figure3_past_frames", provenance)


def _compare(
    with_past: Sequence[Detection], without: Sequence[Detection], truth: np.ndarray, hidden: int
) -> str:
    """Who is on the object after the occlusion: within 20 px of the annotation, as DP counts."""
    last = len(with_past) - 1
    past, alone = (_center_error(found[last].box, truth[last]) for found in (with_past, without))
    verdict = VERDICTS[past <= PRECISION_PIXELS, alone <= PRECISION_PIXELS]
    return (
        f"Past frames: least sure in frame {hidden + 1}; in frame {last + 1} the centre is off by "
        f"{past:.0f} px with five past frames, by {alone:.0f} px with the last alone: {verdict}."
    )


def _center_error(box: np.ndarray, truth: np.ndarray) -> float:
    return float(np.hypot(*(box[:2] + box[2:] / 2 - truth[:2] - truth[2:] / 2)))


if __name__ == "__main__":
    main(make, __doc__ or "")
