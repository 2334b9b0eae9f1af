"""What jobs cost in seconds on the workers of one training.

An iteration costs a fixed time a layer (dispatching small kernels), its floating-point operations
at the rate that the hardware reaches, the values that layers without many operations move through
memory, and the update of its parameters. docs/performance.md and docs/gpu.md say how near this
comes on a CPU and on a GPU.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, singledispatch

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


@dataclass(frozen=True)
class Hardware:
    """What one worker has."""

    name: str
    seconds_per_kernel: float
    """Forward, backward and update of a layer that is too small to matter otherwise."""
    stacked_share: float
    """Of that time, what a training pays that is stacked with others."""
    flops_per_second: float
    """Of training; forward passes alone count as well."""
    seconds_per_value: float
    """Moving an activation through BatchNorm, ReLU and memory, in one of an iteration's three
    passes."""
    seconds_per_parameter: float
    """The optimizer's update and the mask."""
    bf16_speedup: float
    """Of operations and values."""
    seconds_per_pixel: float
    """Of what a network sees of an image that is read from a file, and cropped, by the worker
    itself; a GPU has cores beside it for that."""
    rounds_channels: bool
    """Whether it is a CPU: a convolution's channels cost as if they were rounded up to a vector's
    width, and sparse MLPs are computed by hand."""
    seconds_per_curved_value: float = 0.0
    """Of GELU, softmax and the like, in one of an iteration's three passes."""
    seconds_to_start: float = 20.0
    """Until Ray runs, and torch is imported in every worker."""
    tf32_speedup: float = 1.0
    """Of operations."""
    stacked_rate: float = 1.0
    """Operations per second of stacked trainings, as a share of `flops_per_second`."""
    places: int = 0
    """Trainings that every stack costs, however few it has; 0 where it costs those it has."""


CPU_CORE = Hardware("CPU core", 22e-6, 0.25, 100e9, 0.25e-9, 1.3e-9, 0.7, 5e-8, True, 3.5e-9)
"""Fitted to one core of a Sapphire Rapids server with torch 2.15 (docs/performance.md)."""

HARDWARE = {
    "cpu": CPU_CORE,
    "h100": Hardware(
        "H100", 115e-6, 0.082, 22.8e12, 5.6e-12, 0.0, 5.04, 0.0, False,
        tf32_speedup=8.0, stacked_rate=0.406, places=16,
    ),
}  # fmt: skip
"""The CPU core, and rates that `python -m benchmarks.gpu.fit benchmarks/gpu/h100.jsonl` found.

These are fitted to 16 trainings on an H100 80GB: LeNet, ResNet-20, VGG-16, ResNet-18 and ResNet-50
one after another, LeNet and ResNet-20 in full stacks, in the precisions that were measured. The
estimates of these are 0.76 to 1.11 times what was measured. They are too low for stacked VGG-16 and
ResNet-18 (down to 0.14), and for paths of ResNet-20 (0.27); other paths are at 0.72 to 1.77
(docs/gpu.md). Images from files are taken to cost a GPU no time."""

FORWARD_SPEEDUP = 1.25
"""Of forward passes alone, with BatchNorm folded or an MLP's path by hand, against those of
training. Other networks have none."""

KERNEL_PASSES = 3
"""Passes of an iteration: forward, backward and update."""

SECONDS_PER_MIXED_VALUE = 1.5e-9
"""Of an MLP's path or plane: an activation mixed, moved and counted at a point."""

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
    on = _computing(on, recipe.precision, recipe.backend == "stacked")
    fixed = facts.kernels * on.seconds_per_kernel
    # The backward pass is two forward ones.
    work = 3 * recipe.batch_size / recipe.workers * seconds_per_example(facts, on)
    fixed *= recipe.slices / recipe.workers
    fixed += facts.parameters * on.seconds_per_parameter
    work += recipe.batch_size / recipe.workers * seconds_per_image(recipe, on)
    if on.rounds_channels and recipe.backend == "loop" and _goes_sparse(facts, weights_left):
        return (fixed + work) * (0.25 + 3.2 * weights_left)  # measured from 1 to 11 % left
    return fixed + work


@cache
def _computing(on: Hardware, precision: str, stacked: bool) -> Hardware:
    """Return the rates of an iteration in a precision, stacked with others or not."""
    values = on.bf16_speedup if precision == "bf16" else 1.0
    operations = {"bf16": on.bf16_speedup, "tf32": on.tf32_speedup}.get(precision, 1.0)
    return replace(
        on,
        seconds_per_kernel=on.seconds_per_kernel * (on.stacked_share if stacked else 1.0),
        flops_per_second=on.flops_per_second * operations * (on.stacked_rate if stacked else 1.0),
        seconds_per_value=on.seconds_per_value / values,
        seconds_per_curved_value=on.seconds_per_curved_value / values,
    )


def _goes_sparse(facts: networks.Facts, weights_left: float) -> bool:
    """Whether `trainables.training.sparse` takes the largest layer, an MLP's first."""
    largest = facts.first_flops / 2
    return weights_left * largest + 1000 < 0.2 * largest


def seconds_per_example(facts: networks.Facts, on: Hardware, spared: int = 0) -> float:
    """Of a forward pass, without `spared` of its operations."""
    flops = facts.vector_flops if on.rounds_channels else facts.forward_flops
    seconds = (flops - spared) / on.flops_per_second + facts.activations * on.seconds_per_value
    return seconds + facts.curved * on.seconds_per_curved_value


def _speedup(facts: networks.Facts) -> float:
    """Of forward passes alone."""
    return FORWARD_SPEEDUP if facts.batchnorm or facts.first_flops else 1.0


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
    one = seconds_per_example(sizes.facts(recipe), on) / _speedup(sizes.facts(recipe))
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
    points = how.points * _seconds_of_point(sizes.facts(recipe), examples, on)
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
    points = work.points * _seconds_of_point(network, examples, on)
    points += of_grid * _seconds_of_point(network, at_grid, on)
    passed = work.passes * examples + work.batches * job.recipe.batch_size
    passes = passed * seconds_per_example(network, on) / _speedup(network)
    passes += work.batches * network.kernels * on.seconds_per_kernel / KERNEL_PASSES
    # A path reads its images once for all points, and so does a plane.
    read = (work.passes + (work.points > 0)) * examples + at_grid
    read_seconds = read * seconds_per_image(job.recipe, on)
    return (read_seconds + points + passes) / job.recipe.workers


def _seconds_of_point(network: networks.Facts, examples: int, on: Hardware) -> float:
    """Of a point of a path or plane on so many examples."""
    one = seconds_per_example(network, on, spared=network.first_flops)
    mixed = network.activations * SECONDS_PER_MIXED_VALUE if network.first_flops else 0.0
    return examples * (one / _speedup(network) + mixed)


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
