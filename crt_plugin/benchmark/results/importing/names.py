"""Whose boxes a published file holds, and of which sequence of which dataset, by its path alone.

Toolkits and authors lay files out in a few ways, in which the same is read from the same places:

========================================= ========================================================
``KCF/Deer.txt``, ``Deer_KCF.txt``        OTB's authors; ``deer_KCF.mat``: the benchmark's toolkit
``UAV123/MODEL/bike1.txt``                pysot, below ``results``; ``GOT-10k/MODEL/S/S_001.txt``
``dimp/dimp50_000/uav_bike1.txt``         pytracking, below ``tracking_results``; names of UAV123
                                          have ``uav_`` before them, of NfS ``nfs_``, of Temple
                                          Color ``tpl_``
``ATOM_tracking_result/airplane-1.txt``   LaSOT
``SiamFC/S/S_001.txt``, ``S_time.txt``    GOT-10k
``Deer/boxes.csv``                        ``crt track``
========================================= ========================================================
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from crt_plugin.benchmark.datasets.catalog import BENCHMARKS
from crt_plugin.benchmark.datasets.layouts import LASOT_EXTENSION
from crt_plugin.benchmark.results.layout import SCORES_FOLDER, TIMES_FOLDER, check_name
from crt_plugin.errors import ParameterError, SourceError
from crt_plugin.formats.otb import TWO_TARGETS, target_name
from crt_plugin.hosts.got10k.toolkit import datasets, read_list

OWN_FILE = "boxes.csv"  # of crt track, in a folder called after the sequence
BOXES, TIMES, SCORES = "boxes", "times", "scores"  # kinds of files

_TIME = "_time"  # ends the name of a file of times
_PRESENCE = "_object_presence_scores"  # of pytracking
_PREFIXES = {"otb": "otb", "uav": "uav123", "nfs": "nfs-pytracking", "tpl": "tcolor128"}
_ANNOTATIONS = ("anno", "annos", "annotation", "annotations", "groundtruth")
# What says nothing of the tracker, in the name of a folder
_RESULTS = re.compile(r"(^|[-_ ])((raw|tracking)[-_ ])?results?([-_ ]ope)?$", re.IGNORECASE)
_GENERIC = re.compile(r"|ope|nfs|baseline|longterm|results[-_ ]otb.*", re.IGNORECASE)
_OF_PYTRACKING = "tracking_results"  # the two folders in it are a tracker and a parameter file
# pytracking's folder of a parameter file and a run; several trackers have one of that name
_RUN = re.compile(r"default|.+_\d{3}")
_REPETITION = re.compile(r"\d{3}")
_GOT10K = re.compile(r"GOT-10k_(Train|Val|Test)_\d{6}")


@dataclass(frozen=True)
class ResultName:
    """What a file holds.

    Attributes:
        dataset: key of ``BENCHMARKS``.
        tracker: a name under which results can be kept.
        sequence: as the host names it.
        kind: ``BOXES``, ``TIMES`` or ``SCORES``.
        repetition: counted from 1.
    """

    dataset: str
    tracker: str
    sequence: str
    kind: str
    repetition: int


@dataclass(frozen=True)
class _Text:
    """The parts of a path.

    Attributes:
        text: the file's name without what tells its kind, or its folder's if that is the
            sequence's.
        folders: that may name the tracker, the innermost last.
        datasets: that folders name, the innermost last.
        is_whole: whether ``text`` is the sequence, without a tracker's name.
    """

    text: str
    folders: tuple[str, ...]
    datasets: tuple[str, ...]
    kind: str
    repetition: int
    is_whole: bool


@dataclass(frozen=True)
class _Candidate:
    """A sequence that a text may name, and what is left of the text."""

    dataset: str
    sequence: str
    rest: str = ""


def name_files(
    paths: Iterable[PurePosixPath],
    source: Path,
    dataset: str | None = None,
    sequences: Collection[str] | None = None,
    tracker: str | None = None,
) -> dict[PurePosixPath, ResultName | str]:
    """What each file holds, or why that cannot be said.

    The dataset is the one that is given; or else what the file's name is a sequence of. Some names
    are of several datasets: a folder says which, or the other files of the tracker, most of which
    must be of the same.

    Two folders of one name are two trackers if they hold the same sequence: they are called after
    the folders above them too.

    Args:
        paths: inside ``source``.
        dataset: key of ``BENCHMARKS``.
        sequences: names in the dataset; None takes the dataset's list, if there is one.
        tracker: name of the tracker of all files.
    """
    found: dict[PurePosixPath, ResultName | str] = {}
    texts: dict[PurePosixPath, _Text] = {}
    for path in paths:
        try:
            texts[path] = _split(path, source)
        except SourceError as error:
            found[path] = str(error)
    chosen: dict[PurePosixPath, _Candidate] = {}
    for path, candidate in _choose(texts, dataset, sequences).items():
        if isinstance(candidate, str):
            found[path] = candidate
        else:
            chosen[path] = candidate
    named = {path: _make_name(texts[path], chosen[path], tracker) for path in chosen}
    if tracker is None:
        _keep_apart(named, texts, chosen)
    for path, name in named.items():
        try:
            check_name(name.tracker)
            found[path] = name
        except ParameterError as error:
            found[path] = str(error)
    return found


# ------------------------------------------------------------------------------- parts of a path


def _split(path: PurePosixPath, source: Path) -> _Text:
    """Take a path apart; raises ``SourceError`` if it is no result file's."""
    suffix, stem, inside = path.suffix.lower(), path.stem, list(path.parent.parts)
    if any(part.lower() in _ANNOTATIONS for part in inside):
        raise SourceError("in a folder of annotations; expected results")
    kind = BOXES
    if path.name == OWN_FILE:
        stem = ""
    elif suffix == ".csv" and inside[-1:] == [SCORES_FOLDER]:
        kind = SCORES
    elif suffix == ".txt" and stem.endswith(_TIME):
        kind, stem = TIMES, stem.removesuffix(_TIME)
    elif suffix not in (".txt", ".mat"):
        raise SourceError(f"not a result file; expected .txt, .mat, or {OWN_FILE} of crt track")
    elif stem.endswith(_PRESENCE):
        raise SourceError("scores of pytracking; expected boxes or times")
    if inside[-1:] == [TIMES_FOLDER] or kind == SCORES:
        inside.pop()
    *above, last = source.resolve().parts[-3:]
    if source.is_dir():
        above.append(last)
    elif source.suffix.lower() == ".zip":
        above.append(source.stem)
    parts = [*above, *inside]
    repetition, is_whole = 1, False
    match = re.fullmatch(rf"{re.escape(parts[-1])}(?:_(\d{{3}}))?", stem) if parts else None
    if path.name == OWN_FILE or match:  # in a folder of the sequence
        stem, is_whole = parts.pop(), True
        repetition = int(match[1] or 1) if match else 1
    folders, named = _sift(parts)
    return _Text(stem, folders, named, kind, repetition, is_whole)


