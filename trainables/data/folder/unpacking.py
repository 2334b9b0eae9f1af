"""A tar archive of images, compressed or not, unpacked once beside the decoded data.

The folder is complete or absent. It appears under its name when it is whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from trainables.addresses import filesystem
from trainables.data import images, layout, trees
from trainables.data.archives import members
from trainables.data.errors import DataError, one_line
from trainables.data.places import locked, place


def unpacked(address: str, folder: Path, announce: Callable[[str], None]) -> str:
    """Return where the images of an archive lie, laid out as in it. Raises DataError.

    `announce` is told before it is unpacked, and afterwards what was skipped.
    """
    target = place(folder, f"unpacked-{images.stamp(address)}", "")
    if target.is_dir():
        return str(target)
    announce(f"unpacking {address}")
    with locked(target):
        if not target.is_dir():
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed
            try:
                found = _unpack(address, partial)
                partial.rename(target)
            except DataError:
                raise
            except Exception as error:  # libraries have their own, for credentials say
                raise DataError(f"cannot unpack {address}: {one_line(error)}") from None
            finally:
                shutil.rmtree(partial, ignore_errors=True)
            if found.skipped:
                announce(layout.said(found.skipped))
    return str(target)


def _unpack(address: str, partial: Path) -> layout.Layout:
    partial.mkdir()
    paths: list[str] = []
    made: set[Path] = set()
    fs, root = filesystem(address)
    with fs.open(root, "rb") as stream:
        for path, content in members(address, stream):
            paths.append(path)
            if content is None:
                continue
            target = partial / path
            if target.parent not in made:
                target.parent.mkdir(parents=True, exist_ok=True)
                made.add(target.parent)
            target.write_bytes(content)
    return layout.read(trees.Members(set(paths)), address)
