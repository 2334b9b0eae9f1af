"""The pages of the documentation, and the blocks of code that stand on them.

A comment right before a block says what is special about it:

    <!-- file: nets.py -->      the block is a file, which later blocks of the page use
    <!-- not run: REASON -->    it is checked, but not run
    <!-- not a spec: REASON --> YAML that is something else
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MARK = re.compile(r"<!-- (file|not run|not a spec): (.+?) -->", re.DOTALL)

BASE = {
    "name": "part",
    "recipe": "digits-mlp",
    "rewind": [0],
    "inits": 2,
    "orders": 2,
    "subnetworks": ["dense"],
}
"""A spec, of which a page may show some keys alone."""


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    page: Path
    line: int
    language: str
    text: str
    marks: tuple[tuple[str, str], ...]
    """Of the comments before it: `("file", "nets.py")`."""

    def mark(self, kind: str) -> str | None:
        """Return what a mark says; None if there is none of the kind."""
        return dict(self.marks).get(kind)

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in their order."""
    found, marks = [], []
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block":
            marks += MARK.findall(token.content)
        elif token.type == "fence":
            assert token.map is not None
            language = token.info.strip()
            found.append(Block(page, token.map[0] + 1, language, token.content, tuple(marks)))
            marks = []
        elif token.content:
            marks = []
    return found


def all_blocks(language: str, pages: Iterable[Path] = PAGES) -> list[Block]:
    """Return the blocks of a language on all pages."""
    return [one for page in pages for one in blocks_of(page) if one.language == language]


def write_files(page: Path, folder: Path) -> None:
    """Write the files that a page shows into a folder."""
    for block in blocks_of(page):
        if name := block.mark("file"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(block.text, encoding="utf-8")


def spec_of(block: Block) -> dict[str, Any]:
    """Return the spec that a block of YAML is, or is a part of."""
    written = yaml.safe_load(block.text)
    assert isinstance(written, dict), f"{block}: not a mapping"
    spec = written if "name" in written else BASE | written
    if "search" in written and "rewind" in written["search"].get("over", {}):
        spec.pop("rewind")
    return spec


def commands_of(text: str) -> Iterator[str]:
    """Yield the command lines of a shell block, without comments, each on one line."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for line in joined.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        if line:
            yield line
