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

import filelock

from trainables.data.folder import index, listing, unpacking
from trainables.data.places import place

RELISTED = 10_000
"""Images of a remote folder that are listed again every time: ten requests of S3."""


@dataclass(frozen=True)
class Found:
    """A folder that has been listed."""

    root: str
    """The address; of an archive, where it was unpacked."""
    name: str
    """Its content name."""
    test_folder: str
    stamp: str
    images: int

    @property
    def counts(self) -> tuple[int, int, int]:
        """Training images, test images and classes."""
        train, test, classes = map(int, self.name.split("-")[2:])
        return train, test, classes

    def index(self, folder: Path) -> Path:
        return place(folder, self.name)


def known(address: str, folder: Path) -> Found | None:
    """What an address held when it was listed last; None if it never was."""
    try:
        found = Found(**json.loads(_note(address, folder).read_text())["found"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # never read, or its note was cut short
    return found if found.index(folder).exists() else None


def find(address: str, folder: Path, announce: Callable[[], None] = lambda: None) -> Found:
    """The index of the images at an address, made if there is none or they have changed.

    `announce` is called before that, which may take minutes. Raises DataError.
    """
    with listing.reading(address):
        fs, path = listing.filesystem(address)
        archive = not fs.isdir(path) and fs.exists(path)
    root = unpacking.unpacked(address, folder, announce) if archive else address
    before = known(address, folder)
    if before and _holds(before, root) and _trusted(before):
        return before
    announce()
    note = _note(address, folder)
    note.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(note.with_suffix(".lock")):
        now = known(address, folder)
        if now and now != before and _holds(now, root):
            return now  # another process has just listed it
        stamp = _stamp(root)
        found = listing.read(root)
        train, test, _ = found.counts
        made = Found(root, found.name, found.test_folder, stamp, train + test)
        index.write(made.index(folder), found)
        note.write_text(json.dumps({"address": address, "found": asdict(made)}) + "\n")
    return made


def _holds(found: Found, root: str) -> bool:
    return found.root == root and found.stamp == _stamp(root)


def _trusted(found: Found) -> bool:
    """Whether the stamp shows enough."""
    fs, _ = listing.filesystem(found.root)
    return listing.is_local(fs) or found.images > RELISTED


def _stamp(root: str) -> str:
    with listing.reading(root):
        fs, folder = listing.filesystem(root)
        seen = {
            split: listing.classes_of(fs, f"{folder}/{split}")
            for split in (listing.TRAIN, *listing.TEST)
        }
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def _note(address: str, folder: Path) -> Path:
    digest = hashlib.sha256(address.encode()).hexdigest()[:16]
    return place(folder, f"listing-{digest}").with_suffix(".json")