def _sift(parts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Folders that may name the tracker, and datasets that folders name."""
    folders: list[str] = []
    named: list[str] = []
    for part in parts:
        cleaned = _RESULTS.sub("", part)
        dataset = _DATASETS.get(_normalise(cleaned))
        if dataset is not None:
            named.append(dataset)
        elif part.lower() in (_OF_PYTRACKING, f"py{_OF_PYTRACKING}"):
            folders.append(_OF_PYTRACKING)
        elif not _GENERIC.fullmatch(cleaned):
            folders.append(cleaned)
    return tuple(folders), tuple(named)


def _normalise(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _list_datasets() -> dict[str, str]:
    """Datasets by what their folders are called; all of OTB's are one."""
    named = {_normalise(benchmark.folder): key for key, benchmark in BENCHMARKS.items()}
    named |= {_normalise(key): key for key in BENCHMARKS}
    named |= {"lasotextensionsubset": "lasot-ext", "tc128": "tcolor128"}
    named |= dict.fromkeys(("otb50", "otb100", "cvpr13"), "otb")
    del named["nfs"]  # of 30 or of 240 frames a second
    return {name: "otb" if _is_otb(key) else key for name, key in named.items()}


def _is_otb(dataset: str) -> bool:
    return BENCHMARKS[dataset].dataset is datasets.OTB


_DATASETS = _list_datasets()

# ------------------------------------------------------------------------ datasets and sequences

Find = Callable[[str], str | None]


def _find_got10k(text: str) -> str | None:
    return text if _GOT10K.fullmatch(text) else None


def _find_in(names: Collection[str], text: str) -> str | None:
    return text if text in names else None


def _list_finders() -> dict[str, Find]:
    """What finds a sequence's name in the lists that are known, by dataset."""
    uav = read_list("uav123.json")
    return {
        "otb": target_name,
        "got10k": _find_got10k,
        "lasot": partial(_find_in, frozenset(read_list("lasot.json")["test"])),
        "lasot-ext": partial(_find_in, LASOT_EXTENSION),
        "uav123": partial(_find_in, frozenset(uav["UAV123"])),
        "uav123-10fps": partial(_find_in, frozenset(uav["UAV123"])),
        "uav20l": partial(_find_in, frozenset(uav["UAV20L"])),
    }


def _choose(
    texts: dict[PurePosixPath, _Text], dataset: str | None, sequences: Collection[str] | None
) -> dict[PurePosixPath, _Candidate | str]:
    """The sequence of each file, or why there is none."""
    finders = _list_finders()
    if dataset is not None:
        find = finders.get(dataset) if sequences is None else partial(_find_in, sequences)
        if _is_otb(dataset):
            find = target_name
        others = _find_others(texts, dataset)
        return {
            path: others.get(path) or _find_named(text, dataset, find)
            for path, text in texts.items()
        }
    candidates = {path: _find_candidates(text, finders) for path, text in texts.items()}
    votes: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for path, those in candidates.items():
        votes[texts[path].folders].update({one.dataset for one in those})
    return {
        path: _elect(texts[path], those, votes[texts[path].folders])
        for path, those in candidates.items()
    }


def _find_others(texts: dict[PurePosixPath, _Text], dataset: str) -> dict[PurePosixPath, str]:
    """Files in folders of other datasets, if there is a folder of this one; and what is wrong."""
    places = {path: text.datasets[-1] for path, text in texts.items() if text.datasets}
    if not any(_is_same(place, dataset) for place in places.values()):
        return {}
    expected = BENCHMARKS[dataset].folder
    return {
        path: f"in a folder of {BENCHMARKS[place].folder}; expected {expected}"
        for path, place in places.items()
        if not _is_same(place, dataset)
    }


def _is_same(one: str, other: str) -> bool:
    both_otb = _is_otb(one) and _is_otb(other)
    return both_otb or BENCHMARKS[one].folder == BENCHMARKS[other].folder


def _find_named(text: _Text, dataset: str, find: Find | None) -> _Candidate | str:
    """The sequence of a dataset that is named."""
    if find is None:  # no list of its sequences
        return _Candidate(dataset, _strip_prefix(text.text)[1])
    bare = _strip_prefix(text.text)[1]
    found = _find_sequence(text.text, find, True) or _find_sequence(bare, find, True)
    found = found or _find_sequence(bare, find, text.is_whole)
    if found is not None:
        return _Candidate(dataset, *found)
    if find is target_name:
        return _describe_two(text) or "its name is of no target of OTB-100"
    return f"its name is of no sequence of {BENCHMARKS[dataset].folder}"


def _find_candidates(text: _Text, finders: dict[str, Find]) -> list[_Candidate]:
    """What a file's name may be; whole names alone where there are some."""
    prefix, bare = _strip_prefix(text.text)
    if prefix:
        dataset = _PREFIXES[prefix]
        found = _find_named(replace(text, text=bare), dataset, finders.get(dataset))
        return [] if isinstance(found, str) else [found]
    candidates = [
        _Candidate(dataset, *those)
        for dataset, find in finders.items()
        if (those := _find_sequence(text.text, find, text.is_whole)) is not None
    ]
    whole = [one for one in candidates if not one.rest]
    unlisted = [dataset for dataset in text.datasets if dataset not in finders]
    if not candidates and unlisted:
        return [_Candidate(unlisted[-1], text.text)]
    return whole or candidates


def _elect(text: _Text, candidates: list[_Candidate], votes: Counter[str]) -> _Candidate | str:
    """The candidate that a folder names, or else that most of the tracker's files may be of."""
    if not candidates:
        expected = "expected the name of its dataset, or the dataset's annotations"
        return _describe_two(text) or f"its name is of no sequence that is known; {expected}"
    by_dataset = {one.dataset: one for one in candidates}
    for dataset in reversed(text.datasets):
        if dataset in by_dataset:
            return by_dataset[dataset]
    most = max(votes[dataset] for dataset in by_dataset)
    best = [dataset for dataset in by_dataset if votes[dataset] == most]
    if len(best) > 1:
        return f"its name is of a sequence of {' and of '.join(best)}; expected one to be named"
    return by_dataset[best[0]]


def _describe_two(text: _Text) -> str:
    """What is wrong with the name of a sequence of OTB that has two targets, "" of others."""
    several = [name for name in TWO_TARGETS if name.lower() == text.text.lower()]
    return f"it is of two targets; expected {several[0]}.1 or {several[0]}.2" if several else ""


def _strip_prefix(text: str) -> tuple[str, str]:
    """pytracking's mark of a dataset, "" without one, and the rest of a name."""
    prefix, underscore, rest = text.partition("_")
    return (prefix, rest) if underscore and prefix in _PREFIXES else ("", text)


def _find_sequence(text: str, find: Find, is_whole: bool) -> tuple[str, str] | None:
    """Sequence, and the rest, of ``<sequence>``, ``<sequence>_<rest>`` or ``<rest>_<sequence>``."""
    parts = text.split("_")
    for count in range(len(parts), len(parts) - 1 if is_whole else 0, -1):
        for named, rest in ((parts[:count], parts[count:]), (parts[-count:], parts[:-count])):
            name = find("_".join(named))
            if name is not None:
                return name, "_".join(rest)
    return None


# -------------------------------------------------------------------------------------- trackers


def _make_name(text: _Text, candidate: _Candidate, tracker: str | None) -> ResultName:
    repetition, rest = text.repetition, candidate.rest
    if _REPETITION.fullmatch(rest):
        repetition, rest = int(rest), ""
    name = tracker or rest or _name_tracker(text.folders)
    return ResultName(candidate.dataset, name, candidate.sequence, text.kind, repetition)


def _name_tracker(folders: Sequence[str], depth: int = 1) -> str:
    """A tracker's name from its folders, the innermost last, of which ``depth`` are enough."""
    if _OF_PYTRACKING in folders:
        folders = folders[list(folders).index(_OF_PYTRACKING) + 1 :]
        depth = max(depth, len(folders))
    elif folders and _RUN.fullmatch(folders[-1]):
        depth = max(depth, 2)
    return "-".join(folders[-depth:])


def _keep_apart(
    named: dict[PurePosixPath, ResultName],
    texts: dict[PurePosixPath, _Text],
    chosen: dict[PurePosixPath, _Candidate],
) -> None:
    """Call trackers after more of their folders while two have the same name and sequence."""
    from_folders = [path for path, name in named.items() if name.tracker != chosen[path].rest]
    deepest = max((len(texts[path].folders) for path in from_folders), default=1)
    for depth in range(2, deepest + 1):
        owners: defaultdict[ResultName, set[tuple[str, ...]]] = defaultdict(set)
        for path in from_folders:
            owners[named[path]].add(texts[path].folders)
        shared = {name.tracker for name, folders in owners.items() if len(folders) > 1}
        if not shared:
            return
        for path in from_folders:
            if named[path].tracker in shared:
                tracker = _name_tracker(texts[path].folders, depth)
                named[path] = replace(named[path], tracker=tracker)
