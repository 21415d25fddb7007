"""Which dataset a folder holds, by its layout and the names in it."""

from __future__ import annotations

from pathlib import Path

from crt_plugin.benchmark.datasets.catalog import BENCHMARKS
from crt_plugin.benchmark.datasets.layouts import LASOT_EXTENSION, find_folders
from crt_plugin.errors import SourceError
from crt_plugin.formats.groundtruth import GROUNDTRUTH, find_targets, is_vot
from crt_plugin.formats.otb import folder_name
from crt_plugin.hosts.got10k.toolkit import read_list

# By a pattern below the folder that only one dataset's layout matches; the first counts. UAV20L has
# the frames of UAV123, and NfS at 30 frames a second lies beside NfS: both must be named.
PATTERNS = {
    "TEST/anno/*.txt": "trackingnet",
    "anno/UAV123_10fps/*.txt": "uav123-10fps",
    "anno/UAV123/*.txt": "uav123",
    "anno/UAV20L/*.txt": "uav20l",
    "anno/nfs_*.txt": "nfs-pytracking",
    "full_occlusion/*_full_occlusion.txt": "avist",
    "val/*/meta_info.ini": "got10k",
    "test/GOT-10k_Test_*": "got10k",
    "*/240/*.txt": "nfs",
    "*/30/*.txt": "nfs30",
    "*/*_gt.txt": "tcolor128",
}


def recognise_dataset(root: str | Path) -> str:
    """The key of ``BENCHMARKS`` whose layout a folder has.

    Sequences that do not all have names of OTB or LaSOT are the user's own: taken for the
    benchmark, the others would be left out.

    Raises:
        SourceError: no folder, or no layout that is known; names a folder near by that has one.
    """
    root = Path(root)
    expected = "expected one with " + "; or ".join(
        BENCHMARKS[name].layout for name in ("otb", "own", "got10k", "lasot")
    )
    if not root.is_dir():
        raise SourceError(f"no folder {root}; {expected}")
    found = "" if find_targets(root) else _recognise(root)
    if found:
        return found
    folders = (root.parent, *sorted(path for path in root.iterdir() if path.is_dir()))
    near = next((path for path in folders if _recognise(path)), None)
    hint = f"; {near} has one" if near else ""
    raise SourceError(
        f"{root} is laid out as no dataset that is known; {expected}; or the dataset's name, see "
        f"crt evaluate --help{hint}"
    )


def _recognise(root: Path) -> str:
    """The dataset, "" if none."""
    by_pattern = (name for pattern, name in PATTERNS.items() if any(root.glob(pattern)))
    return next(by_pattern, "") or _recognise_sequences(list(find_folders(root)))


def _recognise_sequences(folders: list[Path]) -> str:
    """The dataset of folders that hold a sequence each, "" without any."""
    if not folders:
        return ""
    names = {folder.name for folder in folders}
    if not any((folder / GROUNDTRUTH).is_file() for folder in folders):
        return "otb" if all(map(folder_name, names)) else "own"
    lasot = read_list("lasot.json")
    if names <= {*lasot["train"], *lasot["test"]} and names & {*lasot["test"]}:
        return "lasot"
    if names <= LASOT_EXTENSION:
        return "lasot-ext"
    kinds = {_is_vot(folder) for folder in folders}
    return "vot" if True in kinds and False not in kinds else "own"


def _is_vot(folder: Path) -> bool | None:
    """Whether a sequence is laid out as VOT's; None if its annotation cannot be read."""
    try:
        return (folder / GROUNDTRUTH).is_file() and is_vot(folder)
    except SourceError:
        return None
