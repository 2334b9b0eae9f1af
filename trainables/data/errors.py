"""What a user is told of data: what is wrong with them, and what is being done with them."""

from __future__ import annotations

import sys


class DataError(Exception):
    """Data that is missing or damaged, in one line that says what and where."""

    def __init__(self, message: str):
        # Names of files may hold line feeds, and bytes that are no text.
        line = message.encode("utf-8", "backslashreplace").decode().replace("\n", "\\n")
        super().__init__(line)


def one_line(error: Exception) -> str:
    """Return what a library says of an error."""
    return " ".join(str(error).split()) or type(error).__name__


def say(line: str) -> None:
    """Tell the user what is being done, beside a command's results."""
    print(line.encode("utf-8", "backslashreplace").decode(), file=sys.stderr)
