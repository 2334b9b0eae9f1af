"""Bytes that the artifacts of jobs take in the store."""

from __future__ import annotations

from functools import singledispatch

from trainables import sizes
from trainables.jobs.kinds import (
    Given,
    Job,
    Mask,
    Measurement,
    Perturbation,
    Threshold,
    Training,
)

SLOTS = {"sgd": 1, "adam": 2, "adamw": 2}
"""Optimizer values stored a parameter."""

MANIFEST_BYTES = 400


@singledispatch
def stored_bytes(job: Job) -> int:
    """Estimated bytes of a job's artifact and manifest."""
    raise TypeError(f"no size for a {type(job).__name__}")


@stored_bytes.register
def _(job: Training) -> int:
    network = sizes.facts(job.recipe)
    slots = SLOTS[job.recipe.optimizer] if not job.is_copy and job.until else 0
    return 4 * (network.parameters * (1 + slots) + network.statistics) + MANIFEST_BYTES


@stored_bytes.register
def _(job: Perturbation) -> int:
    return stored_bytes(job.state)


@stored_bytes.register
def _(job: Given) -> int:
    network = sizes.facts(job.recipe)
    return 4 * (network.parameters + network.statistics) + MANIFEST_BYTES


@stored_bytes.register
def _(job: Mask) -> int:
    return sizes.facts(job.recipe).prunable + MANIFEST_BYTES


@stored_bytes.register
def _(job: Threshold) -> int:
    return 20 * len(job.last_epoch) + MANIFEST_BYTES


@stored_bytes.register
def _(job: Measurement) -> int:
    if job.every:
        return 4 * 20 * job.times + MANIFEST_BYTES + kept_bytes(job)
    of_grid = job.work.grid // (job.shard[1] if job.shard else 1)
    return 4 * 20 * max(job.work.points, of_grid, 1) + MANIFEST_BYTES


def kept_bytes(job: Measurement) -> int:
    """Estimated bytes of the states that a measurement keeps, which are made while training."""
    if not dict(job.options).get("keep") or job.after is not None:
        return 0
    return state_bytes(job)


def state_bytes(job: Measurement) -> int:
    """Estimated bytes of all states that a measurement looks at while networks are trained."""
    network = sizes.facts(job.recipe)
    each = 4 * (network.parameters + network.statistics) + MANIFEST_BYTES
    return len(job.together) * job.times * each
