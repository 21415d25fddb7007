import ast
import importlib
import py_compile
import shutil
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from crt_plugin.cli.toolkits import attach as attach_command
from crt_plugin.errors import MissingExtraError, SourceError
from crt_plugin.hosts.pytracking import attach as module
from crt_plugin.hosts.pytracking.attach import FILES, attach, remove, sign
from crt_plugin.parameters import Parameters, parameter_directory

STUB = Path(__file__).parents[2] / "helpers" / "pytracking_stub"
TRACKER, PARAMETER, EXPERIMENTS = FILES


@pytest.fixture
def checkout(tmp_path):
    """A copy of the stub of the toolkit, as if from git."""
    folder = tmp_path / "a checkout"
    shutil.copytree(STUB, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def tree(folder):
    """Every path below, and what the files hold."""
    paths = sorted(folder.rglob("*"))
    return {path: path.read_bytes() if path.is_file() else None for path in paths}


def compile_all(paths):
    """What Python leaves behind when it imports them."""
    for path in paths:
        py_compile.compile(str(path))


# ----------------------------------------------------------------------------- there and back


def test_three_files_once(checkout):
    before = set(tree(checkout))
    assert attach(checkout) == [checkout / place for place in FILES]
    new = {path.relative_to(checkout).as_posix() for path in set(tree(checkout)) - before}
    assert new == {*FILES, "pytracking/tracker/crt", "pytracking/parameter/crt"}
    after = tree(checkout)
    assert attach(checkout) == []
    assert tree(checkout) == after


def test_remove_leaves_the_checkout_as_it_was(checkout):
    compile_all([checkout / "pytracking" / "experiments" / "__init__.py"])
    before = tree(checkout)
    written = attach(checkout)
    compile_all(written)
    assert len(tree(checkout)) > len(before) + 5
    assert remove(checkout) == written
    assert tree(checkout) == before
    assert remove(checkout) == []


def test_a_cache_that_was_all_ours_goes_too(checkout):
    before = tree(checkout)
    compile_all(attach(checkout))
    remove(checkout)
    assert tree(checkout) == before


def test_a_folder_of_the_toolkit_stays_even_when_empty(checkout):
    (checkout / "pytracking" / "experiments" / "__init__.py").unlink()
    before = tree(checkout)
    attach(checkout)
    remove(checkout)
    assert tree(checkout) == before


def test_files_hold_no_path(checkout):
    """So nothing in them is escaped on Windows, and nothing goes stale when a folder moves."""
    for path in attach(checkout):
        text = path.read_bytes().decode("ascii")
        ast.parse(text)
        assert "\\" not in text and "\r" not in text
        assert parameter_directory().name + "/" not in text.partition("\n\n")[2]


def test_the_toolkit_finds_what_is_attached(checkout, monkeypatch):
    attach(checkout)
    monkeypatch.syspath_prepend(checkout)
    for name in [n for n in sys.modules if n.partition(".")[0] == "pytracking"]:
        monkeypatch.delitem(sys.modules, name)
    tracker = importlib.import_module("pytracking.tracker.crt").get_tracker_class()
    assert tracker.__module__ == "crt_plugin.hosts.pytracking.tracker"
    package = importlib.import_module("pytracking.parameter.crt")
    assert list(package.__path__) == [str(parameter_directory())]
    hog = importlib.import_module("pytracking.parameter.crt.hog").parameters()
    assert isinstance(hog, Parameters) and hog.features == "hog"
    assert callable(importlib.import_module("pytracking.experiments.crt").otb_hog)
    for name in [n for n in sys.modules if n.partition(".")[0] == "pytracking"]:
        del sys.modules[name]


@pytest.mark.parametrize("missing", FILES)
def test_half_attached_is_completed(checkout, missing):
    attach(checkout)
    whole = tree(checkout)
    (checkout / missing).unlink()
    assert attach(checkout) == [checkout / missing]
    assert tree(checkout) == whole


@pytest.mark.parametrize("missing", FILES)
def test_half_attached_is_removed(checkout, missing):
    before = tree(checkout)
    compile_all(attach(checkout))
    (checkout / missing).unlink()
    assert len(remove(checkout)) == 2
    assert tree(checkout) == before


def test_files_of_another_version_are_renewed(checkout):
    attach(checkout)
    whole = tree(checkout)
    (checkout / TRACKER).write_text(sign("raise NotImplementedError\n"), encoding="utf-8")
    assert attach(checkout) == [checkout / TRACKER]
    assert tree(checkout) == whole


def test_other_line_ends_are_no_change(checkout):
    before = tree(checkout)
    for path in attach(checkout):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert attach(checkout) == []
    assert len(remove(checkout)) == 3
    assert tree(checkout) == before


# ------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize("place", FILES)
@pytest.mark.parametrize("action", [attach, remove])
def test_our_files_with_changes_are_kept(checkout, place, action):
    attach(checkout)
    with (checkout / place).open("a") as file:
        file.write("# my own line\n")
    before = tree(checkout)
    with pytest.raises(SourceError, match=r"changed since.*move or delete it") as error:
        action(checkout)
    assert str(checkout / place) in str(error.value)
    assert tree(checkout) == before


@pytest.mark.parametrize(
    "place",
    [
        *FILES,
        "pytracking/tracker/crt/crt.py",
        "pytracking/tracker/crt.py",
        "pytracking/parameter/crt/default.py",
        "pytracking/parameter/crt.py",
        "pytracking/experiments/crt/__init__.py",
    ],
)
def test_files_of_others_are_left_alone(checkout, place):
    (checkout / place).parent.mkdir(exist_ok=True)
    (checkout / place).write_text("# somebody else's tracker of this name\n")
    before = tree(checkout)
    with pytest.raises(SourceError, match="in the way and was not written by crt attach") as error:
        attach(checkout)
    named = str(error.value).partition(" is in the way")[0]
    assert Path(named) in (checkout / place, (checkout / place).parent)
    assert remove(checkout) == []
    assert tree(checkout) == before


def test_wrong_directory(tmp_path):
    with pytest.raises(SourceError) as error:
        attach(tmp_path)
    text = str(error.value)
    assert text.startswith(f"{tmp_path} is not a checkout of visionml's pytracking")
    assert "no pytracking/evaluation/tracker.py" in text
    assert "PyPI's pytracking is an unrelated library for tracking e-mail" in text
    with pytest.raises(SourceError, match="not a checkout"):
        remove(tmp_path / "none")


def test_the_inner_folder_is_recognised(checkout):
    with pytest.raises(SourceError) as error:
        attach(checkout / "pytracking")
    assert f"Its parent is one: --pytracking {checkout}" in str(error.value)


def test_unknown_layout(checkout):
    shutil.rmtree(checkout / "pytracking" / "parameter")
    (checkout / "pytracking" / "evaluation" / "tracker.py").write_text("class Tracker:\n    ...\n")
    before = tree(checkout)
    with pytest.raises(SourceError, match="layout that is not known") as error:
        attach(checkout)
    assert "no folder pytracking/parameter, no 'get_tracker_class' in" in str(error.value)
    assert tree(checkout) == before


def email_library(folder, *files):
    """What pip leaves of PyPI's pytracking."""
    info = folder / "pytracking-0.2.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pytracking\nVersion: 0.2.2\n")
    for file in ("pytracking/__init__.py", *files):
        (folder / file).parent.mkdir(exist_ok=True, parents=True)
        (folder / file).touch()


