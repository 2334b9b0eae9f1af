"""A tar archive of images, compressed or not, unpacked once beside the decoded data.

The folder is complete or absent. It appears under its name when it is whole.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import filelock

from trainables.data import images
from trainables.data.errors import DataError, one_line
from trainables.data.folder import listing
from trainables.data.places import place


def unpacked(address: str, folder: Path, announce: Callable[[], None]) -> str:
    """Where the images of an archive lie, `<split>/<class>/<image>`. Raises DataError."""
    target = place(folder, f"unpacked-{images.stamp(address)}").with_suffix("")
    if target.is_dir():
        return str(target)
    announce()
    target.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(target.with_suffix(".lock")):
        if not target.is_dir():
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed
            try:
                _unpack(address, partial)
                partial.rename(target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    return str(target)


def _unpack(address: str, partial: Path) -> None:
    splits = (listing.TRAIN, *listing.TEST)
    partial.mkdir()
    made: set[Path] = set()
    try:
        fs, root = listing.filesystem(address)
        with fs.open(root, "rb") as stream:
            for split, label, path, content in images.members(address, stream, splits):
                inside = partial / split / label
                if inside not in made:
                    inside.mkdir(parents=True, exist_ok=True)
                    made.add(inside)
                (inside / Path(path).name).write_bytes(content)
    except (tarfile.TarError, EOFError, TypeError) as error:  # TypeError: cut in gzip's header
        raise DataError(f"{address} is not a whole tar archive: {one_line(error)}") from None
    except (OSError, ValueError, ImportError) as error:
        raise DataError(f"cannot unpack {address}: {one_line(error)}") from None
