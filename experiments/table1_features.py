"""Table 1: features. OS and DP with VGG conv-13, 10, 7, 4, 2 and HOG, and with colour.

    python experiments/table1_features.py --data OTB_FOLDER --workers 2

The paper's own rows are of OTB-50 on a Tesla K40c; RGB, Color Names and HOG with Color Names are
mentioned there without figures. conv-13 needs weights that are not in the package (README).
"""

from __future__ import annotations

from crt_plugin.paper.printed import TABLE1
from crt_plugin.paper.quality import Claim, Row, make_quality_table
from crt_plugin.paper.reproduction import Reproduction, ScriptOutput
from crt_plugin.paper.script import main

ROWS = [
    Row("conv-13", "vgg_conv13", TABLE1["vgg_conv13"]),
    Row("conv-10", "default", TABLE1["default"]),
    Row("conv-7", "vgg_conv7", TABLE1["vgg_conv7"]),
    Row("conv-4", "vgg_conv4", TABLE1["vgg_conv4"]),
    Row("conv-2", "vgg_conv2", TABLE1["vgg_conv2"]),
    Row("HOG", "hog", TABLE1["hog"]),
    Row("RGB", "rgb"),
    Row("Color Names", "color_names"),
    Row("HOG + Color Names", "hog_color_names"),
]
CLAIMS = [
    Claim(f"conv-10 is better than {row.label}", "default", row.parameters)
    for row in ROWS
    if row.printed and row.parameters != "default"
] + [
    Claim(f"{row.label} is better than HOG", row.parameters, "hog")
    for row in ROWS
    if row.printed and row.parameters not in ("default", "hog")
]


def make(reproduction: Reproduction) -> ScriptOutput:
    """Run what is not there yet, and write the table."""
    return make_quality_table(reproduction, "table1_features", "Table 1: features", ROWS, CLAIMS)


if __name__ == "__main__":
    main(make, __doc__ or "")
