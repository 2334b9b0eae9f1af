"""The artifact store: whether it can be used, changed by one of several, and how fast it is."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sweeps.doctor.disk import existing
from sweeps.doctor.finding import Finding, fine, hint, stop
from trainables.addresses import filesystem, is_url
from trainables.store import Store, StoreError

SUBJECT = "store"
LEASES = "leases"

SPEED = "speed"

MB = 1e6
PROBE = 8_000_000
"""Bytes that are written to find out how fast a store is."""
SLOW = 5 * MB
"""Bytes per second, below which workers wait for it."""

TRIAL = re.compile(r"/\.doctor-[0-9a-f]{12}")

LEASE = "leases/00/lease.json"
"""A file such as leases are."""


def check(url: str, slow: float = SLOW) -> list[Finding]:
    """Check whether a store can be opened and written, changed by one of several, and how fast.

    Nothing is left in it. A folder that is not there yet is not made.
    """
    try:
        with trial(url) as store:
            store.check_writable()
            return [fine(SUBJECT, f"{url} can be written"), conditional(store), speed(store, slow)]
    except (StoreError, OSError) as error:
        return [stop(SUBJECT, _of_the_store(error))]


def conditional(store: Store) -> Finding:
    """Check that a file can be created only where there is none, and replaced only while it has a
    certain content: what leases are made of."""
    files = store.files
    first, second = b"first", b"second"
    try:
        created = files.create(LEASE, first), files.create(LEASE, second)
        kept = files.get(LEASE)
        swapped = files.swap(LEASE, first, second), files.swap(LEASE, first, first)
        last = files.get(LEASE)
        files.remove(LEASE)
    except (StoreError, OSError) as error:
        return stop(LEASES, f"claims cannot be kept: {_of_the_store(error)}")
    if (created, kept, swapped, last) == ((True, False), first, (True, False), second):
        return fine(LEASES, "of several sweeps only one gets a claim")
    return hint(
        LEASES,
        "the store gives one claim to several: two sweeps at once may do the same job; run one at "
        "a time, or take another store (docs/how-to/storage.md)",
    )


def speed(store: Store, slow: float = SLOW, size: int = PROBE) -> Finding:
    """Check how fast a store keeps what it is given, as it keeps weights. Raises StoreError."""
    content = os.urandom(size)
    begin = time.perf_counter()
    store.files.put("probe", content, durable=True)
    rate = size / (time.perf_counter() - begin)
    store.files.remove("probe")
    if rate < slow:
        return hint(
            SPEED,
            f"the store keeps {rate / MB:.1f} MB/s: workers will wait for it; take a nearer one, "
            "or raise --checkpoint-seconds",
        )
    return fine(SPEED, f"the store keeps {rate / MB:,.0f} MB/s")


def _of_the_store(error: OSError) -> str:
    """What an error says, of the store itself and not of the trial in it."""
    return TRIAL.sub("", str(error))


@contextmanager
def trial(url: str) -> Iterator[Store]:
    """Yield a store of its own below a store's address, or beside it; it is removed afterwards.

    Raises StoreError.
    """
    name = f".doctor-{secrets.token_hex(6)}"
    url = url.removeprefix("file://")
    if is_url(url):
        address = f"{Store(url).url.rstrip('/')}/{name}"
    else:
        there = existing(Path(url))
        address = str(there / name if there.is_dir() else Path(url) / name)
    try:
        yield Store(address)
    finally:
        with suppress(Exception):  # it may hold nothing
            fs, root = filesystem(address)
            fs.rm(root, recursive=True)
