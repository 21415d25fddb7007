"""Table 2: automatic hard negative mining. conv-2 with th = 0.1, a = 1, and without.

python experiments/table2_mining.py --data OTB_FOLDER --workers 2
"""

from __future__ import annotations

from crt_plugin.paper.printed import TABLE2
from crt_plugin.paper.quality import Claim, Row, make_quality_table
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput
from crt_plugin.paper.script import main

FILES = ("vgg_conv2", "no_mining")
ROWS = [Row(label, file, TABLE2[label]) for label, file in zip(TABLE2, FILES, strict=True)]
CLAIMS = [Claim("Mining helps", *FILES)]


def make(reproduction: Reproduction) -> ScriptOutput:
    """Run what is not there yet, and write the table."""
    title = "Table 2: automatic hard negative mining (conv-2)"
    return make_quality_table(reproduction, "table2_mining", title, ROWS, CLAIMS)


if __name__ == "__main__":
    main(make, __doc__ or "")
