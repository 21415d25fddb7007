"""Figure 5: boxes of CRT, MEEM, DeepSRDCF, SRDCF and KCF on frames of several sequences.

    python experiments/figure5_qualitative.py --data OTB_FOLDER \\
        --rivals otb100-results.zip --groundtruth otb100-groundtruth.zip

The paper shows Human3, Girl2, Human9, DragonBaby and Bird1; those of them that are there come
first, then others up to five.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from crt_plugin.formats.boxes import FIRST_PIXEL
from crt_plugin.paper.printed import FIGURE5_SEQUENCES, FIGURE5_TRACKERS
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput, tracker_name
from crt_plugin.paper.script import main
from crt_plugin.report.plots import Panel, draw_panels

OURS = "default"
SEQUENCES = 5
COLUMNS = 4


def make(reproduction: Reproduction) -> ScriptOutput:
    """Run CRT where frames are there, and draw everybody's boxes."""
    there = reproduction.part.names if reproduction.part else []
    first = [name for name in FIGURE5_SEQUENCES if name in there]
    names = [*first, *(name for name in there if name not in first)][:SEQUENCES]
    if not names:
        return ScriptOutput(findings=["Figure 5: not made, as there are no frames."])
    scored = reproduction.crt([OURS])
    rivals = reproduction.rivals(FIGURE5_TRACKERS)
    rows = [row for name in names if (row := _make_row(reproduction, name))]
    lacking = [name for name in FIGURE5_SEQUENCES if name not in names]
    findings = [f"Figure 5: no frames of {', '.join(lacking)}."] if lacking else []
    findings += [f"Figure 5: {note}" for note in (*scored.notes, *rivals.notes)]
    provenance = reproduction.provenance(names, [OURS])
    return ScriptOutput(
        [], draw_panels(rows, reproduction.output / "figure5_qualitative", provenance), findings
    )


def _make_row(reproduction: Reproduction, name: str) -> list[Panel]:
    """Frames evenly spread over a sequence, with the boxes of those who have results."""
    sequence = reproduction.sequence(name)
    if sequence is None:
        return []
    files, _ = sequence
    trackers = {"CRT": reproduction.boxes(tracker_name(OURS), name)}
    trackers |= {rival: reproduction.published_boxes(rival, name) for rival in FIGURE5_TRACKERS}
    chosen = np.linspace(0, len(files) - 1, COLUMNS + 1).round().astype(int)[1:]
    return [
        Panel(
            f"{name}, frame {index + 1}",
            np.asarray(Image.open(files[index]).convert("RGB")),
            {
                tracker: boxes[index] - FIRST_PIXEL
                for tracker, boxes in trackers.items()
                if boxes is not None
            },
        )
        for index in chosen
    ]


if __name__ == "__main__":
    main(make, __doc__ or "")
