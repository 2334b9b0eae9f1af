"""What an address means: a URL that fsspec opens, or else a path on this machine.

Paths are taken as they are. fsspec's own parser would split `/data/a::b` into two addresses, so no
path is ever given to it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

LOCAL = ("file", "local")
"""Schemes of paths on this machine; what follows `://` is taken as it is, `%20` included."""

_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*::)*([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
"""The scheme is that of the first address in a chain, `s3` in `simplecache::s3://bucket`."""


def is_url(address: str) -> bool:
    """Whether an address begins with a scheme and `://`, rather than being a path."""
    return _URL.match(address) is not None


def absolute(address: str) -> str:
    """Return an address that means the same in any current folder; `~` is the user's own folder.

    Raises ValueError where the address is empty or lacks the scheme before `://`.
    """
    if address.startswith("://") or not address:
        raise ValueError(f"{address!r} is neither a path nor a URL such as s3://bucket/folder")
    if is_url(address):
        return address
    return str(Path(os.path.expanduser(address)).absolute())


def filesystem(address: str, **options: Any) -> tuple[AbstractFileSystem, str]:
    """Return the file system of an address and the path in it, without a slash at the end.

    `options` go to the file system. Raises ValueError for an address that is neither a path nor a
    URL or has an unknown scheme, and ImportError where the scheme's package is not installed.
    """
    address = absolute(address)
    url = _URL.match(address)
    if url is None or address.startswith(tuple(f"{scheme}://" for scheme in LOCAL)):
        path = absolute(address[url.end() :] or "/") if url else address
        return LocalFileSystem(**options), path.rstrip("/") or "/"
    if "::" in address and not _chained(address):
        kind = fsspec.get_filesystem_class(url[1])
        fs = kind(**kind._get_kwargs_from_urls(address) | options)
        root = kind._strip_protocol(address)
    else:
        fs, root = fsspec.core.url_to_fs(address, **options)
    return fs, root.rstrip("/") or root[:1]


def _chained(address: str) -> bool:
    """Whether each part between `::` is an address or a scheme, as fsspec chains them."""
    schemes = fsspec.available_protocols()
    return all("://" in part or part in schemes for part in address.split("::"))
