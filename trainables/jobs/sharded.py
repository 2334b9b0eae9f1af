"""Joining a measurement from its parts, which other jobs have done."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from trainables.jobs.events import Step
from trainables.jobs.kinds import Measurement
from trainables.jobs.made_with import made_with
from trainables.jobs.measurements import decode, encode
from trainables.measures.shards import joined
from trainables.store import Artifact, Missing, Unreadable

if TYPE_CHECKING:
    from trainables.jobs.execute import Executor


def join(executor: Executor, job: Measurement) -> Generator[Step]:
    """Store a measurement from those of its parts; a part that is missing or damaged is done anew.

    The seconds that its manifest records include those of the parts.
    """
    start, seconds = time.perf_counter(), 0.0
    parts = []
    for shard in job.shards:
        values, facts = yield from _read(executor, shard)
        parts.append(values)
        seconds += facts.get("seconds", 0.0)
    spent = {"seconds": seconds + time.perf_counter() - start, "iterations": 0}
    spent |= made_with(executor.team)
    executor.store.write(job.kind, job.key, encode(joined(parts)), "json", **spent)


def _read(
    executor: Executor, shard: Measurement
) -> Generator[Step, None, tuple[dict[str, Any], dict[str, Any]]]:
    """Return the values of a part and what its manifest records."""
    try:
        return _decoded(executor.store.read(shard.kind, shard.key), shard)
    except Unreadable:
        executor.store.set_aside(shard.kind, shard.key)
    except Missing:
        pass
    yield from executor._do(shard)
    return _decoded(executor.store.read(shard.kind, shard.key), shard)


def _decoded(artifact: Artifact, shard: Measurement) -> tuple[dict[str, Any], dict[str, Any]]:
    return decode(shard, artifact.payload), artifact.facts
