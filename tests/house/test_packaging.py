"""The wheel works by itself, and nothing but the package is installed at the top level."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import crt_plugin

ROOT = Path(__file__).resolve().parents[2]
NEVER_AT_TOP = ("parameters", "experiments", "tests")
WEIGHTS = sorted((ROOT / "crt_plugin/features/weights").glob("*.safetensors"))
CLIP = ROOT / "crt_plugin/media/assets/rabbit.mp4"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Run a command without PYTHONPATH, which must succeed; returns its standard output."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | variables
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def new_environment(folder: Path) -> Path:
    """Make a virtual environment that finds this one's dependencies by path; returns its Python.

    A .pth file in a folder found that way is not read, so an editable install of this package here
    is not visible there.
    """
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    python = folder / SCRIPTS / "python"
    site = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder
    ).strip()
    borrowed = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    Path(site, "00-borrowed.pth").write_text("\n".join(borrowed))
    return python


def install(python: Path, *what: str | Path) -> None:
    """Install into another environment, without network and without dependencies."""
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", *what, cwd=python.parent)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the sdist, as `python -m build` does."""
    pytest.importorskip("hatchling", reason="the extra dev is not installed")
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert len(list(folder.glob("*.tar.gz"))) == 1
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def contents(wheel) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="session")
def package_metadata(wheel) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


@pytest.fixture(scope="session")
def requirements(package_metadata) -> list[str]:
    """Names of all distributions that the wheel requires, including extras."""
    return [normal(line) for line in package_metadata.get_all("Requires-Dist")]


