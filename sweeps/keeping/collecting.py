"""Deleting what of a store is not needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

from sweeps.home import Home
from sweeps.keeping import references, rubbish
from sweeps.keeping.rubbish import Rubbish, Wanted
from trainables.store import Missing, Store, inventory
from trainables.store.collecting import alone
from trainables.store.inventory import Held

T = TypeVar("T")

AT_A_TIME = 200
"""Artifacts or files that are deleted between two looks at our claim on the store."""

Tell = Callable[[str], None]


def survey(store: Store, home: Home, wanted: Wanted, min_age: float) -> Rubbish:
    """Return what may be deleted: only what has not changed for `min_age` seconds.

    Changes nothing. Raises UserError if it is not known what is needed, and StoreError.
    """
    until = time.time() - min_age  # before anything is read: what comes later is younger
    listed = inventory.take(store)
    found = references.find(store, home, listed)
    found.check()
    return rubbish.sort(listed, found, wanted, until)


def collect(
    store: Store,
    home: Home,
    wanted: Wanted,
    min_age: float,
    tell: Tell,
    moved: Callable[[int, int], None],
) -> Rubbish:
    """Delete what `survey` finds, and return it. `moved` hears how many bytes are deleted so
    far, and how many will be.

    What is not known to be needed yet is safe as well: a sweep stores its submission before it
    looks at what the store has, and waits until this is done. Whatever ends this early leaves a
    sound store. Raises UserError, and StoreError.
    """
    with alone(store, tell) as still:
        found = survey(store, home, wanted, min_age)
        done = 0
        whole = [*found.unneeded, *found.checkpoints, *found.unfinished]
        removed = [(held.paths, held.bytes) for held in whole]
        removed += [([file.path], file.bytes) for file in (*found.abandoned, *found.damaged)]
        for part in _parts(removed):
            still()
            store.files.each(lambda one: _remove(store, one[0]), part)
            done += sum(size for _, size in part)
            moved(done, found.bytes)
        for some in _parts(found.superseded):
            still()
            store.files.each(lambda held: _prune(store, held), some)
    return found


def _parts(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    for at in range(0, len(whole), AT_A_TIME):
        yield whole[at : at + AT_A_TIME]


def _remove(store: Store, paths: Sequence[str]) -> None:
    for path in paths:  # a manifest before its payload
        store.files.remove(path)


def _prune(store: Store, held: Held) -> None:
    with suppress(Missing):
        store.prune(held.kind, held.key)
