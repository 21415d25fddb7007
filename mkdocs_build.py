"""Hooks of the documentation site: pages from outside docs/, and links between all of them.

The texts are written to be read in the repository. On the site, README.md is the first page, the
notebook is a page, and a link to a file that is no page leads to the repository that CRT_REPOSITORY
names, or is plain text where nobody says where the repository is.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbconvert import MarkdownExporter

ROOT = Path(__file__).resolve().parent
PAGES = {  # files of the repository outside docs/, by the name of their page
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "raw_results.md": "results/README.md",
}
NOTEBOOK = "tracking.ipynb"
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/, with the notebook's pictures."""
    for page, source in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    text, resources = MarkdownExporter().from_filename(str(ROOT / "docs" / NOTEBOOK))
    for name, content in resources["outputs"].items():
        files.append(File.generated(config, f"notebook/{name}", content=content))
        text = text.replace(f"]({name})", f"](notebook/{name})")
    files.append(File.generated(config, page_of(NOTEBOOK), content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead each link to its page, else to the repository."""
    source = PAGES.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def lead(match: re.Match[str]) -> str:
        mark, text, target, anchor = match.groups(default="")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        found = find_page(path)
        if files.get_file_from_path(found):
            name = Path(target).stem.replace("_", " ") if text == target else text
            return f"{mark}[{name}]({found}{anchor})"
        if not (ROOT / path).exists():
            return match[0]  # for MkDocs to complain of
        repository = os.environ.get("CRT_REPOSITORY", "").rstrip("/")
        revision = os.environ.get("CRT_REVISION") or "HEAD"
        return f"{mark}[{text}]({repository}/blob/{revision}/{path})" if repository else text

    return LINK.sub(lead, markdown)


def find_page(path: str) -> str:
    """The site's name of a file of the repository."""
    named = {source: page for page, source in PAGES.items()}
    name = named.get(path, path.removeprefix("docs/"))
    return page_of(name) if name == NOTEBOOK else name


def page_of(notebook: str) -> str:
    """The page that a notebook becomes."""
    return notebook.replace(".ipynb", ".md")
