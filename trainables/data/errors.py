"""What is wrong with a user's data."""

from __future__ import annotations


class DataError(Exception):
    """Data that is missing or damaged, in one line that says what and where."""


def one_line(error: Exception) -> str:
    """What a library says of an error."""
    return " ".join(str(error).split()) or type(error).__name__
