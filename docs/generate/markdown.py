"""Small pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by `make reference`. Edit the sources instead: {sources}. -->"


def head(title: str, sources: str, text: str) -> str:
    """Return the beginning of a page: its title, where it comes from, and what it holds."""
    return f"{NOTE.format(sources=sources)}\n\n# {title}\n\n{text.strip()}\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. Bars and line ends in cells are taken care of."""
    lines = [_row(header), "|" + "---|" * len(header), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def code(text: object) -> str:
    """Return text as code; empty text stays empty."""
    return f"`{text}`" if str(text) else ""
