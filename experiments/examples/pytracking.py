"""CRT in run_experiment.py of visionml's pytracking, beside the trackers that it brings.

    crt attach --pytracking DIR
    cd DIR && python pytracking/run_experiment.py crt otb --threads 2

Each function gives (trackers, sequences); to compare with others, add trackers to its list.
The attached ``experiments/crt.py`` loads this file by its path: imported as ``pytracking``,
it would hide the toolkit. So the toolkit is imported where it is used, not here.
"""

from pathlib import Path
from typing import Any

from crt_plugin.errors import SourceError


def otb() -> tuple[list[Any], Any]:
    """The paper's best on the sequences of OTB-100 that are there."""
    return _make_trackers("default"), _open_otb()


def otb_hog() -> tuple[list[Any], Any]:
    """Hand-crafted features, several times faster."""
    return _make_trackers("hog"), _open_otb()


def otb_features() -> tuple[list[Any], Any]:
    """Deep against hand-crafted features."""
    return _make_trackers("default", "hog", "rgb"), _open_otb()


def _make_trackers(*parameters: str) -> list[Any]:
    from pytracking.evaluation import Tracker

    return [Tracker("crt", name) for name in parameters]


def _open_otb() -> Any:
    """OTB-100 without the sequences that ``otb_path`` of evaluation/local.py does not hold."""
    from pytracking.evaluation.otbdataset import OTBDataset

    dataset = OTBDataset()
    root, listed = Path(dataset.base_path), dataset.sequence_info_list
    present = [
        info
        for info in listed
        if (root / info["anno_path"]).is_file() and (root / info["path"]).is_dir()
    ]
    if not present:
        raise SourceError(
            f"no sequence of OTB in {root}; expected otb_path in evaluation/local.py, a folder "
            "of folders <Sequence>/img and <Sequence>/groundtruth_rect.txt"
        )
    print(f"{len(present)} of {len(listed)} sequences of OTB-100 are in {root}")
    dataset.sequence_info_list = present
    return dataset.get_sequence_list()


if __name__ == "__main__":
    raise SystemExit(__doc__)
