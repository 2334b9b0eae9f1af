"""Reads every image of a folder, to find those that a training would stop at."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from trainables.data.errors import DataError
from trainables.data.folder import listing, parallel
from trainables.data.folder.reading import fetched


def check(address: str, processes: int) -> tuple[int, Iterator[str | None]]:
    """How many images there are; and of each what is wrong with it, None where nothing is.

    Raises DataError where the address is no folder of classes.
    """
    files = parallel.paths(listing.read(address))
    return len(files), parallel.over(partial(_check, address), files, processes)


def _check(address: str, files: list[str]) -> list[str | None]:
    from trainables.data.folder import pixels

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
