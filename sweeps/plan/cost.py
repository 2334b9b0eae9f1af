"""What jobs cost: seconds on one CPU core, and bytes in the store.

An iteration costs a fixed time a layer (dispatching small kernels) plus its floating-point
operations at the rate a core reaches. The two constants were fitted to one core of a Sapphire
Rapids server with torch 2.15: digits-mlp 0.55 ms an iteration, LeNet-300-100 1.2 ms.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from trainables import data, networks
from trainables.jobs.kinds import Arm, ImpMask, Instability, Job, RandomMask, State
from trainables.recipe import Recipe

SECONDS_PER_KERNEL = 28e-6
"""Forward, backward and update of a layer that is too small to matter otherwise."""

FLOPS_PER_SECOND = 60e9

SECONDS_PER_JOB = 0.02
"""Reading inputs, writing the artifact."""

SLOTS = {"sgd": 1, "adam": 2}
"""Optimizer values stored a parameter."""

MANIFEST_BYTES = 400


def seconds_per_iteration(recipe: Recipe) -> float:
    facts = networks.NETWORKS[recipe.network]
    flops = 3 * facts.forward_flops * recipe.batch_size  # the backward pass is two forward ones
    return facts.kernels * SECONDS_PER_KERNEL + flops / FLOPS_PER_SECOND


@singledispatch
def seconds(job: Job) -> float:
    """Estimated seconds of one core."""
    raise TypeError(f"no cost for a {type(job).__name__}")


@seconds.register
def _(job: State | Arm) -> float:
    return SECONDS_PER_JOB + job.iterations * seconds_per_iteration(job.recipe)


@seconds.register
def _(job: ImpMask | RandomMask) -> float:
    return SECONDS_PER_JOB


@seconds.register
def _(job: Instability) -> float:
    network, sizes = networks.NETWORKS[job.recipe.network], data.facts(job.recipe.data)
    examples = sizes.train + sizes.test
    chunks = -(-sizes.train // 1000) + -(-sizes.test // 1000)
    point = examples * network.forward_flops / FLOPS_PER_SECOND
    return SECONDS_PER_JOB + job.points * (point + chunks * network.kernels * SECONDS_PER_KERNEL)


@singledispatch
def stored_bytes(job: Job) -> int:
    """Estimated bytes of a job's artifact and manifest."""
    raise TypeError(f"no size for a {type(job).__name__}")


@stored_bytes.register
def _(job: State | Arm) -> int:
    network = networks.NETWORKS[job.recipe.network]
    slots = SLOTS[job.recipe.optimizer] if isinstance(job, State) and job.iteration else 0
    return 4 * (network.parameters * (1 + slots) + network.statistics) + MANIFEST_BYTES


@stored_bytes.register
def _(job: ImpMask | RandomMask) -> int:
    return networks.NETWORKS[job.recipe.network].prunable + MANIFEST_BYTES


@stored_bytes.register
def _(job: Instability) -> int:
    return 4 * 20 * job.points + MANIFEST_BYTES


def critical_paths(jobs: Iterable[Job]) -> dict[str, float]:
    """Key -> seconds from a job's start to the end of the longest chain that waits for it.

    `jobs` come inputs first; chains are followed within them.
    """
    ordered = list(jobs)
    below = dict.fromkeys((job.key for job in ordered), 0.0)
    total: dict[str, float] = {}
    for job in reversed(ordered):
        total[job.key] = seconds(job) + below[job.key]
        for needed in job.inputs:
            if needed.key in below:
                below[needed.key] = max(below[needed.key], total[job.key])
    return total


def wall_seconds(jobs: Iterable[Job], workers: int) -> float:
    """Estimated time of some jobs on `workers` cores, once the workers are up."""
    ordered = list(jobs)
    if not ordered:
        return 0.0
    longest_chain = max(critical_paths(ordered).values())
    return max(sum(map(seconds, ordered)) / workers, longest_chain)
