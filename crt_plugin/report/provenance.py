"""What a table or picture rests on: sequences, parameters, versions, machine and date."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping, Sequence

from crt_plugin.runtime.environment import describe_machine

HASH_DIGITS = 12


def describe_provenance(
    sequences: Mapping[tuple[str, int], Sequence[str]], parameters: Mapping[str, str]
) -> list[str]:
    """What a result rests on, a line for each subject.

    Args:
        sequences: of the benchmark, by its name and the number that it lists, e.g.
            ``{("OTB-50", 50): ("Deer", "Girl")}``.
        parameters: of each CRT tracker, the text of all its settings.
    """
    lines = [
        f"{benchmark}: {len(names)} of {listed} sequences: {', '.join(names) or 'none'}"
        for (benchmark, listed), names in sequences.items()
    ]
    if parameters:
        hashes = ", ".join(f"{name} {digest(text)}" for name, text in parameters.items())
        lines.append(f"Settings (SHA-256, first {HASH_DIGITS} digits): {hashes}")
    about = describe_machine()
    packages = ", ".join(f"{name} {version}" for name, version in about["packages"].items())
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    lines.append(
        f"Made on {today} with Python {about['python']}, {packages}, on {about['processor']}, "
        f"{about['system']}"
    )
    return lines


def digest(text: str) -> str:
    """The first digits of SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]
