"""From an address to its index: listed on first use, and again when it has changed.

Beside the decoded data lie, for each address, a note (what was there when it was listed) and, for
each content, an index. What is looked at to see a change costs next to nothing: of a local folder
the times of its class folders, which change with any file that comes, goes or is renamed (not with
one that is overwritten in place); of a remote one its classes, and all files where they are few.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from trainables.addresses import filesystem
from trainables.data.caches import locked, notes, place, room, writing
from trainables.data.content import parsed
from trainables.data.errors import say
from trainables.data.images import index, listing, source, unpacking
from trainables.data.images.layout import said
from trainables.data.images.trees import is_local, join, reading

RELISTED = 10_000
"""Images of a remote folder that are listed again every time: ten requests of S3."""


@dataclass(frozen=True)
class Found:
    """A folder that has been listed."""

    root: str
    """Folder of the splits' folders: the address, or one below it; of an archive, where it was
    unpacked."""
    name: str
    """Its content name."""
    test_folder: str
    stamp: str
    images: int

    @property
    def counts(self) -> tuple[int, int, int]:
        """Training images, test images and classes."""
        facts = parsed(self.name)
        assert facts is not None
        return facts.train, facts.test, facts.classes

    def index(self, folder: Path) -> Path:
        return place(folder, self.name)


def known(address: str, folder: Path) -> Found | None:
    """Return what an address held when it was listed last; None if it never was."""
    return next(iter(_noted(address, folder)), None)


def find(address: str, folder: Path, announce: Callable[[str], None] = say) -> Found:
    """Return the index of the images at an address, made if there is none or they have changed.

    `announce` is told before that, which may take minutes, and afterwards what was skipped, unless
    it was told before. Raises DataError.
    """
    with reading(address):
        images = source.at(address)
        root = address if images.is_folder else unpacking.unpacked(images, folder, announce)
        before = _noted(address, folder)
        stamp = _stamp(root)
    for one in before:
        if one.stamp == stamp and _trusted(one):
            return one
    announce(f"listing {address}")
    note = room(folder, _note(address), ".json")
    with locked(note):
        for one in _noted(address, folder):
            if one.stamp == stamp and one not in before:
                return one  # another process has just listed it
        listed = listing.read(root)
        train, test, _ = listed.counts
        base = join(root.rstrip("/"), listed.base)
        made = Found(base, listed.name, listed.test_folder, stamp, train + test)
        if not made.index(folder).exists():
            index.write(room(folder, made.name), listed)
        with writing(note) as partial:
            partial.write_text(json.dumps({"address": address, "found": asdict(made)}) + "\n")
    if listed.skipped and made.name not in {one.name for one in before}:
        announce(said(listed.skipped))
    return made


def _noted(address: str, folder: Path) -> list[Found]:
    """What notes say of an address, where its index is there still."""
    found = []
    for text in notes(folder, _note(address)):
        try:
            one = Found(**json.loads(text)["found"])
        except (ValueError, KeyError, TypeError):
            continue  # cut short
        if one.index(folder).exists():
            found.append(one)
    return found


def _trusted(found: Found) -> bool:
    """Whether the stamp shows enough."""
    fs, _ = filesystem(found.root)
    return is_local(fs) or found.images > RELISTED


def _stamp(root: str) -> str:
    """Of an unpacked archive its folder's name, too, which changes with the archive."""
    seen = {"version": 2, "root": root, "folders": source.at(root).watched()}
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def _note(address: str) -> str:
    return f"listing-{hashlib.sha256(address.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"
