"""Table 2: automatic hard negative mining, th = 0.1 and a = 1, and without.

The paper has conv-2; the rows of conv-10 are ours.

python experiments/table2_mining.py --data OTB_FOLDER --workers 2
"""

from __future__ import annotations

from crt_plugin.paper.printed import TABLE2
from crt_plugin.paper.quality import Claim, Row, make_quality_table
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput
from crt_plugin.paper.script import main

PAIRS = {"conv-2": ("vgg_conv2", "no_mining"), "conv-10": ("default", "no_mining_conv10")}
PRINTED = {"conv-2": TABLE2}
ROWS = [
    Row(f"{layer}, {label}", file, PRINTED.get(layer, {}).get(label))
    for layer, files in PAIRS.items()
    for label, file in zip(TABLE2, files, strict=True)
]
CLAIMS = [Claim(f"Mining helps {layer}", *files) for layer, files in PAIRS.items()]


def make(reproduction: Reproduction) -> ScriptOutput:
    """Run what is not there yet, and write the table."""
    title = "Table 2: automatic hard negative mining"
    return make_quality_table(reproduction, "table2_mining", title, ROWS, CLAIMS)


if __name__ == "__main__":
    main(make, __doc__ or "")
