"""Which artifacts jobs lead to, and what a trial of one's own search says that it needs. No torch.

A sweep's spec is in the store, and what it needs follows from that. A trial of a search in Ray
Tune has no spec there; so it stores a list of its artifacts (`KIND`), without which nobody could
tell that they are needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from trainables.jobs.kinds import Job, Measurement, Training
from trainables.jobs.learning import CURVE, STATE, curve_key, state_key
from trainables.store import Store, Unreadable, content_key

KIND = "tune"
"""The kind under which a trial of a search lists its artifacts."""

Which = tuple[str, str]
"""Kind and key of an artifact."""


def artifacts_of(jobs: Iterable[Job]) -> Iterator[Which]:
    """Yield kind and key of all artifacts that some jobs store: their own, learning curves, and
    the states of trainings that are kept."""
    for job in jobs:
        yield job.kind, job.key
        if isinstance(job, Training) and job.iterations and job.evaluation is not None:
            yield CURVE, curve_key(job)
        if isinstance(job, Measurement) and job.every and dict(job.options).get("keep"):
            for copy in job.together:
                for iteration in _measured_at(job, copy):
                    yield STATE, state_key(copy.key, iteration)


def _measured_at(job: Measurement, copy: Training) -> Iterator[int]:
    first = (copy.begin // job.every + 1) * job.every
    yield from range(first, copy.until, job.every)
    yield copy.until


def save(store: Store, jobs: Iterable[Job]) -> None:
    """Store which artifacts a trial of a search needs. Raises StoreError."""
    needed = sorted(set(artifacts_of(jobs)))
    payload = json.dumps(needed).encode()
    key = content_key(KIND, {"needs": needed})
    if not store.complete([(KIND, key)]):
        store.write(KIND, key, payload, "json")


def decode(payload: bytes) -> list[Which]:
    """Return the artifacts that such a list names. Raises Unreadable."""
    try:
        return [(str(kind), str(key)) for kind, key in json.loads(payload)]
    except (ValueError, TypeError) as error:
        raise Unreadable(f"it is no list of artifacts: {error}") from error
