"""A tar archive of images, compressed or not, unpacked once beside the decoded data.

The folder is complete or absent. It appears under its name when it is whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from trainables.data.caches import locked, place
from trainables.data.errors import DataError, one_line
from trainables.data.images import layout
from trainables.data.images.source import Images


def unpacked(archive: Images, folder: Path, announce: Callable[[str], None]) -> str:
    """Return where the images of an archive lie, laid out as in it. Raises DataError.

    `announce` is told before it is unpacked, and afterwards what was skipped.
    """
    address = archive.address
    target = place(folder, f"unpacked-{archive.stamp()}", "")
    if target.is_dir():
        return str(target)
    announce(f"unpacking {address}")
    with locked(target):
        if not target.is_dir():
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed
            try:
                found = _unpack(archive, partial)
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


def _unpack(archive: Images, partial: Path) -> layout.Layout:
    partial.mkdir()
    paths: list[str] = []
    made: set[Path] = set()
    for path, content in archive.members():
        paths.append(path)
        if content is None:
            continue
        target = partial / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        target.write_bytes(content)
    return archive.layout_of(set(paths))
