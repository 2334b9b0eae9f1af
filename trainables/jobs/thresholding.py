"""Finding the threshold of adaptive pruning: the losses of a training's last epoch."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Generator
from contextlib import closing, suppress
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

import torch

from trainables import data, networks
from trainables.jobs.contents import CHECKPOINT, finite, state_of
from trainables.jobs.events import InputDiverged, Measured, Step
from trainables.pruning.context import loss_of
from trainables.pruning.masks import masked
from trainables.seeds import derive
from trainables.store import Artifact, Missing, StoreError, Unreadable, tensors
from trainables.training.feed import Feed, feeding
from trainables.training.group import Trajectory
from trainables.training.numerics import set_numerics

if TYPE_CHECKING:
    from trainables.jobs.execute import Executor
    from trainables.jobs.threshold import Threshold
    from trainables.weights import Weights

NAMES = ("eps", "loss", "threshold")


def find(executor: Executor, job: Threshold) -> Generator[Step, None, tuple[bytes, dict[str, Any]]]:
    """Find a threshold; its artifact and what the manifest says are the iterator's return value.

    Closing the iterator early stores a checkpoint where the copy is trained again. Raises
    InputDiverged where a loss is not finite.
    """
    losses = yield from (_trained if job.loss == "trained" else _evaluated)(executor, job)
    if not all(map(math.isfinite, losses)):
        raise InputDiverged(f"{job.of.title} diverged")
    loss, eps = fmean(losses), stdev(losses) if len(losses) > 1 else 0.0
    found = dict(zip(NAMES, (eps, loss, loss + eps), strict=True))
    payload = json.dumps(found | {"losses": losses}).encode()
    return payload, found | {"iterations": job.iterations}


def threshold_of(executor: Executor, job: Threshold) -> Generator[Step, None, float]:
    """Read a threshold in nats (the iterator's return value), finding it again if damaged."""
    while True:
        try:
            artifact = executor.store.read(job.kind, job.key)
            return _decoded(artifact)["threshold"]
        except Unreadable:
            executor.store.set_aside(job.kind, job.key)
        except Missing:
            pass
        yield from executor.run(job)


def _decoded(artifact: Artifact) -> dict[str, float]:
    """Return a threshold's numbers. Raises Unreadable."""
    try:
        values = json.loads(artifact.payload)
        found = {name: float(values[name]) for name in NAMES}
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable(f"it is no threshold: {error}") from error
    if not all(map(math.isfinite, found.values())):
        raise Unreadable("its numbers are not finite")
    return found


def _evaluated(executor: Executor, job: Threshold) -> Generator[Step, None, list[float]]:
    """The loss of each batch with the final weights in `eval` mode."""
    held = yield from executor.tensors(job.of)
    if not finite(held):
        raise InputDiverged(f"{job.of.title} diverged")
    losses, epoch = [], job.last_epoch
    with closing(_feed(executor, job, epoch)) as feed:
        for iteration in epoch:
            losses.append(_loss(executor, job, held, feed, iteration, training=False))
            yield Measured(job, len(losses) / len(epoch))
    return losses


def _trained(executor: Executor, job: Threshold) -> Generator[Step, None, list[float]]:
    """The loss of each batch in `train` mode, with the weights before its step.

    The copy is trained by the engine that trained it, which gives the same bits; it is measured
    between two steps, on copies of its weights and running statistics.
    """
    training = yield from _begin(executor, job)
    losses: list[float] = []
    saved = time.monotonic()
    _restore(executor, job, training, losses)
    state, epoch, begin = training.state, job.last_epoch, job.of.begin
    group = executor.group(job.recipe)
    try:
        with closing(_feed(executor, job, epoch[len(losses) :])) as feed:
            for iteration in epoch[len(losses) :]:
                leg = Trajectory(state, training.order_seed, iteration, training.mask)
                if not leg.finished:
                    group.add(leg)
                while group.waiting:
                    before = state.iteration
                    group.advance()
                    executor.trained_iterations += state.iteration - before
                    late = time.monotonic() - saved > executor.checkpoint_seconds
                    if executor.team.decide(late):
                        _save(executor, job, training, losses)
                        saved = time.monotonic()
                    yield Measured(job, (state.iteration - begin + 1) / (epoch.stop - begin))
                weights = masked(state.weights, training.mask)
                losses.append(_loss(executor, job, weights, feed, iteration, training=True))
    except GeneratorExit:
        with suppress(StoreError):
            _save(executor, job, training, losses)
        raise
    executor.store.delete(CHECKPOINT, job.key)
    return losses


def _begin(executor: Executor, job: Threshold) -> Generator[Step, None, Trajectory]:
    """The copy where its training begins (the iterator's return value)."""
    state, mask = yield from executor.beginning(job.of)
    state = state.copy(job.recipe.device)
    return Trajectory(state, job.of.noise_seed, job.of.until, mask)


def _save(executor: Executor, job: Threshold, training: Trajectory, losses: list[float]) -> None:
    """Store where the copy is, in place of the last checkpoint, and the losses so far."""
    state = training.state.copy()
    payload = tensors.to_bytes(tensors.join(weights=state.weights, optimizer=state.optimizer))
    facts = {"iteration": state.iteration, "losses": losses}
    executor.store.write(CHECKPOINT, job.key, payload, tensors.SUFFIX, **facts)
    executor.store.prune(CHECKPOINT, job.key)


def _restore(executor: Executor, job: Threshold, training: Trajectory, losses: list[float]) -> None:
    """Go on from a checkpoint, if there is one."""
    with suppress(Missing):
        artifact = executor.store.read(CHECKPOINT, job.key)
        try:
            iteration, found = artifact.facts["iteration"], artifact.facts["losses"]
            if not job.of.begin <= iteration <= job.last_epoch.start + len(found):
                raise Unreadable(f"its iteration is {iteration!r}")
            held = tensors.from_bytes(artifact.payload)
            parts = (tensors.part(held, name) for name in ("weights", "optimizer"))
            fresh = iteration == job.of.begin
            state = state_of(job.recipe, iteration, *parts, fresh=fresh)
            losses[:] = map(float, found)
        except (Unreadable, KeyError, TypeError, ValueError):
            executor.store.set_aside(CHECKPOINT, job.key)
            return
        training.state = state.copy(job.recipe.device)


def _feed(executor: Executor, job: Threshold, iterations: range) -> Feed:
    examples = data.load(job.recipe, executor.data_folder).train
    seed, team, decoders = job.of.noise_seed, executor.team, executor.decoders
    return feeding(job.recipe, examples, seed, iterations, team, decoders)


def _loss(
    executor: Executor,
    job: Threshold,
    weights: Weights,
    feed: Feed,
    iteration: int,
    *,
    training: bool,
) -> float:
    """Return the mean cross-entropy of an iteration's batch, in nats.

    The losses of its slices are added up in their order, whichever worker has them. Neither
    weights nor running statistics change, nor what is drawn at random later.
    """
    recipe, team = job.recipe, executor.team
    set_numerics(recipe)
    network = networks.build(recipe.architecture).train(training)
    held = {name: value.to(recipe.device, copy=True) for name, value in weights.items()}
    networks.bind(network, networks.channels_last(held))
    drops = training and networks.draws(network, recipe.network)
    bf16 = training and recipe.precision == "bf16"
    parts: dict[int, float] = {}
    for part in team.share(recipe.slices):
        inputs, labels, share = feed(iteration, part)
        if not share:
            continue
        of_slice = (part,) if recipe.slices > 1 else ()
        with (
            torch.random.fork_rng(devices=[]),
            torch.no_grad(),
            torch.autocast(inputs.device.type, torch.bfloat16, bf16),
        ):
            if drops:  # as in `trainables.training.loop`
                torch.manual_seed(derive("dropout", job.of.noise_seed, iteration, *of_slice))
            parts[part] = share * float(loss_of(network, inputs, labels))
    every = {part: loss for others in team.gather(parts) for part, loss in others.items()}
    return sum(every[part] for part in sorted(every))
