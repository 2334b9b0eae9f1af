"""Reads every image of a folder, to find those that a training would stop at."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from trainables.addresses import filesystem
from trainables.data.errors import DataError, one_line
from trainables.data.images import listing, parallel
from trainables.data.images.reading import fetched
from trainables.data.images.split_folders import ASIDE


def check(address: str, decoders: int) -> tuple[list[str], Iterator[str | None]]:
    """Return the images' paths; and of each in turn what is wrong with it, None where nothing is.

    The user is told what is skipped. Raises DataError where the address is no folder of classes.
    """
    files = parallel.paths(listing.told(address))
    return files, parallel.over(partial(_check, address), files, decoders)


def set_aside(address: str, path: str) -> None:
    """Move an image to where no sweep looks. Raises DataError."""
    fs, root = filesystem(address)
    try:
        fs.makedirs(f"{root}/{ASIDE}/{path}".rpartition("/")[0], exist_ok=True)
        fs.mv(f"{root}/{path}", f"{root}/{ASIDE}/{path}")
    except (OSError, ValueError) as error:
        raise DataError(f"cannot set {address}/{path} aside: {one_line(error)}") from None


def _check(address: str, files: list[str]) -> list[str | None]:
    from trainables.data.images import pixels

    found: list[str | None] = []
    for where, content in fetched(address, files):
        try:
            if isinstance(content, DataError):
                raise content
            pixels.decode(content, where)
        except DataError as error:
            found.append(str(error))
        else:
            found.append(None)
    return found
