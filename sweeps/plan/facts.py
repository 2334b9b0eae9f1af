"""Reading from a store what finished jobs say that plans depend on."""

from __future__ import annotations

from collections.abc import Iterable

from sweeps.plan.known import Facts
from trainables.jobs import measurements
from trainables.jobs.kinds import Job, Measurement
from trainables.store import Missing, Store, Unreadable


def read(store: Store, jobs: Iterable[Job]) -> dict[str, Facts]:
    """Return the facts of those jobs that the store has, by key.

    A measurement that cannot be read is set aside, and is not there then. Raises StoreError.
    """
    wanted = {job.key: job for job in jobs}
    there = store.complete((job.kind, job.key) for job in wanted.values())
    found = {key: _read(store, job) for key, job in wanted.items() if key in there}
    return {key: facts for key, facts in found.items() if facts is not None}


def _read(store: Store, job: Job) -> Facts | None:
    try:
        if not isinstance(job, Measurement):
            return store.facts(job.kind, job.key)
        values = measurements.decode(job, store.read(job.kind, job.key).payload)
    except Missing:
        return None
    except Unreadable:
        store.set_aside(job.kind, job.key)
        return None
    return {name: one for name, one in values.items() if not isinstance(one, list | dict)}
