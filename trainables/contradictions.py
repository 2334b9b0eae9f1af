"""Which values of a recipe make no sense, by themselves or beside others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainables.recipe import Recipe

MAX_ITERATIONS = 10**9
"""Of a training: twelve days where an iteration takes a millisecond."""

MAX_THREADS = 1024
"""More than any machine has cores for."""


class Contradiction(ValueError):
    """A field with a value that makes no sense. Its text is `field problem`."""

    def __init__(self, field: str, problem: str):
        super().__init__(f"{field} {problem}")
        self.field, self.problem = field, problem


def check(recipe: Recipe) -> None:
    """Raise the first Contradiction of a recipe, if there is one."""
    for field, holds, problem in _rules(recipe):
        if not holds:
            raise Contradiction(field, problem)


def _rules(r: Recipe) -> Iterator[tuple[str, bool, str]]:
    """Yield a field, whether its value makes sense, and what is said if not. A rule may rely on
    those before it."""
    for field in fields(r):
        value = getattr(r, field.name)
        finite = not isinstance(value, float) or math.isfinite(value)
        yield field.name, finite, f"must be a finite number, not {value}"
    yield "iterations", r.iterations >= 1, f"must be at least 1, not {r.iterations}"
    yield (
        "iterations",
        r.iterations <= MAX_ITERATIONS,
        f"must be at most {MAX_ITERATIONS:,}, not {r.iterations}",
    )
    yield (
        "crop_size",
        r.crop_size is None or r.crop_size >= 1,
        f"must be at least 1, not {r.crop_size}",
    )
    yield "batch_size", r.batch_size >= 1, f"must be at least 1, not {r.batch_size}"
    yield "learning_rate", r.learning_rate > 0, f"must be above 0, not {r.learning_rate}"
    yield "momentum", 0 <= r.momentum < 1, f"must be in [0, 1), not {r.momentum}"
    yield "momentum", r.optimizer == "sgd" or r.momentum == 0, "goes with the optimizer sgd"
    yield from _rules_of_transformers(r)
    yield "weight_decay", r.weight_decay >= 0, f"must not be negative, but is {r.weight_decay}"
    yield (
        "weight_decay",
        r.weight_decay_style == "l2" or 0 < r.weight_decay < 1,
        f"must be between 0 and 1 where it is decoupled, not {r.weight_decay}",
    )
    yield (
        "label_smoothing",
        0 <= r.label_smoothing < 1,
        f"must be in [0, 1), not {r.label_smoothing}",
    )
    yield "decay", 0 < r.decay <= 1, f"must be in (0, 1], not {r.decay}"
    yield (
        "warmup",
        0 <= r.warmup <= r.iterations,
        f"must lie between 0 and the end of training ({r.iterations} iterations), not {r.warmup}",
    )
    yield from _rules_of_the_schedule(r)
    yield (
        "pruning_fraction",
        0 < r.pruning_fraction < 1,
        f"must be between 0 and 1, not {r.pruning_fraction}",
    )
    yield from _rules_of_computation(r)


def _rules_of_transformers(r: Recipe) -> Iterator[tuple[str, bool, str]]:
    for field, usual in (("beta1", 0.9), ("beta2", 0.999)):
        value = getattr(r, field)
        yield field, 0 <= value < 1, f"must be in [0, 1), not {value}"
        of_adam = r.optimizer != "sgd" or value == usual
        yield field, of_adam, "goes with the optimizers adam and adamw, not sgd"
    yield (
        "weight_decay_style",
        r.optimizer != "adamw" or r.weight_decay_style == "l2",
        "goes with the optimizers sgd and adam; adamw has a decoupled one of its own",
    )
    yield (
        "gradient_clipping",
        r.gradient_clipping is None or r.gradient_clipping > 0,
        f"must be above 0, not {r.gradient_clipping}; leave it out for none",
    )
    yield (
        "initial_std",
        r.initial_std is None or r.initial_std > 0,
        f"must be above 0, not {r.initial_std}; leave it out for what initialization says",
    )
    yield (
        "initial_std",
        r.initial_std is None or r.initialization == "kaiming-normal",
        f"takes the place of initialization, which is {r.initialization}: give one of them",
    )


def _rules_of_the_schedule(r: Recipe) -> Iterator[tuple[str, bool, str]]:
    shown = ", ".join(map(str, r.milestones[:8])) + (", ..." if len(r.milestones) > 8 else "")
    yield (
        "milestones",
        r.schedule == "steps" or not r.milestones,
        f"go with the schedule steps, not {r.schedule}",
    )
    yield (
        "final_rate",
        r.schedule != "steps" or r.final_rate == 0,
        "goes with the schedules cosine and linear, not steps",
    )
    yield (
        "final_rate",
        0 <= r.final_rate <= r.learning_rate,
        f"must lie between 0 and learning_rate, not {r.final_rate}",
    )
    yield (
        "milestones",
        list(r.milestones) == sorted(set(r.milestones)) and all(m > 0 for m in r.milestones),
        f"must be positive and rising, not [{shown}]",
    )
    yield (
        "milestones",
        not r.milestones or r.milestones[-1] < r.iterations,
        f"[{shown}] must lie before the end of training ({r.iterations} iterations); `length` sets "
        "it and moves them in proportion",
    )


def _rules_of_computation(r: Recipe) -> Iterator[tuple[str, bool, str]]:
    yield "threads", r.threads >= 1, f"must be at least 1, not {r.threads}"
    yield "threads", r.threads <= MAX_THREADS, f"must be at most {MAX_THREADS}, not {r.threads}"
    yield (
        "slices",
        r.slices >= 1 and r.slices & (r.slices - 1) == 0,
        f"must be a power of two, not {r.slices}",
    )
    yield (
        "slices",
        r.batch_size % r.slices == 0,
        f"{r.slices} do not divide batch_size {r.batch_size} into equal parts",
    )
    yield "slices", r.slices == 1 or r.backend == "loop", "go with the backend loop, not stacked"
    allowed = ", ".join(str(2**power) for power in range(r.slices.bit_length()))
    yield (
        "workers",
        r.workers >= 1 and r.slices % r.workers == 0,
        f"{r.workers} do not divide slices {r.slices}; allowed: {allowed}",
    )
    yield (
        "precision",
        r.precision != "tf32" or r.device == "cuda",
        "tf32 goes with the device cuda; allowed on cpu: fp32, bf16",
    )
