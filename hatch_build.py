"""Build hook: parameter files and experiment scripts travel inside the wheel's package.

A plain ``force-include`` would do the same to an editable install, where the copied
``crt_plugin/bundled`` is found before the checkout and hides it.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLED = ("parameters", "experiments")


class BundleHook(BuildHookInterface):
    """Adds the top-level folders of the checkout to a wheel, under ``crt_plugin/bundled``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each build; ``version`` is "editable" for an editable install."""
        if version == "standard":
            for folder in BUNDLED:
                build_data["force_include"][folder] = f"crt_plugin/bundled/{folder}"
