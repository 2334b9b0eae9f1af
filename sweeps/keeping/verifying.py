"""Checking every artifact of a store against its manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sweeps.keeping.kinds import GIVEN, MADE
from sweeps.keeping.references import References
from trainables.jobs.contents import CHECKPOINT
from trainables.jobs.kinds import Given, Job
from trainables.store import Missing, Store, checking
from trainables.store.inventory import Held, Inventory, key_of, kind_of

AT_ONCE = 4
"""Artifacts that are read at once; of each, one part of 16 MiB is held."""


@dataclass(frozen=True)
class Damage:
    """An artifact that is not what its manifest says."""

    kind: str
    key: str
    problem: str
    """In a few words."""
    set_aside: bool
    """Whether it was moved to `damaged/`; if not, it lies where it was."""


def set_aside_before(listed: Inventory) -> list[Damage]:
    """Return what was set aside earlier, each artifact once."""
    which = dict.fromkeys((kind_of(file), key_of(file)) for file in listed.damaged)
    return [Damage(kind, key, "set aside earlier", set_aside=True) for kind, key in which]


def verify(store: Store, listed: Inventory, moved: Callable[[int, int], None]) -> Iterator[Damage]:
    """Check the artifacts that are listed; set aside what is damaged, and yield it.

    `moved` hears how many artifacts and bytes were checked so far. Stopping early loses nothing.
    Of submissions, and of kinds that this version does not know, nothing is set aside. Raises
    StoreError.
    """
    every = sorted(
        (held for held in listed.artifacts.values() if held.manifest is not None),
        key=lambda held: (held.kind, held.key),
    )
    done = size = 0
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for at in range(0, len(every), 4 * AT_ONCE):
            part = every[at : at + 4 * AT_ONCE]
            problems = pool.map(lambda one: _check(store, one), part)
            for held, problem in zip(part, problems, strict=True):
                done, size = done + 1, size + held.bytes
                moved(done, size)
                if problem is None:
                    continue
                aside = held.kind in {*MADE, CHECKPOINT, GIVEN}
                if aside:
                    store.set_aside(held.kind, held.key)
                yield Damage(held.kind, held.key, problem, aside)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _check(store: Store, held: Held) -> str | None:
    listed = {file.path.rpartition("/")[2]: file.bytes for file in held.files}
    try:
        return checking.problem(store, held.kind, held.key, listed)
    except Missing:  # deleted, or replaced, meanwhile
        return None


@dataclass(frozen=True)
class Again:
    """What a sweep has to do again because of damage."""

    sweep: str
    jobs: tuple[Job, ...]

    @property
    def files(self) -> list[str]:
        """Addresses of the networks from files that it reads again."""
        return sorted(job.address for job in self.jobs if isinstance(job, Given))


def to_do_again(found: References, complete: set[str], damaged: set[str]) -> list[Again]:
    """Return what each sweep has to do again, when the store has the `complete` keys, and had the
    `damaged` ones."""
    jobs: dict[str, dict[str, Job]] = {}
    for one in found.needs:
        if one.plan is not None:
            before = one.plan.needed(complete | damaged)
            now = one.plan.needed(complete)
            again = {key: job for key, job in now.items() if key not in before}
            jobs.setdefault(one.sweep, {}).update(again)
    return [Again(sweep, tuple(again.values())) for sweep, again in jobs.items() if again]
