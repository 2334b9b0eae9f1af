"""Deleting from a store beside those who work on it: one collector at a time, and they wait for it.

Whoever is going to rely on what a store holds first stores what it needs (a submission, say), and
then calls `wait`. A collector takes the claim first, and then reads what is needed. So either the
collector sees the need, or the other waits until the collector is done, and looks at the store
after that.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from trainables.processes import mark
from trainables.store.errors import StoreError
from trainables.store.leases import Leases
from trainables.store.store import Store

CLAIM = "collector"
"""The key under which a collector has its lease."""

LOOK_SECONDS = 1.0
"""Between two looks at the claim of another."""


def wait(store: Store, tell: Callable[[str], None]) -> None:
    """Return when nobody deletes from a store. `tell` hears, once, what is waited for.

    Raises StoreError.
    """
    leases = Leases(store, f"waiting {mark()}")
    told = False
    while leases.holder(CLAIM) is not None:
        if not told:
            tell("waiting for `sweeps store gc` on this store")
            told = True
        time.sleep(LOOK_SECONDS)


@contextmanager
def alone(store: Store, tell: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Be the only collector of a store; wait for another one, or until its lease expires.

    Gives a function that raises StoreError if the claim was lost: others may go on then. Call it
    before what must not be done beside them.
    """
    with Leases(store, f"gc {mark()} {uuid.uuid4().hex}") as leases:
        told = False
        while CLAIM not in leases.claim([CLAIM]):
            if not told:
                tell("waiting for another `sweeps store gc` on this store")
                told = True
            time.sleep(LOOK_SECONDS)

        def still() -> None:
            if not leases.holds(CLAIM):
                raise StoreError(
                    f"the claim on {store.url} has expired: run the same command again"
                )

        yield still
