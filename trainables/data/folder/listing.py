"""What a folder of images holds, by listing alone; and its content name. No pixel is read.

The address is a path or any fsspec URL. Of local folders every name and size is read with the
system's own calls, which takes 1.28 million files a few seconds.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from trainables.data.errors import DataError, one_line

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

TRAIN, TEST = "train", ("val", "test")
"""Folders of the splits; the first of the test split's that has classes."""

SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
"""Torchvision's ImageFolder takes these, in any case of letters."""

UNFINISHED = ".resizing"
"""Lies in a copy that `trainables.data.folder.resizing` has not finished."""

Files = dict[str, list[tuple[str, int]]]
"""Class -> name and bytes of each image, both sorted."""


@dataclass(frozen=True)
class Listing:
    train: Files
    test: Files
    test_folder: str
    """What the test split is called there."""

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
    """Lists a folder. Raises DataError where it is no folder of classes, or lacks one; and, if it
    is to be `whole`, where it is a copy that is still being made."""
    with reading(address):
        fs, root = filesystem(address)
        if not fs.isdir(root):
            raise DataError(f"there are no images at {address}: no such folder")
        if whole and fs.exists(f"{root}/{UNFINISHED}"):
            raise DataError(
                f"{address} is not whole: `sweeps images resize` was interrupted there, or is at "
                "work; run it again"
            )
        train = _files(fs, f"{root}/{TRAIN}")
        test_folder = next((one for one in TEST if classes_of(fs, f"{root}/{one}")), TEST[0])
        test = _files(fs, f"{root}/{test_folder}")
    for split, files in ((TRAIN, train), (test_folder, test)):
        if not files:
            raise DataError(f"{address} has no images under {split}/<class>/")
    for split, files, other in ((TRAIN, train, test), (test_folder, test, train)):
        if lacking := sorted(other.keys() - files.keys()):
            more = f", and so have {len(lacking) - 1} more" if len(lacking) > 1 else ""
            raise DataError(f"{address}: the class {lacking[0]!r} has no images in {split}{more}")
    return Listing(train, test, test_folder)


def filesystem(address: str) -> tuple[AbstractFileSystem, str]:
    fs, root = fsspec.core.url_to_fs(address)
    return fs, root.rstrip("/") or "/"


def is_local(fs: AbstractFileSystem) -> bool:
    return isinstance(fs, LocalFileSystem)


@contextmanager
def reading(address: str) -> Iterator[None]:
    """What file systems raise becomes a DataError that names the address."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # libraries have their own, for credentials say
        raise DataError(f"cannot read the images of {address}: {one_line(error)}") from None


def classes_of(fs: AbstractFileSystem, folder: str) -> list[tuple[str, Any]]:
    """The folders in a folder, each with what changes cheaply when its list of files does: the
    time of its last change where it is local, nothing elsewhere."""
    if is_local(fs):
        if not Path(folder).is_dir():
            return []
        with os.scandir(folder) as entries:
            return sorted((e.name, e.stat().st_mtime_ns) for e in entries if e.is_dir())
    if not fs.isdir(folder):
        return []
    inside = fs.ls(folder, detail=True)
    folders = [entry["name"] for entry in inside if entry["type"] == "directory"]
    return sorted((PurePosixPath(path).name, None) for path in folders)


def _files(fs: AbstractFileSystem, folder: str) -> Files:
    found: Files = {}
    for label, name, size in _local(folder) if is_local(fs) else _remote(fs, folder):
        if name.lower().endswith(SUFFIXES) and not name.startswith("."):
            found.setdefault(label, []).append((name, size))
    return {label: sorted(found[label]) for label in sorted(found)}


def _local(folder: str) -> Iterator[tuple[str, str, int]]:
    """Class, name and size of each file; links are followed."""
    if not Path(folder).is_dir():
        return
    for label in sorted(os.listdir(folder)):
        inside = f"{folder}/{label}"
        if Path(inside).is_dir():
            with os.scandir(inside) as entries:
                for entry in entries:
                    if entry.is_file():
                        yield label, entry.name, entry.stat().st_size


def _remote(fs: AbstractFileSystem, folder: str) -> Iterator[tuple[str, str, int]]:
    if not fs.isdir(folder):
        return
    for path, entry in fs.find(folder, detail=True).items():
        parts = path[len(folder) :].strip("/").split("/")
        if len(parts) == 2:
            yield parts[0], parts[1], entry["size"]