def normal(requirement: str) -> str:
    """Normalised name: "Scikit_video==1.1.11" gives "scikit-video"."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement).group()
    return re.sub(r"[-_.]+", "-", name).lower()


# -------------------------------------------------------------------------------- the wheel


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["parameters", "experiments"])
def test_every_parameter_file_and_experiment_travels(contents, folder):
    files = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert files
    assert {f"crt_plugin/bundled/{file}" for file in files} <= set(contents)


@pytest.mark.slow
def test_data_and_licences_travel(contents):
    data = [f"features/weights/{path.name}" for path in WEIGHTS]
    assert len(WEIGHTS) == 2
    data += ["media/assets/rabbit.mp4", "media/assets/rabbit.csv"]
    assets = [path.name for path in (ROOT / "crt_plugin/report/page/assets").iterdir()]
    assert {"page.html", "page.css", "page.js"} <= set(assets)
    data += [f"report/page/assets/{name}" for name in assets]
    assert {f"crt_plugin/{path}" for path in data} <= set(contents)
    assert "crt_plugin/py.typed" in contents  # else type checkers take all of the package for Any
    licences = {name.rpartition("/")[2] for name in contents if ".dist-info/licenses/" in name}
    assert licences == {"LICENSE", "NOTICE"}


@pytest.mark.slow
def test_nothing_else_is_at_the_top_level(contents):
    tops = {name.partition("/")[0] for name in contents}
    assert "crt_plugin" in tops
    assert all(re.fullmatch(r"crt_plugin(-[\d.]+\.dist-info)?", top) for top in tops), tops
    assert not [name for name in contents if name.endswith(".pyc")]


@pytest.mark.slow
def test_the_wheel_works_in_an_environment_of_its_own(wheel, tmp_path):
    """As ``make release-check`` does with no other package installed."""
    python = new_environment(tmp_path / "env")
    install(python, wheel)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(ROOT / "tests" / "helpers" / "try_install.py", elsewhere)
    said = json.loads(run(python, "try_install.py", cwd=elsewhere))

    assert Path(said["package"]).is_relative_to(tmp_path / "env")
    assert Path(said["parameters"]) == Path(said["package"]).parent / "bundled" / "parameters"
    assert said["at top"] == []
    # what works wherever the wheel came from, in place of "crt-plugin[vot]"
    assert said["advice"].startswith("pip install ")
    words = said["advice"].split('"')[1::2]
    assert {normal(word) for word in words} == {"vot-toolkit", "vot-trax", "attributee"}
    assert "vot-toolkit==0.7.4" in words


# ------------------------------------------------------------------------- editable install

WHERE = """
import importlib.util, json
names = ("crt_plugin", "parameters", "experiments", "tests")
specs = {n: importlib.util.find_spec(n) for n in names}
places = {n: [s.origin, *(s.submodule_search_locations or [])] for n, s in specs.items() if s}
print(json.dumps(places))
"""


@pytest.mark.slow
def test_an_editable_install_makes_the_package_importable_and_nothing_beside_it(tmp_path):
    pytest.importorskip("editables", reason="the extra dev is not installed")
    python = new_environment(tmp_path / "env")
    install(python, "--no-build-isolation", "--editable", ROOT)
    places = json.loads(run(python, "-c", WHERE, cwd=tmp_path))
    assert places.pop("crt_plugin")[0] == str(ROOT / "crt_plugin" / "__init__.py")
    for name, found in places.items():
        assert name in NEVER_AT_TOP
        assert not [place for place in found if place and Path(place).is_relative_to(ROOT)], name


# ------------------------------------------------------------------- declarations and notices


@pytest.mark.slow
def test_no_requirement_names_the_unrelated_pytracking(requirements):
    assert "torch" in requirements and "scikit-video" in requirements
    assert "pytracking" not in requirements


@pytest.mark.slow
def test_an_index_is_told_what_the_package_is(package_metadata):
    """Its Pythons are those that it asks for and promises; the licence is an expression."""
    classifiers = package_metadata.get_all("Classifier")
    pythons = re.findall(r"Python :: (3\.\d+)", "\n".join(classifiers))
    assert f">={pythons[0]}" == package_metadata["Requires-Python"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"Python {pythons[0]} to {pythons[-1]}" in readme
    assert "Typing :: Typed" in classifiers
    assert package_metadata["License-Expression"] == "MIT"
    assert package_metadata.get_all("Project-URL") == ["Paper, https://arxiv.org/abs/1611.04215"]
    assert package_metadata["Description-Content-Type"] == "text/markdown"
    assert package_metadata.get_payload() == readme  # nobody said where it is published


@pytest.mark.slow
def test_a_release_tells_an_index_where_pictures_and_pages_are():
    pytest.importorskip("hatchling", reason="the extra dev is not installed")
    place, tag = "https://github.com/someone/crt", "v1.2.3"
    asked = {"CRT_REPOSITORY": f"{place}/", "CRT_REVISION": tag}
    told = json.loads(run(sys.executable, "-m", "hatchling", "metadata", cwd=ROOT, **asked))
    text = told["readme"]["text"]
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert len(targets) > 20
    assert [target for target in targets if not target.startswith("https://")] == []
    assert f"]({place}/raw/{tag}/docs/demo.webp)" in text
    assert f"]({place}/blob/{tag}/docs/track.md)" in text
    assert told["urls"] == {
        "Paper": "https://arxiv.org/abs/1611.04215",
        "Source": place,
        "Changelog": f"{place}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{place}/issues",
    }
    made = {target for target in targets if target.startswith(f"{place}/")}
    files = {re.sub(rf"{place}/(raw|blob)/{tag}/", "", target) for target in made}
    assert all((ROOT / file).exists() for file in files)


def test_a_tag_publishes_what_was_checked_and_without_a_password():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow[True] == {"push": {"tags": ["v*"]}}  # YAML takes the key "on" for a boolean
    jobs = workflow["jobs"]
    assert ".ci/run" in [step.get("run") for step in jobs["build"]["steps"]]
    assert "make release-check" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert {"CRT_REPOSITORY", "CRT_REVISION"} <= set(jobs["build"]["env"])
    assert workflow["permissions"] == {"contents": "read"} and "permissions" not in jobs["build"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["needs"] == "build"
    assert "secrets." not in text and "password:" not in text


def test_the_citation_is_of_this_version_and_of_the_paper():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)  # CFF 1.2 asks for them
    assert citation["version"] == crt_plugin.__version__
    paper = citation["preferred-citation"]
    assert {"type", "title", "authors"} <= set(paper)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for author in paper["authors"]:
        assert f"{author['given-names']} {author['family-names']}" in " ".join(readme.split())
    assert paper["url"] in readme


@pytest.mark.parametrize("file", ["environment.yml", "constraints.txt"])
def test_no_environment_names_the_unrelated_pytracking(file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    entries = [line.partition("#")[0] for line in lines]
    assert any(entry.strip() for entry in entries)
    assert not [entry for entry in entries if "pytracking" in entry.lower()]


def test_conda_s_environment_installs_the_pinned_versions():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert re.search(r"^name: crt$", text, re.MULTILINE)
    assert "- -c constraints.txt" in text
    assert "- -e .[demo]" in text


@pytest.mark.slow
def test_every_requirement_is_pinned_exactly(requirements):
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.partition("#")[0].strip() for line in lines]
    pins = [pin for pin in pins if pin]
    assert all(re.match(r"[A-Za-z0-9._-]+==[^=\s]+( ; .*)?$", pin) for pin in pins)
    assert set(requirements) <= {normal(pin) for pin in pins}
    assert "torch==2.13.0" in pins


@pytest.mark.parametrize("work", [*WEIGHTS, CLIP], ids=lambda path: path.stem)
def test_the_notice_names_the_works_of_others_that_are_packaged(work):
    digest = hashlib.sha256(work.read_bytes()).hexdigest()
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert f"SHA-256:  {digest}" in notice
    assert work.relative_to(ROOT).as_posix() in notice
