"""What a folder of images holds, by listing alone; and its content name. No pixel is read.

The address is a path or any fsspec URL.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trainables.addresses import filesystem
from trainables.data import layout, split_folders, trees
from trainables.data.errors import DataError, say
from trainables.data.layout import Classes
from trainables.data.trees import join

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Files = dict[str, list[tuple[str, int]]]
"""Folder of each class -> name and bytes of each image, sorted."""


@dataclass(frozen=True)
class Listing:
    train: Files
    test: Files
    test_folder: str
    """What the test split is called there."""
    base: str = ""
    """Folder below the address that holds the splits' folders."""
    skipped: list[str] = field(default_factory=list)
    """Paths of what is no image of a class."""

    @property
    def classes(self) -> list[str]:
        return list(self.train)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Training images, test images and classes."""
        train, test = (sum(map(len, files.values())) for files in (self.train, self.test))
        return train, test, len(self.train)

    @property
    def name(self) -> str:
        """The content name: equal paths and sizes have equal names, wherever they lie."""
        digest = hashlib.sha256()
        for split, files in (("train", self.train), ("test", self.test)):
            for label, images in files.items():
                lines = "".join(f"{split}/{label}/{name}\0{size}\n" for name, size in images)
                digest.update(lines.encode("utf-8", "surrogateescape"))
        return "folder-" + "-".join([digest.hexdigest()[:12], *map(str, self.counts)])


def read(address: str, *, whole: bool = True) -> Listing:
    """List a folder. Raises DataError where it is no folder of classes; `layout.read` says when,
    and what `whole` is."""
    with trees.reading(address):
        found = layout.read(trees.of(*_folder(address)), address, whole=whole)
    train, test = _sizes(found.train), _sizes(found.test)
    return Listing(train, test, found.test_folder, found.base, found.skipped)


def told(address: str) -> Listing:
    """List a folder and say what is skipped in it. As `read`."""
    found = read(address)
    if found.skipped:
        say(layout.said(found.skipped))
    return found


def watched(address: str) -> dict[str, Any]:
    """Return what changes cheaply when a folder does: of each folder that may hold classes their
    names, and where they are local the times of their last changes."""
    with trees.reading(address):
        fs, root = _folder(address)
        tree = trees.of(fs, root)
        if not trees.is_local(fs):
            return {path: tree.names(path)[0] for path in split_folders.watched(tree)}
        return {path: _times(join(root, path)) for path in split_folders.watched(tree)}


def _folder(address: str) -> tuple[AbstractFileSystem, str]:
    fs, root = filesystem(address)
    if not fs.isdir(root):
        raise DataError(f"there are no images at {address}: no such folder")
    return fs, root


def _times(folder: str) -> list[tuple[str, int]]:
    with os.scandir(folder) as entries:
        inside = [(entry.name, entry.stat().st_mtime_ns) for entry in entries if entry.is_dir()]
    return [("", os.stat(folder).st_mtime_ns), *sorted(inside)]


def _sizes(classes: Classes) -> Files:
    return {folder: [(name, size) for name, size, _ in files] for folder, files in classes.items()}
