"""Links between pages, and what blocks are written in."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from doc_blocks import PAGES, ROOT, blocks_of
from markdown_it import MarkdownIt

LANGUAGES = {"sh", "python", "yaml", "text", "toml", "{toctree}"}

EVERY = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code-hosting sites and MyST make them."""
    tokens = MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
    titles = [
        tokens[place + 1].content
        for place, token in enumerate(tokens)
        if token.type == "heading_open"
    ]
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def _links(page: Path) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    return [
        str(inner.attrs.get("href") or inner.attrs["src"])
        for token in tokens
        for inner in token.children or ()
        if inner.type in ("link_open", "image")
    ]


@pytest.mark.parametrize("page", EVERY, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _links(page):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in _anchors(there), f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_blocks_say_their_language(page: Path) -> None:
    for block in blocks_of(page):
        assert block.language in LANGUAGES, f"{block}: {block.language!r}"


def test_every_page_is_in_the_navigation() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    listed = [line for block in index.split("```{toctree}")[1:] for line in block.splitlines()]
    for page in (ROOT / "docs").rglob("*.md"):
        name = str(page.relative_to(ROOT / "docs").with_suffix(""))
        assert name == "index" or name in listed, name


def test_files_that_name_pages_name_them_rightly() -> None:
    """Messages, docstrings and comments send readers to pages."""
    for folder in ("sweeps", "trainables", "analysis", "benchmarks", "clusters"):
        for file in (ROOT / folder).rglob("*.*"):
            if file.suffix not in (".py", ".yaml", ".sh"):
                continue
            for path in re.findall(r"docs/[\w/-]+\.md", file.read_text(encoding="utf-8")):
                assert (ROOT / path).exists(), f"{file.relative_to(ROOT)}: {path}"


def test_the_citation_names_the_version_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (citation["title"], citation["version"]) == (package["name"], package["version"])
    assert len(citation["references"]) == 2
