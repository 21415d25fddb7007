"""What a table or picture rests on: sequences, parameters, versions, machine and date."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crt_plugin.runtime.environment import describe_machine

HASH_DIGITS = 12


@dataclass(frozen=True)
class Provenance:
    """What a result rests on.

    Attributes:
        sequences: of the benchmark, by its name and the number that it lists, e.g.
            ``{("OTB-50", 50): ("Deer", "Girl")}``.
        parameters: of each CRT tracker, the text of all its settings.
    """

    sequences: Mapping[tuple[str, int], Sequence[str]]
    parameters: Mapping[str, str]

    def lines(self) -> list[str]:
        """A line for each subject."""
        found = [
            f"{benchmark}: {len(names)} of {listed} sequences: {', '.join(names) or 'none'}"
            for (benchmark, listed), names in self.sequences.items()
        ]
        if self.parameters:
            hashes = (f"{name} {digest(text)}" for name, text in self.parameters.items())
            found.append(f"Settings (SHA-256, first {HASH_DIGITS} digits): {', '.join(hashes)}")
        about = describe_machine()
        packages = ", ".join(f"{name} {version}" for name, version in about["packages"].items())
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        found.append(
            f"Made on {today} with Python {about['python']}, {packages}, on {about['processor']}, "
            f"{about['system']}"
        )
        return found


def digest(text: str) -> str:
    """The first digits of SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]
