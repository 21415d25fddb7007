"""What the paper prints (arXiv 1611.04215v1), in its order and its units: percent, and fps."""

from __future__ import annotations

from typing import NamedTuple


class Quality(NamedTuple):
    """OS (IoU > 0.5) and DP (20 px) in percent; fps on a Tesla K40c, where the table has it."""

    os: float
    dp: float
    fps: float | None = None


class Pair(NamedTuple):
    """AUC of the success plot and DP (20 px), in percent."""

    auc: float
    dp: float


# Tables 1 to 3: CRT on OTB-50, by parameter file or variant.
TABLE1 = {
    "vgg_conv13": Quality(68.8, 76.9, 0.5),
    "default": Quality(75.7, 83.5, 1.3),
    "vgg_conv7": Quality(70.2, 78.0, 2.3),
    "vgg_conv4": Quality(67.3, 79.5, 3.0),
    "vgg_conv2": Quality(68.9, 76.4, 8.2),
    "hog": Quality(68.1, 75.2, 9.1),
}
TABLE2 = {
    "th = 0.1, a = 1": Quality(68.9, 76.4),
    "th = 0.0, a = 0": Quality(58.6, 68.1),
}
TABLE3 = {
    "9 x 5": Quality(68.9, 76.4),
    "7 x 5": Quality(66.2, 73.2),
    "5 x 3": Quality(64.1, 68.6),
    "3 x 3": Quality(61.7, 66.8),
}

# Table 4: on OTB-100.
_TABLE4 = """
    CRT DeepSRDCF SRDCFdecon HDT HCF SRDCF LCT MEEM KCF TGPR
IV  61.1/82.0 59.2/76.6 62.5/81.6 52.1/79.9 52.7/79.5 58.8/76.8 54.2/71.7 51.0/73.7 45.3/67.5 45.0/61.8
SV  63.0/87.1 60.9/82.2 61.0/80.8 49.4/81.1 49.3/80.2 56.4/74.9 49.3/68.6 47.0/72.1 40.4/64.0 40.0/59.0
OCC 61.3/84.9 60.3/82.5 59.2/76.8 53.0/77.4 52.8/76.7 56.2/73.5 51.0/68.2 49.4/71.2 44.4/62.4 42.6/59.5
DEF 59.7/83.9 56.2/77.8 54.9/74.8 54.3/81.7 52.9/78.6 54.0/72.8 49.4/68.2 47.3/71.6 43.3/60.8 45.2/62.2
MB  64.7/85.0 65.6/83.4 65.3/82.6 56.3/79.4 57.3/79.7 61.0/78.2 53.2/67.3 55.0/71.6 45.6/61.7 40.9/50.8
FM  62.4/83.7 62.9/80.9 60.7/77.3 55.4/80.6 55.5/79.7 59.9/76.8 52.7/67.5 51.5/69.8 45.5/62.8 40.3/51.7
OPR 63.8/88.0 61.0/83.5 59.3/79.4 53.9/80.7 53.9/80.8 55.2/73.9 54.9/75.7 52.5/77.3 45.8/67.6 46.5/65.7
IPR 61.1/83.4 58.5/81.1 56.9/76.4 55.7/84.0 56.0/85.0 54.0/73.0 56.6/78.7 53.0/78.4 47.0/69.1 46.9/66.8
OV  57.0/79.5 55.3/78.1 51.0/64.1 47.2/66.3 47.4/67.7 46.0/59.7 45.2/59.2 48.3/64.6 39.3/49.8 37.3/49.3
BC  60.1/84.4 60.8/83.2 62.5/84.1 57.5/83.7 58.2/83.7 56.4/76.2 53.9/72.3 48.2/69.2 48.8/69.7 43.4/60.8
LR  54.5/81.2 47.4/70.2 51.8/67.2 42.0/76.6 42.4/78.7 48.0/63.1 33.0/49.0 39.9/65.7 30.6/54.5 37.8/62.9
"""  # noqa: E501
TRACKERS = tuple(_TABLE4.splitlines()[1].split())


def _table4() -> dict[str, dict[str, Pair]]:
    table = {}
    for line in _TABLE4.splitlines()[2:]:
        attribute, *cells = line.split()
        pairs = (Pair(*map(float, cell.split("/"))) for cell in cells)
        table[attribute] = dict(zip(TRACKERS, pairs, strict=True))
    return table


TABLE4 = _table4()  # by attribute, then tracker
# Figure 4's legends, which are of pixels in the paper; numbers of a public list of results.
FIGURE4 = {"OTB-50": Pair(auc=59.4, dp=83.5), "OTB-100": Pair(auc=64.2, dp=87.5)}
LEAD_OVER = "DeepSRDCF"  # the best of those with correlation filters; section 5.4
LEAD = Pair(auc=6.0, dp=8.0)  # of CRT over it, on OTB-50; section 5.4

# Figure 5's trackers and sequences.
FIGURE5_TRACKERS = ("MEEM", "DeepSRDCF", "SRDCF", "KCF")
FIGURE5_SEQUENCES = ("Human3", "Girl2", "Human9", "DragonBaby", "Bird1")
