"""Files and folders by one interface: local, on other file systems, or members of an archive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from fsspec.implementations.local import LocalFileSystem

from trainables.data.errors import DataError, one_line

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

TIMES = ("mtime", "LastModified", "last_modified", "updated", "Last-Modified", "ETag", "created")
"""What file systems call the time of the last change, or what else changes then."""


SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
"""Torchvision's ImageFolder takes these, in any case of letters."""

File = tuple[str, int, str]
"""Name, bytes, and what changes when the content does: the time of its last change, mostly."""


class Tree(Protocol):
    """Folders and files below an address; paths are relative to it, and the top is ''."""

    def names(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and of the files in a folder."""

    def is_folder(self, path: str) -> bool:
        """Return whether there is a folder of this path."""

    def below(self, folder: str) -> Iterator[tuple[str, list[File]]]:
        """Yield each folder from this one down, relative to it, and the files in it."""


def join(*parts: str) -> str:
    """Return a path of those parts that are not empty."""
    return "/".join(part for part in parts if part)


def is_image(name: str) -> bool:
    """Return whether a file is taken for an image, by its name."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def is_ignored(folder: str) -> bool:
    """Return whether a folder is never looked into: hidden, or what macOS adds to archives."""
    return folder.startswith(".") or folder == "__MACOSX"


def is_local(fs: AbstractFileSystem) -> bool:
    return isinstance(fs, LocalFileSystem)


def of(fs: AbstractFileSystem, root: str) -> Tree:
    """Return the tree below a folder of a file system."""
    return Local(root) if is_local(fs) else Remote(fs, root)


@contextmanager
def reading(address: str) -> Iterator[None]:
    """Turn what file systems raise into a DataError that names the address."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # libraries have their own, for credentials say
        raise DataError(f"cannot read the images of {address}: {one_line(error)}") from None


def changed(entry: dict[str, object]) -> str:
    """Return what a file system says of a file that another content would change."""
    return next((str(entry[key]) for key in TIMES if entry.get(key)), "")


@dataclass(frozen=True)
class Local:
    """Read by the system's own calls: 1.28 million files take a few seconds. Links are followed."""

    root: str

    def names(self, folder: str) -> tuple[list[str], list[str]]:
        found: tuple[list[str], list[str]] = [], []
        with os.scandir(self._full(folder)) as entries:
            for entry in entries:
                found[0 if entry.is_dir() else 1].append(entry.name)
        return sorted(found[0]), sorted(found[1])

    def is_folder(self, path: str) -> bool:
        return os.path.isdir(self._full(path))

    def below(self, folder: str) -> Iterator[tuple[str, list[File]]]:
        return _walk(self._full(folder), "", ())

    def _full(self, path: str) -> str:
        return f"{self.root}/{path}"


def _walk(
    top: str, inside: str, above: tuple[tuple[int, int], ...]
) -> Iterator[tuple[str, list[File]]]:
    """`above` are the identities of the folders that this one lies in."""
    path = join(top, inside)
    status = os.stat(path)
    here = status.st_dev, status.st_ino
    if here in above:
        raise DataError(f"{path} is a link to a folder that it lies in")
    files: list[File] = []
    folders: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir():
                folders.append(entry.name)
            elif entry.is_file():
                status = entry.stat()
                files.append((entry.name, status.st_size, str(status.st_mtime_ns)))
            elif is_image(entry.name):
                raise DataError(f"{path}/{entry.name} is no file, or a link to nothing")
            else:
                files.append((entry.name, 0, ""))
    yield inside, files
    for name in sorted(folders):
        deeper = join(inside, name)
        if is_ignored(name):
            yield deeper, []
        else:
            yield from _walk(top, deeper, (*above, here))


@dataclass(frozen=True)
class Remote:
    """Listed by few requests: everything below a split's folder comes in one listing."""

    fs: AbstractFileSystem
    root: str

    def names(self, folder: str) -> tuple[list[str], list[str]]:
        found: tuple[list[str], list[str]] = [], []
        full = self._full(folder).strip("/")
        for entry in self.fs.ls(self._full(folder), detail=True):
            if entry["name"].strip("/") != full:  # some stores hold a file for the folder itself
                kind = 0 if entry["type"] == "directory" else 1
                found[kind].append(PurePosixPath(entry["name"]).name)
        return sorted(found[0]), sorted(found[1])

    def is_folder(self, path: str) -> bool:
        there: bool = self.fs.isdir(self._full(path))
        return there

    def below(self, folder: str) -> Iterator[tuple[str, list[File]]]:
        full = self._full(folder)
        begin = len(full.strip("/"))
        found: dict[str, list[File]] = {"": []}
        for path, entry in self.fs.find(full, detail=True).items():
            inside, _, name = path.strip("/")[begin:].strip("/").rpartition("/")
            if name and entry["type"] != "directory":
                found.setdefault(inside, []).append((name, entry["size"], changed(entry)))
        yield from found.items()

    def _full(self, path: str) -> str:
        return join(self.root, path)


class Members:
    """The files of an archive, by their paths."""

    def __init__(self, paths: set[str]):
        self._files: dict[str, list[str]] = {"": []}
        self._folders: dict[str, set[str]] = {"": set()}
        for path in sorted(paths):
            folder, _, name = path.rpartition("/")
            self._add(folder)
            self._files[folder].append(name)

    def _add(self, folder: str) -> None:
        if folder not in self._files:
            above, _, name = folder.rpartition("/")
            self._add(above)
            self._folders[above].add(name)
            self._files[folder], self._folders[folder] = [], set()

    def names(self, folder: str) -> tuple[list[str], list[str]]:
        return sorted(self._folders[folder]), self._files[folder]

    def is_folder(self, path: str) -> bool:
        return path in self._files

    def below(self, folder: str) -> Iterator[tuple[str, list[File]]]:
        for path, names in self._files.items():
            if path == folder or path.startswith(f"{folder}/"):
                yield path[len(folder) :].strip("/"), [(name, 0, "") for name in names]
