"""What lies at an address of images: a folder, or a tar archive of it. No pixel is read here.

The address is a path or any fsspec URL. Whether its images are then decoded whole or streamed, they
are found by the same rules, and what is cheap to see of a change is seen here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainables.addresses import filesystem
from trainables.data.errors import DataError
from trainables.data.images import archives, layout, split_folders, trees
from trainables.data.images.layout import Layout
from trainables.data.images.trees import join

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

RULES = 2
"""Version of what is taken for an image of a class: what other rules named is read again."""


@dataclass(frozen=True)
class Images:
    """The images at an address."""

    address: str
    fs: AbstractFileSystem
    root: str
    """Path of the address in its file system."""
    is_folder: bool
    """Whether it is a folder; an archive if not."""

    def layout(self, *, whole: bool = True) -> Layout:
        """Return where the images of a folder lie. Raises DataError as `layout.read` does."""
        if not self.is_folder:
            raise DataError(f"there are no images at {self.address}: it is no folder")
        return layout.read(trees.of(self.fs, self.root), self.address, whole=whole)

    def members(self) -> Iterator[tuple[str, bytes | None]]:
        """Yield the files of an archive, as `archives.members` does."""
        with self.fs.open(self.root, "rb") as stream:
            yield from archives.members(self.address, stream)

    def layout_of(self, paths: set[str]) -> Layout:
        """Return where the images of an archive lie, which holds these files."""
        return layout.read(trees.Members(paths), self.address)

    def stamp(self) -> str:
        """Return what changes when the files do: their names, sizes or times."""
        if self.is_folder:
            found = self.layout()
            stamps: list[object] = [found.base, found.test_folder, found.train, found.test]
        else:
            entry = self.fs.info(self.root)
            stamps = [self.root, entry.get("size"), trees.changed(entry)]
        seen = json.dumps([RULES, self.root, stamps])
        return hashlib.sha256(seen.encode()).hexdigest()[:16]

    def watched(self) -> dict[str, Any]:
        """Return what changes cheaply when a folder does: of each folder that may hold classes
        their names, and where they are local the times of their last changes."""
        tree = trees.of(self.fs, self.root)
        folders = split_folders.watched(tree)
        if not trees.is_local(self.fs):
            return {path: tree.names(path)[0] for path in folders}
        return {path: _times(join(self.root, path)) for path in folders}


def at(address: str) -> Images:
    """Return what lies at an address. Raises DataError if there is nothing."""
    with trees.reading(address):
        fs, root = filesystem(address)
        is_folder = fs.isdir(root)
        if not is_folder and not fs.exists(root):
            raise DataError(f"there are no images at {address}: no such file or folder")
    return Images(address, fs, root, is_folder)


def _times(folder: str) -> list[tuple[str, int]]:
    with os.scandir(folder) as entries:
        inside = [(entry.name, entry.stat().st_mtime_ns) for entry in entries if entry.is_dir()]
    return [("", os.stat(folder).st_mtime_ns), *sorted(inside)]
