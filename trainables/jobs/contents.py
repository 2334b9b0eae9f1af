"""What the stored tensors of jobs hold. They are read through here alone, and checked.

An artifact may agree with its checksum and still not be what its kind holds, because a program or
a person wrote it so. It is set aside and counts as missing; what needs it makes it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from trainables import networks
from trainables.jobs.kinds import Given, Job, Mask, Perturbation, Training
from trainables.jobs.learning import Point, noted, recalled
from trainables.jobs.shared import Artifacts
from trainables.networks.architecture import Architecture
from trainables.recipe import Recipe
from trainables.store import Artifact, Missing, Unreadable, tensors
from trainables.training.loop import TrainingState
from trainables.training.optimizers import optimizer

T = TypeVar("T")

CHECKPOINT = "checkpoint"
"""The kind under which a job's unfinished training is stored, by the job's key."""

Shapes = dict[str, torch.Size]

DTYPES = (torch.float32, torch.int64, torch.bool)
"""What weights, statistics, optimizer slots, counts and masks are of."""


def read(store: Artifacts, job: Job) -> dict[str, Tensor]:
    """Return a job's tensors. Raises Missing."""

    def decode(artifact: Artifact) -> dict[str, Tensor]:
        held = tensors.from_bytes(artifact.payload)
        match job:
            case Training(is_copy=True) | Given():
                _check("weights", held, weights_of(job.recipe.architecture))
            case Training() | Perturbation():
                parts = (tensors.part(held, name) for name in ("weights", "optimizer"))
                _check_state(job.recipe, *parts, fresh=job.until == 0)
            case Mask():
                _check_mask(job.recipe, held)
        return held

    return _decoded(store, job.kind, job.key, decode)


def write_checkpoint(
    store: Artifacts,
    job: Training,
    state: TrainingState,
    seconds: float,
    iterations: int,
    curve: Sequence[Point],
) -> None:
    """Store where a job's training is, in place of its last checkpoint, and what it took.

    `curve` are the points of its learning curve so far.
    """
    payload = tensors.to_bytes(tensors.join(weights=state.weights, optimizer=state.optimizer))
    facts = {"iteration": state.iteration, "seconds": seconds, "iterations": iterations}
    facts |= noted(job, curve)
    store.write(CHECKPOINT, job.key, payload, tensors.SUFFIX, **facts)
    store.prune(CHECKPOINT, job.key)


class Checkpoint(NamedTuple):
    """Where a training is."""

    state: TrainingState
    seconds: float
    """That went into it, as the iterations."""
    iterations: int
    curve: list[Point]


def read_checkpoint(store: Artifacts, job: Training) -> Checkpoint | None:
    """Return where a job's training is; None if it has no checkpoint."""
    begin, until = job.begin, job.until

    def decode(artifact: Artifact) -> Checkpoint:
        facts = artifact.facts
        iteration = facts.get("iteration")
        if not isinstance(iteration, int) or not begin <= iteration <= until:
            raise Unreadable(f"its iteration is {iteration!r}")
        held = tensors.from_bytes(artifact.payload)
        parts = (tensors.part(held, name) for name in ("weights", "optimizer"))
        state = state_of(job.recipe, iteration, *parts, fresh=iteration == begin)
        # Checkpoints of earlier versions don't say what they took.
        spent = facts.get("seconds", 0.0), facts.get("iterations", 0)
        return Checkpoint(state, *spent, recalled(job, facts))

    try:
        return _decoded(store, CHECKPOINT, job.key, decode)
    except Missing:
        return None


def state_of(
    recipe: Recipe,
    iteration: int,
    weights: dict[str, Tensor],
    slots: dict[str, Tensor],
    *,
    fresh: bool,
) -> TrainingState:
    """Return a training's state from what a checkpoint holds. Raises Unreadable.

    Where training has just begun (`fresh`) there may be no optimizer's state.
    """
    _check_state(recipe, weights, slots, fresh=fresh)
    return TrainingState(iteration, weights, slots)


def finite(held: Mapping[str, Tensor]) -> bool:
    """Return whether a training ended well: no weight or running statistic is NaN or infinite.

    Of a state with its optimizer, the weights count.
    """
    ends = (value for name, value in held.items() if not name.startswith("optimizer:"))
    return all(bool(value.isfinite().all()) for value in ends)


def _decoded(store: Artifacts, kind: str, key: str, decode: Callable[[Artifact], T]) -> T:
    artifact = store.read(kind, key)
    try:
        return decode(artifact)
    except Unreadable as error:
        store.set_aside(kind, key)
        raise Missing(f"{kind} {key} could not be read ({error}); it was set aside") from error


def _check_state(
    recipe: Recipe, weights: dict[str, Tensor], slots: dict[str, Tensor], *, fresh: bool
) -> None:
    """Raises Unreadable unless these are weights with their optimizer, or a fresh one if that
    may be."""
    _check("weights", weights, weights_of(recipe.architecture))
    if slots or not fresh:
        _check("optimizer", slots, _slots_of(recipe))


def _check_mask(recipe: Recipe, held: dict[str, Tensor]) -> None:
    shapes = weights_of(recipe.architecture)
    names = networks.prunable(on_paper(recipe.architecture), **recipe.scope)
    _check("mask", held, {name: shapes[name] for name in names})
    if any(keep.dtype != torch.bool for keep in held.values()):
        raise Unreadable("its mask is not of true and false")


def _check(what: str, held: Mapping[str, Tensor], shapes: Shapes) -> None:
    found = {name: value.shape for name, value in held.items()}
    if wrong := sorted(name for name in found | shapes if found.get(name) != shapes.get(name)):
        raise Unreadable(f"its {what} are not those of the network: {wrong[0]}")
    if others := sorted(name for name, value in held.items() if value.dtype not in DTYPES):
        raise Unreadable(f"its {what} are of another precision: {others[0]}")


@cache
def weights_of(network: Architecture) -> Shapes:
    """Return the shape of every weight and statistic of a network."""
    return {name: t.shape for name, t in networks.state(on_paper(network)).items()}


@cache
def _slots_of(recipe: Recipe) -> Shapes:
    slots: dict[str, Tensor] = {}
    optimizer(recipe, on_paper(recipe.architecture), slots)
    return {name: value.shape for name, value in slots.items()}


def on_paper(network: Architecture) -> nn.Module:
    """Return a network without memory or values."""
    with torch.device("meta"):
        return networks.build(network)
