"""What a tracker's results were made with, in ``manifest.json`` beside them.

It is written before the first result, so that no results are without it. Results of other
parameters or weights are not mixed under one name; those of other versions are, with a warning,
and the manifest then names each environment that took part.
"""

from __future__ import annotations

import ast
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from crt_plugin.benchmark.datasets.part import Part
from crt_plugin.errors import SourceError
from crt_plugin.hosts.got10k.toolkit import Tracker
from crt_plugin.parameters import Parameters
from crt_plugin.parameters.ensemble import find_differences, list_settings, migrate_settings
from crt_plugin.plus.ensemble import hash_all_weights
from crt_plugin.runtime.atomic import write_text

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
SETTINGS = "settings.txt"  # what version 0.1.0 wrote: parameters only, as name = value
UNKNOWN = "unknown"

Environment = dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """What results were made with.

    Attributes:
        tracker: its name.
        parameters: all of them by name, see ``ensemble.list_settings``; None for trackers that have
            none of this package's.
        seed: of the parameters.
        weights: SHA-256 of each file of network weights; none if no network is used, None if it is
            not known.
        environments: processor, system, Python and packages (``environment.describe_machine``),
            one for each that results were made in; {} if it is not known.
    """

    tracker: str
    parameters: dict[str, Any] | None = None
    seed: int | None = None
    weights: list[str] | None = None
    environments: list[Environment] = field(default_factory=list)

    @classmethod
    def of(cls, tracker: Tracker) -> Manifest:
        """Of a tracker as it is now, without results."""
        params = getattr(tracker, "parameters", None)
        if not isinstance(params, Parameters):
            return cls(tracker.name)
        return cls(tracker.name, list_settings(params), params.seed, hash_all_weights(params))

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """Of the results in a tracker's folder; None if there is none.

        Raises:
            SourceError: there is one, and it is damaged.
        """
        if (folder / MANIFEST).is_file():
            return _parse(folder / MANIFEST)
        if (folder / SETTINGS).is_file():
            parameters = _read_settings(folder / SETTINGS)
            return cls(folder.name, parameters, parameters.get("seed"), environments=[{}])
        return None

    def write(self, folder: Path) -> None:
        """Write it, in place of what was there.

        Raises:
            StorageError: it cannot be written.
        """
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        write_text(folder / MANIFEST, f"{text}\n")
        (folder / SETTINGS).unlink(missing_ok=True)

    def find_conflict(self, before: Manifest) -> str:
        """Why results of both cannot be kept together, "" if they can."""
        if before.parameters != self.parameters:
            return f"other settings ({_describe_difference(before.parameters, self.parameters)})"
        known = before.weights is not None and self.weights is not None
        if known and before.weights != self.weights:
            there, now = (" ".join(each.weights or ["none"]) for each in (before, self))
            return f"other weights (SHA-256 there {there}; now {now})"
        return ""

    def find_new_versions(self, environment: Environment) -> str:
        """The versions in an environment that no earlier result has, "" if one has all of them."""
        now, known = _versions(environment), [_versions(each) for each in self.environments]
        return _describe_difference(known[-1], now) if known and now not in known else ""


def check_manifest(part: Part, tracker: Tracker, deleted: Sequence[Path] = ()) -> None:
    """Check that the results under the tracker's name can be continued.

    Args:
        deleted: files that are about to be deleted.

    Raises:
        SourceError: there are results of other settings or weights, or the manifest is damaged.
    """
    folder = results_folder(part, tracker.name)
    if not _find_results(folder, deleted):
        return
    before, now = Manifest.read(folder), Manifest.of(tracker)
    if before is None:
        if now.parameters is not None:
            logger.warning("%s holds results of unknown settings: no %s", folder, MANIFEST)
        return
    problem = now.find_conflict(before)
    if problem:
        raise SourceError(
            f"{folder} holds results of {problem}; "
            "expected another folder of results, or overwriting all of them"
        )


def keep_manifest(part: Part, tracker: Tracker) -> None:
    """Write the manifest beside the tracker's first results, without an environment.

    Results without a manifest get none: nobody knows what they were made with.

    Raises:
        StorageError: it cannot be written.
    """
    folder, now = results_folder(part, tracker.name), Manifest.of(tracker)
    if not _find_results(folder):
        now.write(folder)
        return
    before = Manifest.read(folder)
    if before is not None:
        after = replace(now, environments=before.environments)
        if after != before:
            after.write(folder)


def add_environment(part: Part, tracker: Tracker, environment: Environment) -> None:
    """Name an environment in the manifest, if there is one, before its first result.

    Raises:
        StorageError: it cannot be written.
    """
    folder = results_folder(part, tracker.name)
    before = Manifest.read(folder)
    if before is None or environment in before.environments:
        return
    versions = before.find_new_versions(environment)
    if versions:
        logger.warning("%s holds results of other versions (%s)", folder, versions)
    replace(before, environments=[*before.environments, environment]).write(folder)


def manifests_differ(part: Part, other: Part, name: str) -> bool:
    """Whether a tracker's results on two parts are known to be of different settings or weights."""
    one, two = (Manifest.read(results_folder(each, name)) for each in (part, other))
    return one is not None and two is not None and bool(one.find_conflict(two))


def results_folder(part: Part, tracker: str) -> Path:
    """Where the host keeps a tracker's results."""
    return Path(part.experiment.result_dir) / tracker


def _find_results(folder: Path, deleted: Sequence[Path] = ()) -> list[Path]:
    """Result files of a tracker."""
    gone = {folder / SETTINGS, *deleted}
    return [file for file in folder.rglob("*.txt") if file not in gone]


def _parse(file: Path) -> Manifest:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        manifest = Manifest(**read)
        if isinstance(manifest.parameters, dict):
            manifest = replace(manifest, parameters=migrate_settings(manifest.parameters))
        kinds = {
            "tracker": (str,),
            "parameters": (dict, type(None)),
            "seed": (int, type(None)),
            "weights": (list, type(None)),
            "environments": (list,),
        }
        wrong = [name for name, kind in kinds.items() if not isinstance(read.get(name), kind)]
    except (ValueError, TypeError) as error:  # no UTF-8, no JSON, or JSON of something else
        raise _damage_error(file, str(error)) from error
    if wrong or not all(isinstance(one, dict) for one in manifest.environments):
        raise _damage_error(file, f"wrong values of {', '.join(wrong) or 'environments'}")
    return manifest


def _read_settings(file: Path) -> dict[str, Any]:
    """What is in a file of lines ``name = value``."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        pairs = [line.split(" = ", 1) for line in lines if line]
        return migrate_settings({name: ast.literal_eval(value) for name, value in pairs})
    except (ValueError, SyntaxError) as error:
        raise _damage_error(file, str(error)) from error


def _damage_error(file: Path, reason: str) -> SourceError:
    return SourceError(
        f"{file} is damaged ({reason}), so what the results beside it were made with is unknown; "
        "expected another folder of results, or removing this one"
    )


def _versions(environment: Environment) -> dict[str, str]:
    """Package versions and Python's."""
    told = {"python": environment.get("python"), **(environment.get("packages") or {})}
    return {name: version for name, version in told.items() if version}


def _describe_difference(before: dict[str, Any] | None, now: dict[str, Any] | None) -> str:
    """The values in which two differ."""
    old, new = before or {}, now or {}
    names = find_differences(old, new)
    there, here = (
        ", ".join(f"{name} = {values[name]!r}" for name in names if name in values) or UNKNOWN
        for values in (old, new)
    )
    return f"there {there}; now {here}"
