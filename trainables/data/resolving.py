"""From the address of a user's own data to their content name; and back to the data.

An address is a folder or tar archive of images, a file of arrays, or a user's own code. All are
decoded once, into the data folder, and a note beside them says what an address held; only folders
of images whose recipe crops them are listed instead, and streamed. Imports happen as needed: to
find a name that is known takes no torch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trainables.addresses import absolute
from trainables.data.caches import notes, place, room, writing
from trainables.data.errors import DataError, say
from trainables.data.table import ROWS

if TYPE_CHECKING:
    from trainables.data.decoded import Decoded


class Source(Protocol):
    """Data of a user's own that are decoded whole."""

    @property
    def doing(self) -> str:
        """What reading them is, for the user to know."""

    @property
    def changed(self) -> str:
        """What is said where they are not what they were."""

    def note(self) -> str:
        """Return the name of the note of what they held; another one when they have changed.

        It is cheap. Raises DataError.
        """

    def read(self, announce: Callable[[str], None]) -> tuple[str, Decoded]:
        """Return content name and examples; `announce` is told what was skipped. Raises
        DataError."""


def is_address(name: str) -> bool:
    """Return whether a recipe's `data` is an address, rather than a name of the table."""
    from trainables.data.array_files import is_array_file
    from trainables.data.own import is_own

    if name in ROWS:
        return False
    return "/" in name or is_array_file(name) or os.path.exists(name) or is_own(name)


def full(address: str) -> str:
    """Return an address that means the same in any current folder.

    Raises ValueError where it is neither a path nor a URL nor a user's own code.
    """
    return address if is_code(address) else absolute(address)


def resolve(
    address: str, folder: Path, announce: Callable[[str], None] = say, *, crops: bool = False
) -> str:
    """Return the content name of the data at an address, decoded or listed on first use.

    `crops` tells that images are cropped as they are read: then they are listed. What is made of
    the data lies in `folder`. `announce` is told before that, which may take minutes, and
    afterwards what was skipped. Raises DataError.
    """
    from trainables.data.array_files import is_array_file

    if crops and not is_code(address) and not is_array_file(address):
        from trainables.data.images import listed

        return listed.find(address, folder, announce).name
    source = _source(address, folder)
    note = source.note()
    for text in notes(folder, note):
        try:
            known: str = json.loads(text)["name"]
        except (ValueError, KeyError):
            continue  # cut short: read again
        if place(folder, known).exists():
            return known
    from trainables.data import decoded

    announce(source.doing)
    name, examples = source.read(announce)
    if decoded.read(place(folder, name)) is None:
        decoded.load(room(folder, name), lambda: examples)
    with writing(room(folder, note, ".json")) as partial:
        partial.write_text(json.dumps({"address": address, "name": name}) + "\n")
    return name


def decode_as(name: str, address: str, folder: Path) -> Decoded:
    """Return the data at an address. Raises DataError if their content name is another."""
    if not address:
        raise DataError(f"where are the data {name}? Name their address as recipe.data")
    source = _source(address, folder)
    found, examples = source.read(say)
    if found != name:
        raise DataError(source.changed)
    return examples


def is_code(address: str) -> bool:
    """Return whether an address is a user's own code."""
    from trainables.data.own import is_own

    return "/" not in address and not os.path.exists(address) and is_own(address)


def _source(address: str, folder: Path) -> Source:
    from trainables.data.array_files import ArrayFile, is_array_file

    if is_code(address):
        from trainables.data.own import OwnData

        return OwnData(address, folder)
    if is_array_file(address):
        return ArrayFile(address)
    from trainables.data.images.decoding import Pictures

    return Pictures(address)
