"""What jobs cost in seconds on the workers of one training.

An iteration costs a fixed time a layer (dispatching small kernels), its floating-point operations
at the rate that the hardware reaches, the values that layers without many operations move through
memory, and the update of its parameters. docs/explanation/performance.md says how near this comes
on a CPU, and docs/explanation/gpu.md on a GPU.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import singledispatch

from sweeps.plan.hardware import CPU_CORE, Hardware, computing, flops_per_second
from trainables import data, networks, pruning, sizes
from trainables.jobs.kinds import (
    Given,
    Job,
    Mask,
    Measurement,
    Perturbation,
    Threshold,
    Training,
)
from trainables.pruning.adaptive import RATIOS, Adaptive
from trainables.recipe import Recipe

KERNEL_PASSES = 3
"""Passes of an iteration: forward, backward and update."""

SECONDS_PER_SCORED = 1e-7
"""Of a mask, per step: to score, sort and keep a prunable weight."""

SECONDS_PER_JOB = 0.02
"""Reading inputs, writing the artifact."""


def seconds_per_iteration(
    recipe: Recipe, on: Hardware = CPU_CORE, weights_left: float = 1.0
) -> float:
    """Of one training; of a stack, its share. `weights_left` is a share, 1 if dense. Workers of a
    training wait for each other for no time."""
    facts = sizes.facts(recipe)
    on = computing(on, recipe.precision, recipe.backend == "stacked")
    fixed = facts.kernels * on.seconds_per_kernel
    # The backward pass is two forward ones.
    work = 3 * recipe.batch_size / recipe.workers * seconds_per_example(facts, on)
    fixed *= recipe.slices / recipe.workers
    fixed += facts.parameters * on.seconds_per_parameter
    work += recipe.batch_size / recipe.workers * seconds_per_image(recipe, on)
    if on.rounds_channels and recipe.backend == "loop" and _goes_sparse(facts, weights_left):
        return (fixed + work) * (on.sparse_base + on.sparse_slope * weights_left)
    return fixed + work


def _goes_sparse(facts: networks.Facts, weights_left: float) -> bool:
    """Whether `trainables.training.sparse` takes the largest layer, an MLP's first."""
    largest = facts.first_flops / 2
    return weights_left * largest + 1000 < 0.2 * largest


def seconds_per_example(facts: networks.Facts, on: Hardware, spared: int = 0) -> float:
    """Of a forward pass, without `spared` of its operations."""
    rounded = facts.vector_flops - facts.forward_flops if on.rounds_channels else 0
    flops = facts.forward_flops + rounded * on.rounded_share
    seconds = (flops - spared) / flops_per_second(facts, on)
    seconds += facts.activations * on.seconds_per_value
    return seconds + facts.curved * on.seconds_per_curved_value


def _speedup(facts: networks.Facts, on: Hardware) -> float:
    """Of forward passes alone."""
    return on.forward_speedup if facts.batchnorm or facts.first_flops else 1.0


def seconds_per_image(recipe: Recipe, on: Hardware) -> float:
    """Of reading an image, where images are not in memory."""
    if not data.streams(recipe):
        return 0.0
    _, height, width = sizes.facts(recipe).inputs
    return height * width * on.seconds_per_pixel


@singledispatch
def seconds(job: Job, on: Hardware = CPU_CORE) -> float:
    """Estimated seconds of the workers of one training."""
    raise TypeError(f"no cost for a {type(job).__name__}")


@seconds.register
def _(job: Training, on: Hardware = CPU_CORE) -> float:
    if job.alongside is not None:  # trained there
        return SECONDS_PER_JOB
    return SECONDS_PER_JOB + _seconds_of_training(job, on)


def _seconds_of_training(job: Training, on: Hardware) -> float:
    left = (1 - job.recipe.pruning_fraction) ** job.level
    training = job.iterations * seconds_per_iteration(job.recipe, on, left)
    return training + _seconds_of_curve(job, on)


def _seconds_of_curve(job: Training, on: Hardware) -> float:
    """Of evaluating a network while it is trained."""
    if job.evaluation is None or not job.iterations:
        return 0.0
    recipe, facts = job.recipe, data.facts(job.recipe.data)
    most = job.evaluation.examples or max(facts.train, facts.test)
    examples = min(most, facts.train) + min(most, facts.test)
    one = seconds_per_example(sizes.facts(recipe), on) / _speedup(sizes.facts(recipe), on)
    point = examples * (one + seconds_per_image(recipe, on)) / recipe.workers
    return job.evaluation.points(job.until - job.iterations, job.until) * point


