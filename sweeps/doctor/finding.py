"""What a check comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["fine", "hint", "stop"]
"""All is well; something could be better; something would stop a sweep."""


@dataclass(frozen=True)
class Finding:
    """What a check says of its subject, in a line."""

    subject: str
    state: State
    words: str
    """What is there; or what is wrong, and what to do."""

    def __str__(self) -> str:
        if self.state == "fine":
            return f"fine ({self.words})" if self.words else "fine"
        return f"{'hint: ' if self.state == 'hint' else ''}{self.words}"


def fine(subject: str, words: str = "") -> Finding:
    """Return the finding that all is well."""
    return Finding(subject, "fine", " ".join(words.split()))


def hint(subject: str, words: str) -> Finding:
    """Return the finding that something could be better."""
    return Finding(subject, "hint", " ".join(words.split()))


def stop(subject: str, words: str) -> Finding:
    """Return the finding that something would stop a sweep."""
    return Finding(subject, "stop", " ".join(words.split()))
