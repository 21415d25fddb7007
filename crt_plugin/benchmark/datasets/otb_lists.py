"""What the benchmark's authors say of OTB-100's targets: which are OTB-50, and their attributes.

One file, ``otb.json``, holds the lists under got10k's names of the targets. OTB-50 is TB-50, the
fifty targets that Wu, Lim and Yang chose as the harder half (PAMI 2015), not the fifty of 2013.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lists:
    """The benchmark's lists.

    Attributes:
        attributes: the 11 challenges, abbreviation and words, in the order of the paper's table 4.
        tb50: targets of OTB-50.
        of_target: attributes of each target of OTB-100; some have none.
    """

    attributes: dict[str, str]
    tb50: tuple[str, ...]
    of_target: dict[str, tuple[str, ...]]


@functools.cache
def otb_lists() -> Lists:
    """The lists that come with the package."""
    text = Path(__file__).with_name("otb.json").read_text(encoding="utf-8")
    kept = json.loads(text)
    targets = kept["targets"]
    return Lists(
        kept["attributes"],
        tuple(name for name, target in targets.items() if target["tb50"]),
        {name: tuple(target["attributes"]) for name, target in targets.items()},
    )
