"""The help texts that come with Python, cut into sequences of characters. No torch but to read.

`pydoc_data.topics` holds what `help("for")` and the like print: about 465,000 characters of English
about Python. They are joined in the order of their names and cut into pieces of 33 characters, of
which 500 are kept for testing. Inputs are the first 32 characters of a piece; labels are, at each
position, the next character. A character is its place in the sorted list of those that there are.

The text differs by Python's version. So recipes, and the keys of results, hold a hash of it.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from trainables.data.content import DIGITS, Facts

if TYPE_CHECKING:
    from trainables.data.decoded import Decoded

CHARACTERS = 32
"""Characters that a network sees of a piece, and as many that it is to foretell."""

TEST = 500
"""Pieces for testing."""


def text() -> str:
    from pydoc_data.topics import topics

    return "\n".join(topics[name] for name in sorted(topics))


@cache
def version() -> str:
    """Return which Python the text is of, and a hash of it."""
    found = hashlib.sha256(f"{CHARACTERS} {TEST} {text()}".encode()).hexdigest()
    return f"python{sys.version_info[0]}.{sys.version_info[1]}-{found[:DIGITS]}"


@cache
def facts() -> Facts:
    """Return the sizes of the data set."""
    whole = text()
    train, test = _pieces(whole)
    size = CHARACTERS + 1
    counted = Counter("".join(whole[piece * size + 1 : (piece + 1) * size] for piece in test))
    return Facts(
        len(train),
        len(test),
        (CHARACTERS,),
        len(set(whole)),
        most_frequent=max(counted.values()),
        kind="tokens",
        label_shape=(CHARACTERS,),
    )


def read(name: str, folder: Path) -> Decoded:
    """Return both splits: inputs and labels [N, 32] of characters as integers."""
    import torch

    from trainables.data.decoded import Decoded

    whole = text()
    place = {character: number for number, character in enumerate(sorted(set(whole)))}
    train, test = _pieces(whole)
    size = CHARACTERS + 1
    tokens = torch.tensor([place[one] for one in whole[: size * (len(train) + len(test))]])
    pieces = tokens.view(-1, size)
    of_train, of_test = pieces[train], pieces[test]
    return Decoded(
        of_train[:, :-1].contiguous(),
        of_train[:, 1:].contiguous(),
        of_test[:, :-1].contiguous(),
        of_test[:, 1:].contiguous(),
    )


def _pieces(whole: str) -> tuple[list[int], list[int]]:
    """Return the numbers of the pieces for training and for testing, in the text's order."""
    order = list(range(len(whole) // (CHARACTERS + 1)))
    Random(0).shuffle(order)
    return sorted(order[TEST:]), sorted(order[:TEST])
