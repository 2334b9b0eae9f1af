"""What jobs cost: seconds on one worker, and bytes in the store.

An iteration costs a fixed time a layer (dispatching small kernels) plus its floating-point
operations at the rate that the hardware reaches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import singledispatch

from trainables import data, networks
from trainables.jobs.kinds import Arm, ImpMask, Instability, Job, RandomMask, State
from trainables.recipe import Recipe


@dataclass(frozen=True)
class Hardware:
    """What one worker has."""

    name: str
    seconds_per_kernel: float
    """Forward, backward and update of a layer that is too small to matter otherwise."""
    flops_per_second: float
    """Of training; forward passes alone count as well."""


CPU_CORE = Hardware("CPU core", 28e-6, 80e9)
"""Fitted to one core of a Sapphire Rapids server with torch 2.15: digits-mlp 0.55 ms an
iteration, LeNet-300-100 1.3 ms, ResNet-20 0.4 s, VGG-16 2.6 s, ResNet-18 4.3 s. Narrow
convolutions are bound by memory and take about twice as long as this says."""

HARDWARE = {
    "cpu": CPU_CORE,
    "h200": Hardware("H200 (assumed rates, not measured)", 50e-6, 60e12),
}

SECONDS_PER_JOB = 0.02
"""Reading inputs, writing the artifact."""

SLOTS = {"sgd": 1, "adam": 2}
"""Optimizer values stored a parameter."""

MANIFEST_BYTES = 400


def seconds_per_iteration(recipe: Recipe, on: Hardware = CPU_CORE) -> float:
    facts = networks.NETWORKS[recipe.network]
    flops = 3 * facts.forward_flops * recipe.batch_size  # the backward pass is two forward ones
    return facts.kernels * on.seconds_per_kernel + flops / on.flops_per_second


@singledispatch
def seconds(job: Job, on: Hardware = CPU_CORE) -> float:
    """Estimated seconds of one worker."""
    raise TypeError(f"no cost for a {type(job).__name__}")


@seconds.register
def _(job: State | Arm, on: Hardware = CPU_CORE) -> float:
    return SECONDS_PER_JOB + job.iterations * seconds_per_iteration(job.recipe, on)


@seconds.register
def _(job: ImpMask | RandomMask, on: Hardware = CPU_CORE) -> float:
    return SECONDS_PER_JOB


@seconds.register
def _(job: Instability, on: Hardware = CPU_CORE) -> float:
    network, sizes = networks.NETWORKS[job.recipe.network], data.facts(job.recipe.data)
    train = job.train_examples or sizes.train
    chunks = -(-train // 1000) + -(-sizes.test // 1000)
    flops = (train + sizes.test) * network.forward_flops
    point = flops / on.flops_per_second + chunks * network.kernels * on.seconds_per_kernel
    return SECONDS_PER_JOB + job.points * point


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


def critical_paths(jobs: Iterable[Job], on: Hardware = CPU_CORE) -> dict[str, float]:
    """Key -> seconds from a job's start to the end of the longest chain that waits for it.

    `jobs` come inputs first; chains are followed within them.
    """
    ordered = list(jobs)
    below = dict.fromkeys((job.key for job in ordered), 0.0)
    total: dict[str, float] = {}
    for job in reversed(ordered):
        total[job.key] = seconds(job, on) + below[job.key]
        for needed in job.inputs:
            if needed.key in below:
                below[needed.key] = max(below[needed.key], total[job.key])
    return total


def wall_seconds(jobs: Iterable[Job], workers: int, on: Hardware = CPU_CORE) -> float:
    """Estimated time of some jobs on so many workers, once these are up."""
    ordered = list(jobs)
    if not ordered:
        return 0.0
    longest_chain = max(critical_paths(ordered, on).values())
    return max(sum(seconds(job, on) for job in ordered) / workers, longest_chain)
