"""``make docs``: the site is built strictly and without a network, and its links lead somewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import ROOT

for package in ("mkdocs", "material", "mkdocstrings", "nbconvert"):
    pytest.importorskip(package, reason="the extra docs is not installed")

pytestmark = pytest.mark.slow

NO_NETWORK = """
import socket

def refuse(*arguments):
    raise OSError("the documentation is built without a network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
"""
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
REPOSITORY = "https://github.com/someone/crt"


class Links(HTMLParser):
    """Of a page: ids, what its links name, and what a browser loads for it."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.named, self.loaded = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids.add(found.get("id"))
        if tag == "a" and found.get("href"):
            self.named.add(found["href"])
        if tag in LOADED and found.get(LOADED[tag]):
            self.loaded.add(found[LOADED[tag]])


def build(site, cwd=ROOT, **variables):
    """Build it in ``cwd``; returns the finished process."""
    blocked = site.parent / "blocked"
    blocked.mkdir(exist_ok=True)
    (blocked / "sitecustomize.py").write_text(NO_NETWORK)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CRT_")}
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", site],
        cwd=cwd,
        env=kept | {"PYTHONPATH": str(blocked), "NO_MKDOCS_2_WARNING": "1"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    files = [file for file in site.rglob("*.html") if file.name != "404.html"]
    return {file.relative_to(site).as_posix(): Links(file.read_text("utf-8")) for file in files}


def test_every_document_and_the_notebook_are_pages(site, pages):
    names = {path.stem for path in (ROOT / "docs").glob("*.md")}
    names |= {"index", "tracking", "contributing", "changelog", "raw_results"}
    assert {f"{name}.html" for name in names} == set(pages)
    shown = {place for place in pages["tracking.html"].loaded if place.startswith("notebook/")}
    assert len(shown) == 3 and all((site / place).is_file() for place in shown)


def test_a_reader_needs_no_network(pages):
    for name, links in pages.items():
        assert [place for place in links.loaded if urlsplit(place).netloc] == [], name


def test_every_link_leads_to_a_page_and_a_place_on_it(site, pages):
    checked = 0
    for name, links in pages.items():
        for link in links.named:
            scheme, place, path, _, anchor = urlsplit(link)
            if scheme or place:
                assert scheme == "https", link
                continue
            file = (site / name).parent / unquote(path) if path else site / name
            assert file.is_file(), f"{name}: {link}"
            target = file.resolve().relative_to(site.resolve()).as_posix()
            assert not anchor or anchor.startswith("__") or target in pages, link
            if anchor and not anchor.startswith("__"):  # those are the theme's
                assert unquote(anchor) in pages[target].ids, f"{name}: {link}"
            checked += 1
    assert checked > 500


def test_the_python_interface_is_read_from_the_code(pages):
    ids = pages["api.html"].ids
    for name in ("CRTTracker.update", "MultiTracker.add", "Detection", "Parameters"):
        assert f"crt_plugin.{name}" in ids
    assert {"crt_plugin.errors.BoxError", "crt_plugin.hosts.got10k.GOT10kTracker"} <= ids


def test_code_is_linked_where_the_repository_is_named(pages, tmp_path):
    done = build(tmp_path / "site", CRT_REPOSITORY=REPOSITORY, CRT_REVISION="v1.2.3")
    assert done.returncode == 0, done.stderr
    links = Links((tmp_path / "site" / "algorithm.html").read_text("utf-8")).named
    assert f"{REPOSITORY}/blob/v1.2.3/crt_plugin/algorithm/regression.py" in links
    assert not [link for link in pages["algorithm.html"].named if "regression.py" in link]


@pytest.mark.parametrize("link", ["nothing.md", "track.md#nothing", "../nothing.py"])
def test_a_link_that_leads_nowhere_is_an_error(tmp_path, link):
    copy = tmp_path / "clone"
    shutil.copytree(ROOT / "docs", copy / "docs")
    (copy / "docs" / "words.md").write_text(f"# Words\n\n[a link]({link})\n")
    (copy / "results").mkdir()
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/README.md"):
        shutil.copy(ROOT / name, copy / name)
    (copy / "docs" / "api.md").write_text("# API\n")  # quicker
    for name in ("mkdocs.yml", "mkdocs_build.py"):
        shutil.copy(ROOT / name, copy)
    for name in ("experiments", "parameters", "crt_plugin", "NOTICE"):
        (copy / name).symlink_to(ROOT / name)
    done = build(tmp_path / "site", copy)
    assert done.returncode != 0
    assert link.rpartition("/")[2].rpartition("#")[2] in done.stderr
    assert "words.md" in done.stderr
