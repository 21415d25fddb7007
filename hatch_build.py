"""What a build adds: parameter files inside the wheel, and addresses that an index page needs.

An index shows README.md alone, where its relative pictures and links lead nowhere. The clone does
not know where it is published, so whoever publishes says it: with CRT_REPOSITORY, as
``https://github.com/OWNER/NAME``, the links of the metadata are absolute, of the tag or commit
CRT_REVISION, and the project's addresses are in it. Without it both stay as they are.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

BUNDLED = ("parameters", "experiments")
LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>(?!https?://|#)[^)\s]+)\)")


class BundleHook(BuildHookInterface):
    """Adds the top-level folders of the checkout to a wheel, under ``crt_plugin/bundled``.

    A plain ``force-include`` would do the same to an editable install, where the copied
    ``crt_plugin/bundled`` is found before the checkout and hides it.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each build; ``version`` is "editable" for an editable install."""
        if version == "standard":
            for folder in BUNDLED:
                build_data["force_include"][folder] = f"crt_plugin/bundled/{folder}"


class AddressHook(MetadataHookInterface):
    """Sets ``readme`` and ``urls``, except in an sdist, which has them already."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called before each build with the table ``project`` of pyproject.toml."""
        repository = os.environ.get("CRT_REPOSITORY", "").rstrip("/")
        revision = os.environ.get("CRT_REVISION") or "HEAD"
        if "readme" not in metadata:
            text = Path(self.root, "README.md").read_text(encoding="utf-8")
            if repository:
                text = LINK.sub(lambda link: make_absolute(link, repository, revision), text)
            metadata["readme"] = {"content-type": "text/markdown", "text": text}
        if "urls" not in metadata:
            metadata["urls"] = dict(self.config["urls"])
            if repository:
                metadata["urls"] |= {
                    "Source": repository,
                    "Changelog": f"{repository}/blob/{revision}/CHANGELOG.md",
                    "Issues": f"{repository}/issues",
                }


def make_absolute(link: re.Match[str], repository: str, revision: str) -> str:
    """A relative Markdown link as one to GitHub: a picture to its bytes, else to its page."""
    kind = "raw" if link["picture"] else "blob"
    address = f"{repository}/{kind}/{revision}/{link['target']}"
    return f"{link['picture']}[{link['text']}]({address})"
