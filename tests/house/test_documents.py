"""Documents name only what exists: links, files, tests, and layers of the import contract."""

from __future__ import annotations

import re
import sys

import pytest
from typer.main import get_command

from crt_plugin.cli import app
from tests.conftest import ROOT

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "results/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
PACKAGE = ROOT / "crt_plugin"


def read(document):
    return document.read_text(encoding="utf-8")


def house():
    """Rows of the table of layers, from top to bottom; each is a set of layers."""
    table = re.search(r"\| layer \|.*?\n\n", read(ROOT / "CONTRIBUTING.md"), re.DOTALL)[0]
    first_cells = [row.split("|")[1] for row in table.strip().splitlines()[2:]]
    return [set(re.findall(r"`(\w+)`", cell)) for cell in first_cells]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", read(document))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_exist(document):
    """In the repository, or in the package, whose ``parameters/`` shares a name with a folder."""
    pattern = r"(?<![\w/])((?:crt_plugin|experiments|parameters|tests|docs)/[\w./-]*\w)"
    names = re.findall(pattern, read(document))
    missing = [n for n in names if not (ROOT / n).exists() and not (PACKAGE / n).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_have_the_options_that_are_shown(document):
    code = re.findall(r"^(?:crt .*)|`crt [^`]+`", read(document), re.MULTILINE)
    for line in code:
        words = line.strip("`").split("#")[0].replace("\n", " ").split()[1:]
        command = get_command(app)
        while words and hasattr(command, "commands"):
            name = words.pop(0)
            if name.startswith("-"):
                break
            assert name in command.commands, line
            command = command.commands[name]
        there = {option for parameter in command.params for option in parameter.opts}
        shown = {word.split("=")[0].strip(",") for word in words if word.startswith("--")}
        assert shown <= there | {"--help"}, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_modules_that_are_named_exist(document):
    """``crt_plugin.a.b``, up to the last folder or file; Python names follow it."""
    for name in re.findall(r"(?<![\w/.])crt_plugin((?:\.[a-z]\w*)+)", read(document)):
        parts, place = name.strip(".").split("."), PACKAGE
        while parts and (place / parts[0]).is_dir():
            place /= parts.pop(0)
        file = place / f"{parts[0]}.py" if parts else place / "__init__.py"
        # the group of an entry point looks like a module
        assert file.is_file() or name == ".trackers", f"crt_plugin{name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_tests_that_are_named_exist(document):
    """As ``folder/test_file.py::test_name``, below ``tests/``."""
    pattern = r"`(?:tests/)?([\w/]*test_\w+\.py)(?:::(\w+))?"
    for name, function in re.findall(pattern, read(document)):
        file = ROOT / "tests" / name
        assert file.is_file(), name
        assert not function or f"def {function}(" in read(file), f"{name}::{function}"


def test_places_of_words_exist():
    """The third cell of a row of docs/words.md names files and folders of the package."""
    for row in re.findall(r"^\|.*\|$", read(ROOT / "docs" / "words.md"), re.MULTILINE):
        for name in re.findall(r"`([\w./]+)`", row.split("|")[3]):
            assert (PACKAGE / name).exists() or (ROOT / name).exists(), name


def test_the_readme_is_short():
    assert len(read(ROOT / "README.md").splitlines()) < 120


def test_the_house_names_every_part_of_the_package():
    there = {path.stem for path in PACKAGE.iterdir() if path.name[0] not in "_."}
    there -= {"bundled", "py"}  # of a wheel; py.typed
    assert set().union(*house()) == there


def test_the_house_is_the_import_contract():
    if sys.version_info < (3, 11):
        tomllib = pytest.importorskip("tomli")
    else:
        import tomllib
    settings = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"].get("importlinter", {})
    contracts = [c for c in settings.get("contracts", []) if c["type"] == "layers"]
    if not contracts:
        pytest.skip("pyproject.toml has no contract of layers")
    (contract,) = contracts
    rows = [re.split(r"\s*[|:]\s*", row) for row in contract["layers"]]
    assert [{name.strip("() ").split(".")[-1] for name in row} for row in rows] == house()
