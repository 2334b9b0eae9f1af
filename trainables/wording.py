"""How errors quote what a user wrote, and name what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return `; did you mean 'x'? allowed: a, b, x`, for the end of an error's line.

    Only a name that is close is guessed: a slip of the keyboard, the word's beginning or end left
    out, or its initials (lr). Of a long list of names the first ones are shown.
    """
    names = sorted(allowed)
    if not names:
        return ""
    near = _near(word, names)
    return f"; did you mean {near!r}? {_listed(names)}" if near else f"; {_listed(names)}"


def shown(value: object, length: int = 60) -> str:
    """Return a value as an error quotes it: printable, on one line, at most `length` characters."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case list():
            return "a list"
        case dict():
            return "a mapping"
    text = repr(value)
    return text if len(text) <= length else f"{text[: length - 4]}...{text[-1]}"


def one_line(text: str, length: int = 100) -> str:
    """Return a text as an error names it: printable, on one line, at most `length` characters."""
    start = " ".join(text[: 2 * length].split())
    start = "".join(c if c.isprintable() else repr(c)[1:-1] for c in start)
    return start if len(start) <= length else f"{start[: length - 3]}..."


LISTED = 130
"""Characters of allowed names that an error lists; the rest are counted."""


def _near(word: str, names: list[str]) -> str | None:
    plain = {name.casefold(): name for name in names}
    word = word.casefold()
    close = difflib.get_close_matches(word, plain, n=1, cutoff=0.65) if len(word) < 100 else []
    if not close and len(word) >= 2:
        close = [name for name in plain if "".join(re.findall(r"(?:^|[_-])(\w)", name)) == word]
    if not close and len(word) >= 3:
        close = [name for name in plain if name.startswith(word) or word.startswith(name)]
    return plain[close[0]] if close else None


def _listed(names: list[str]) -> str:
    fitting = len(names)
    while fitting > 1 and sum(len(name) + 2 for name in names[:fitting]) > LISTED:
        fitting -= 1
    more = f" and {len(names) - fitting} more" if fitting < len(names) else ""
    return f"allowed: {', '.join(names[:fitting])}{more}"
