"""What a folder of images holds, by listing alone; and its content name. No pixel is read.

The address is a path or any fsspec URL.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from trainables.data.content import folder_name
from trainables.data.errors import say
from trainables.data.images import layout, source, trees
from trainables.data.images.layout import Classes

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
        return folder_name(digest.hexdigest(), *self.counts)


def read(address: str, *, whole: bool = True) -> Listing:
    """List a folder. Raises DataError where it is no folder of classes; `layout.read` says when,
    and what `whole` is."""
    with trees.reading(address):
        found = source.at(address).layout(whole=whole)
    train, test = _sizes(found.train), _sizes(found.test)
    return Listing(train, test, found.test_folder, found.base, found.skipped)


def told(address: str) -> Listing:
    """List a folder and say what is skipped in it. As `read`."""
    found = read(address)
    if found.skipped:
        say(layout.said(found.skipped))
    return found


def _sizes(classes: Classes) -> Files:
    return {folder: [(name, size) for name, size, _ in files] for folder, files in classes.items()}
