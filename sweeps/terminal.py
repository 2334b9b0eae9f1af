"""Where commands print: how wide it is, and what characters it can show."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from functools import partial
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 200
"""Columns where there is no terminal: a table is not cut for a pipe."""
UNLIMITED = 10_000
"""Columns of a file."""

PLAIN = {
    "±": "+-",
    "–": "-",
    "—": "-",
    "−": "-",
    "•": "*",
    "·": "|",
    "…": "...",
    "×": "x",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "α": "alpha",
    "’": "'",
    "“": '"',
    "”": '"',
}
"""What stands for a character that an encoding lacks."""

ERRORS = "sweeps.plain"
"""Name of the error handler of codecs that writes `PLAIN` instead of raising."""


def plain(character: str) -> str:
    """Return ASCII that stands for a character: `+-` for ±, `e` for é, at worst `?`."""
    if character in PLAIN:
        return PLAIN[character]
    name = unicodedata.name(character, "")
    if name.startswith("BOX DRAWINGS"):
        ends = {word for word in ("UP", "DOWN", "VERTICAL", "HORIZONTAL") if word in name}
        return "|" if ends == {"VERTICAL"} else "+" if ends - {"HORIZONTAL"} else "-"
    folded = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return folded or "?"


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(plain, error.object[error.start : error.end])), error.end


codecs.register_error(ERRORS, _replace)


def prepare() -> None:
    """Let standard output and error take any text, whatever their encoding."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def shown(text: str) -> str:
    """Return a text as standard output will show it, so that columns can be aligned."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, ERRORS).decode(encoding)


def console(file: IO[str] | None = None) -> Console:
    """Return a console of the terminal's width, which `COLUMNS` overrides; or one of a file.

    What is printed appears as it is: paths and names may hold [brackets] and :colons:.
    """
    from rich.console import Console

    class Piped(Console):
        def on_broken_pipe(self) -> None:
            """Leave the end to the command line; rich would exit with status 1."""
            raise BrokenPipeError

    verbatim = partial(Piped, highlight=False, markup=False, emoji=False)
    if file is not None:
        return verbatim(file=file, width=UNLIMITED)
    found = verbatim()
    if found.is_terminal or os.environ.get("COLUMNS", "").isdigit():
        return found
    return verbatim(width=WIDE)
