"""Table 3: size of the train patch. conv-2 with 9 x 5, 7 x 5, 5 x 3 and 3 x 3 object sizes.

python experiments/table3_patch_size.py --data OTB_FOLDER --workers 2
"""

from __future__ import annotations

from crt_plugin.paper.printed import TABLE3
from crt_plugin.paper.quality import Claim, Row, make_quality_table
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput
from crt_plugin.paper.script import main

FILES = ("vgg_conv2", "patch_7x5", "patch_5x3", "patch_3x3")
ROWS = [Row(label, file, TABLE3[label]) for label, file in zip(TABLE3, FILES, strict=True)]
CLAIMS = [Claim(f"9 x 5 is better than {row.label}", FILES[0], row.parameters) for row in ROWS[1:]]


def make(reproduction: Reproduction) -> ScriptOutput:
    """Run what is not there yet, and write the table."""
    title = "Table 3: size of the train patch, width x height in object sizes (conv-2)"
    return make_quality_table(reproduction, "table3_patch_size", title, ROWS, CLAIMS)


if __name__ == "__main__":
    main(make, __doc__ or "")
