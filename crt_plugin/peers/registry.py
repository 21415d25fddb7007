"""Other trackers under got10k's interface, and one registry of all of them.

===================== ==========================================================================
``crt:hog``           this package's tracker with a parameter file (a name, or a path to one)
``opencv:mil``        a tracker of OpenCV: mil in any wheel; nano, vit and dasiamrpn too, with their
                      networks' files; kcf, csrt, mosse, medianflow, tld and boosting in contrib
                      wheels
``dlib:correlation``  dlib's scale-adaptive correlation tracker, from the package dlib-bin
``pytracking:T/P``    a tracker T of visionml's pytracking and one of its parameter files P, for
                      example dimp/dimp50, in a checkout that ``CRT_PYTRACKING`` names
``results:KCF``       existing result files, for example of ``crt results import``
``module:Class``      any got10k tracker, or function that returns one, called without arguments
``name``              a tracker that an installed package registers, by an entry point
                      ``module:Class`` in the group ``crt_plugin.trackers``
===================== ==========================================================================
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from crt_plugin.errors import ParameterError
from crt_plugin.features.network_weights import find_origins
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.hosts.got10k.toolkit import Tracker
from crt_plugin.parameters import load_parameters, parameter_names
from crt_plugin.parameters.ensemble import list_members
from crt_plugin.peers.dlib import DlibTracker, missing_dlib
from crt_plugin.peers.opencv import OPENCV, OpenCVTracker, missing_opencv
from crt_plugin.peers.published import Published
from crt_plugin.peers.pytracking import PytrackingTracker

GROUP = "crt_plugin.trackers"
INTERFACE = ("name", "is_deterministic", "init", "update", "track")  # of got10k
FAMILIES: dict[str, Callable[[str], Tracker]] = {
    "opencv": OpenCVTracker,
    "dlib": DlibTracker,
    "pytracking": PytrackingTracker,
    "results": Published,
}
EXPECTED = (
    "crt:PARAMETERS, opencv:NAME, dlib:correlation, pytracking:TRACKER/PARAMETERS, results:NAME, "
    "module:Class, or a registered name; crt trackers lists them"
)


@dataclass(frozen=True)
class Peer:
    """A tracker of the registry.

    Attributes:
        text: see the module's table.
        origin: the library, or the entry point.
        missing: what to install so that it can run here, "" if nothing.
    """

    text: str
    origin: str
    missing: str


def peers() -> list[Peer]:
    """All trackers of the registry, including those that cannot run here."""
    listed = [Peer(f"crt:{name}", "this package", _missing_crt(name)) for name in parameter_names()]
    listed += [Peer(f"opencv:{name}", "OpenCV", missing_opencv(name)) for name in OPENCV]
    listed.append(Peer("dlib:correlation", "dlib", missing_dlib()))
    return listed + [Peer(point.name, point.value, "") for point in _entry_points()]


def make(text: str, seed: int | None = None) -> Tracker:
    """The tracker that ``text`` names, see the module's table.

    Args:
        seed: for trackers that take one (crt); results of a seed that is not the parameter
            file's own are called ``CRT-<parameters>-seed<N>``.

    Raises:
        ParameterError: no such tracker, or not a got10k tracker.
        MissingExtraError: it cannot run here; names what to install.
    """
    family, colon, name = text.strip().partition(":")
    if not colon:
        return _make_registered(family)
    if family not in ("crt", *FAMILIES):
        return _build(lambda: getattr(importlib.import_module(family), name), f"{family}:{name}")
    if not name:
        raise ParameterError(f"tracker {text!r} has no name; expected {EXPECTED}")
    if family != "crt":
        return FAMILIES[family](name)
    if seed is None or seed == load_parameters(name).seed:
        return GOT10kTracker(name)
    return GOT10kTracker(name, name=f"CRT-{Path(name).stem}-seed{seed}", seed=seed)


def _missing_crt(name: str) -> str:
    members = list_members(load_parameters(name)).values()
    origins = [origin for params in members for origin in find_origins(params)]
    return "; ".join(
        origin.removeprefix("missing: ") for origin in origins if origin.startswith("missing: ")
    )


def _entry_points() -> list[metadata.EntryPoint]:
    return sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name)


def _make_registered(name: str) -> Tracker:
    """A tracker that another package registers."""
    points = {point.name: point for point in _entry_points()}
    if name not in points:
        hint = f"did you mean crt:{name}? " if name in parameter_names() else ""
        known = f"; registered: {', '.join(points)}" if points else ""
        raise ParameterError(f"no tracker {name!r}; {hint}expected {EXPECTED}{known}")
    return _build(points[name].load, name)


def _build(load: Callable[[], Any], text: str) -> Tracker:
    """Load and call a factory whose trackers must have got10k's interface."""
    try:
        factory = load()
    except (ImportError, AttributeError, ValueError) as error:
        raise ParameterError(
            f"tracker {text!r} cannot be imported ({error}); expected {EXPECTED}"
        ) from error
    if not callable(factory) or _needs_arguments(factory):
        raise ParameterError(
            f"{text} cannot be called without arguments; expected a class or function that can"
        )
    tracker = factory()
    lacking = [name for name in INTERFACE if not hasattr(tracker, name)]
    if lacking:
        raise ParameterError(
            f"{text} gives a {type(tracker).__name__} without {', '.join(lacking)}; "
            "expected a got10k tracker"
        )
    return tracker


def _needs_arguments(factory: Any) -> bool:
    try:
        inspect.signature(factory).bind()
    except TypeError:
        return True
    except ValueError:  # no signature, as of some compiled classes
        return False
    return False
