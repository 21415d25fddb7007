"""docs/licences.md names each pinned package, with a licence that this package allows."""

from __future__ import annotations

import re
from importlib import metadata

import pytest

from tests.conftest import ROOT

KINDS = (
    *("MIT", "BSD", "0BSD", "ISC", "PSF", "Zlib", "BSL", "Apache", "CC0", "Unlicense", "public"),
    *("MPL", "LGPL", "GPL", "NVIDIA"),
)
ONLY_FOR_VOT = {"vot-toolkit", "vot-trax", "dominate"}


def read_pins():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return {match[1] for match in re.finditer(r"^([\w.-]+)==", text, re.MULTILINE)}


def read_licences():
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    rows = re.finditer(r"^\| ([\w.-]+) \| (.+?) \| (?:metadata|project) \|$", text, re.MULTILINE)
    return {match[1]: match[2] for match in rows}


def test_every_pin_is_listed_and_nothing_else():
    assert set(read_licences()) == read_pins()


@pytest.mark.parametrize("package", sorted(read_licences()))
def test_the_licence_is_of_a_known_kind(package):
    licence = read_licences()[package]
    assert any(kind in licence for kind in KINDS), licence
    if "GPL" in licence:
        assert package in ONLY_FOR_VOT


@pytest.mark.parametrize("package", sorted(read_licences()))
def test_the_installed_package_says_the_same(package):
    """If its metadata has a licence expression."""
    try:
        expression = metadata.metadata(package).get("License-Expression")
    except metadata.PackageNotFoundError:
        pytest.skip("not installed here")
    if expression:
        first = re.split(r"[ -]", expression.removeprefix("LicenseRef-"))[0]
        assert first in read_licences()[package]
