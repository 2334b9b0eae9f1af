"""What is known of the protocols that a store's address may name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import fsspec

from trainables.addresses import absolute, filesystem, is_url
from trainables.store.errors import StoreError, reason

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

S3 = {"s3", "s3a"}
OBJECT_STORES = S3 | {"gs", "gcs", "abfs", "az"}
ATOMIC_PUT = OBJECT_STORES | {"memory"}
"""Protocols whose files appear whole or not at all; elsewhere a file is renamed into place."""
EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}
"""Protocol -> the optional dependencies of this package that bring it."""

MODIFIED = ("LastModified", "last_modified", "updated", "mtime", "created")
"""Under which of these names a protocol says when a file last changed."""

REQUESTS = 32
"""At once, to an object store. A thread each, and as many connections."""


def connect(address: str) -> tuple[str, AbstractFileSystem, str]:
    """Return an address in full, its file system, and the path in it. Asks no server yet.

    Raises StoreError where it can name no store.
    """
    protocol, _, place = address.partition("://") if is_url(address) else ("file", "", address)
    options: dict[str, Any] = {}
    if protocol in OBJECT_STORES:
        options["use_listings_cache"] = False  # others write, too
    if protocol in S3:
        options |= _s3_options(protocol)
    try:
        fs, root = filesystem(address, **options)
        if not place.strip("/") and is_url(address):
            what = "bucket" if protocol in OBJECT_STORES else "place"
            raise ValueError(f"it names no {what}")
        return absolute(address), fs, root
    except ImportError as error:
        extra = EXTRAS.get(protocol)
        hint = f"pip install 'stability-sweeps[{extra}]'" if extra else reason(error)
        raise StoreError(f"{protocol}:// needs a package that is not here: {hint}") from error
    except Exception as error:  # libraries have their own for credentials
        raise StoreError(f"cannot use the store {address}: {reason(error)}") from error


def modified(entry: Mapping[str, Any]) -> float:
    """Return when a file of a listing last changed (Unix time, seconds); now if it is not said."""
    for name in MODIFIED:
        match entry.get(name):
            case datetime() as at:
                return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
            case int() | float() as at:
                return float(at)
            case str() as at:
                with suppress(ValueError):
                    return datetime.fromisoformat(at).timestamp()
    return time.time()


def _s3_options(protocol: str) -> dict[str, Any]:
    """Return options of s3fs and botocore, whose own retries are few: `Files` has the patience."""
    config = {
        "connect_timeout": 5,
        "read_timeout": 15,
        "retries": {"mode": "standard", "total_max_attempts": 2},
        "max_pool_connections": REQUESTS,
        "response_checksum_validation": "when_required",  # the store has its own checksums
    }
    # The user's own, as fsspec reads it from its files and environment, goes first.
    config |= fsspec.config.conf.get(protocol, {}).get("config_kwargs", {})
    # Without concurrency within a file, s3fs asks for it at once and not for its size first.
    return {"max_concurrency": 1, "config_kwargs": config}