@seconds.register
def _(job: Given | Perturbation, on: Hardware = CPU_CORE) -> float:
    return SECONDS_PER_JOB


@seconds.register
def _(job: Mask, on: Hardware = CPU_CORE) -> float:
    if isinstance(job.of, Mask):
        return SECONDS_PER_JOB
    if job.adaptive is not None:
        return SECONDS_PER_JOB + _seconds_of_sweep(job.recipe, job.adaptive, on)
    network = sizes.facts(job.recipe)
    examples = pruning.examples(job.recipe, network.classes)
    if not examples:
        return SECONDS_PER_JOB
    steps = pruning.steps(job.recipe)
    one = 3 * seconds_per_example(network, on) + seconds_per_image(job.recipe, on)
    each = network.kernels * on.seconds_per_kernel + SECONDS_PER_SCORED * network.prunable
    return SECONDS_PER_JOB + examples * one + steps * each


def _seconds_of_sweep(recipe: Recipe, how: Adaptive, on: Hardware) -> float:
    """Of the paths of all ratios that adaptive pruning may try."""
    train = data.facts(recipe.data).train
    examples = min(how.examples or train, train)
    points = examples * seconds_of_points(sizes.facts(recipe), how.points, on)
    read = examples * seconds_per_image(recipe, on)
    return len(RATIOS) * (points + read) / recipe.workers


@seconds.register
def _(job: Threshold, on: Hardware = CPU_CORE) -> float:
    network, recipe = sizes.facts(job.recipe), job.recipe
    one = seconds_per_example(network, on) + seconds_per_image(recipe, on)
    batch = recipe.batch_size * one + network.kernels * on.seconds_per_kernel / KERNEL_PASSES
    training = job.iterations * seconds_per_iteration(recipe, on)
    return SECONDS_PER_JOB + training + len(job.last_epoch) * batch / recipe.workers


@seconds.register
def _(job: Measurement, on: Hardware = CPU_CORE) -> float:
    if job.after is not None or job.shards:  # done there
        return SECONDS_PER_JOB
    if not job.every:
        return SECONDS_PER_JOB + _seconds_of_measuring(job, on)
    pairs = math.comb(len(job.together), len(job.of))
    measuring = job.times * pairs * _seconds_of_measuring(job, on)
    training = sum(_seconds_of_training(one, on) for one in job.together)
    return SECONDS_PER_JOB + training + measuring


def _seconds_of_measuring(job: Measurement, on: Hardware) -> float:
    """Of evaluating what a measurement takes, once."""
    network, examples_of = sizes.facts(job.recipe), data.facts(job.recipe.data)
    work = job.work
    examples = (work.train_examples or examples_of.train) + examples_of.test
    at_grid = work.at_grid(examples_of.train, examples_of.test) if work.grid else 0
    of_grid = work.grid / (job.shard[1] if job.shard else 1)
    points = examples * seconds_of_points(network, work.points, on)
    points += at_grid * seconds_of_points(network, of_grid, on, networks_mixed=3)
    passed = work.passes * examples + work.batches * job.recipe.batch_size
    passes = passed * seconds_per_example(network, on) / _speedup(network, on)
    passes += work.batches * network.kernels * on.seconds_per_kernel / KERNEL_PASSES
    # A path reads its images once for all points, and so does a plane.
    read = (work.passes + (work.points > 0)) * examples + at_grid
    read_seconds = read * seconds_per_image(job.recipe, on)
    return (read_seconds + points + passes) / job.recipe.workers


def seconds_of_points(
    network: networks.Facts, points: float, on: Hardware, networks_mixed: int = 2
) -> float:
    """Return the seconds of an example at so many points of a path, or of a plane of 3 networks.

    An MLP's first layer is computed for those networks only, and then mixed at each point.
    """
    one = seconds_per_example(network, on, spared=network.first_flops)
    if not network.first_flops:
        return points * one / _speedup(network, on)
    mixed = network.activations * on.seconds_per_mixed_value
    first = networks_mixed * network.first_flops / flops_per_second(network, on) if points else 0.0
    return first + points * (one / on.mlp_forward_speedup + mixed)


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