def test_pypi_s_pytracking_is_named(checkout, tmp_path, monkeypatch):
    attached = attach(checkout)
    email_library(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(MissingExtraError) as error:
        attach(checkout)
    assert "pytracking 0.2.2 from PyPI is installed" in str(error.value)
    assert "library for tracking e-mail" in str(error.value)
    assert "pip uninstall pytracking" in str(error.value)
    assert remove(checkout) == attached  # taking away is always possible


def test_an_installed_checkout_is_no_e_mail_library(checkout, tmp_path, monkeypatch):
    email_library(tmp_path / "site", "pytracking/evaluation/tracker.py")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert len(attach(checkout)) == 3


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_failure_in_the_middle_leaves_nothing(checkout, monkeypatch, written):
    before = tree(checkout)
    last = list(FILES)[written]
    replace = Path.replace

    def full_disk(path, target):
        if target == checkout / last:
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(SourceError, match="No space left on device"):
        attach(checkout)
    assert tree(checkout) == before


# ---------------------------------------------------------------------------- the command line


@pytest.fixture
def command():
    app = typer.Typer()
    app.command()(attach_command)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_command(command, checkout):
    done = command("--pytracking", checkout)
    assert done.exit_code == 0
    for place in FILES:
        assert f"wrote {checkout / place}" in done.output
    assert "python pytracking/run_tracker.py crt hog" in done.output
    assert "local.py with your paths is missing" in done.output
    assert "already attached" in command("--pytracking", checkout).output
    done = command("--pytracking", checkout, "--remove")
    assert done.exit_code == 0 and done.output.count("removed ") == 3
    assert "not attached" in command("--pytracking", checkout, "--remove").output


def test_command_fails_with_the_error(command, tmp_path):
    done = command("--pytracking", tmp_path)
    assert done.exit_code != 0 and isinstance(done.exception, SourceError)
    assert command().exit_code == 2  # the folder is asked for


def test_files_are_those_of_this_module():
    assert module.MARK.startswith("# Written by `crt attach`")
    for text in FILES.values():
        assert sign(text).startswith(module.MARK) and sign(text).endswith(text)
