"""Table 2: automatic hard negative mining, th = 0.1 and a = 1, and without.

The paper has conv-2. The rows of conv-10 are ours, and so are "same fit": without mining, trained
until the filter fits the first frame as closely as with it.

python experiments/table2_mining.py --data OTB_FOLDER --workers 2
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from crt_plugin.paper.printed import TABLE2
from crt_plugin.paper.quality import Claim, Row, make_quality_table
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput
from crt_plugin.paper.script import main
from crt_plugin.parameters import load_parameters

WITH, WITHOUT = TABLE2  # "th = 0.1, a = 1", "th = 0.0, a = 0"
ROWS = [
    Row(f"conv-2, {WITH}", "vgg_conv2", TABLE2[WITH]),
    Row(f"conv-2, {WITHOUT}", "no_mining", TABLE2[WITHOUT]),
    Row(f"conv-2, {WITHOUT}, same fit", "no_mining_same_fit"),
    Row(f"conv-10, {WITH}", "default"),
    Row(f"conv-10, {WITHOUT}", "no_mining_conv10"),
    Row(f"conv-10, {WITHOUT}, same fit", "no_mining_conv10_same_fit"),
]
CLAIMS = [
    Claim("Mining helps conv-2", "vgg_conv2", "no_mining"),
    Claim("Mining helps conv-2 at the same fit", "vgg_conv2", "no_mining_same_fit"),
    Claim("Mining helps conv-10", "default", "no_mining_conv10"),
    Claim("Mining helps conv-10 at the same fit", "default", "no_mining_conv10_same_fit"),
]


def make(reproduction: Reproduction) -> ScriptOutput:
    """Run what is not there yet, and write the table."""
    title = "Table 2: automatic hard negative mining"
    output = make_quality_table(reproduction, "table2_mining", title, ROWS, CLAIMS)
    return replace(output, findings=[*output.findings, describe_gate(reproduction)])


def describe_gate(reproduction: Reproduction) -> str:
    """How many frames each row does not learn from."""
    shares = []
    for row in ROWS:
        gate = load_parameters(row.parameters).confidence_threshold
        below = [(peaks < gate).mean() for peaks in reproduction.peaks(row.parameters).values()]
        shares.append(f"{row.label}: {np.mean(below):.0%}" if below else f"{row.label}: unknown")
    return (
        "Frames whose peak is below the gate, which are not learned from, mean over targets: "
        f"{'; '.join(shares)}."
    )


if __name__ == "__main__":
    main(make, __doc__ or "")
