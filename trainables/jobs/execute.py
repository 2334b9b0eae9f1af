"""Doing jobs: from stored inputs to a stored artifact. No scheduling, no Ray."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import singledispatchmethod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainables import data, networks, pruning
from trainables.jobs.kinds import Arm, ImpMask, Instability, Job, RandomMask, State
from trainables.measures import instability
from trainables.store import Missing, Store, tensors
from trainables.training.loop import TrainingState, train

HELD_BYTES = 256 * 2**20
"""Of artifacts that a process keeps, so that pairs and levels don't read theirs again."""

CHECKPOINT = "checkpoint"
"""The kind under which a job's unfinished training is stored, by the job's key."""


@dataclass(frozen=True)
class Progress:
    """A training has come to `iteration`, of `until`; it began at `begin`."""

    job: Job
    begin: int
    iteration: int
    until: int


class Executor:
    """Does jobs in one process. Data sets lie in `data_folder`.

    `checkpoint_seconds` is how much training time a killed process may lose.
    """

    def __init__(self, store: Store, data_folder: Path, checkpoint_seconds: float):
        self.store = store
        self.data_folder = data_folder
        self.checkpoint_seconds = checkpoint_seconds
        self.trained_iterations = 0
        self._held: OrderedDict[str, dict[str, Tensor]] = OrderedDict()

    def run(self, job: Job) -> Iterator[Progress]:
        """Do a job and store its artifact; nothing if it is there already.

        Closing the iterator early stores a checkpoint from which the next `run` goes on.
        """
        if not self.store.complete([(job.kind, job.key)]):
            yield from self._do(job)

    def tensors(self, job: Job) -> Generator[Progress, None, dict[str, Tensor]]:
        """Read a job's tensors (the iterator's return value), making them again if damaged."""
        if job.key not in self._held:
            try:
                artifact = self.store.read(job.kind, job.key)
            except Missing:
                yield from self._do(job)
                artifact = self.store.read(job.kind, job.key)
            self._hold(job, tensors.from_bytes(artifact.payload))
        self._held.move_to_end(job.key)
        return self._held[job.key]

    def _hold(self, job: Job, held: dict[str, Tensor]) -> None:
        self._held[job.key] = held
        self._held.move_to_end(job.key)
        size = sum(value.nbytes for artifact in self._held.values() for value in artifact.values())
        while size > HELD_BYTES and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            size -= sum(value.nbytes for value in dropped.values())

    @singledispatchmethod
    def _do(self, job: Job) -> Iterator[Progress]:
        raise TypeError(f"no way to do a {type(job).__name__}")

    @_do.register
    def _(self, job: State) -> Iterator[Progress]:
        spent = self._clock()
        recipe = job.recipe
        if job.earlier is None:
            weights = networks.initial_weights(
                recipe.network, recipe.initialization, job.stream, job.init_seed
            )
            state = TrainingState(0, weights)
        else:
            stored = yield from self.tensors(job.earlier)
            state = TrainingState(
                job.earlier.iteration,
                tensors.part(stored, "weights"),
                tensors.part(stored, "optimizer"),
            ).copy()
        if state.iteration < job.iteration:
            state = yield from self._train(job, state, job.order_seed, job.iteration, None)
        groups = tensors.join(weights=state.weights, optimizer=state.optimizer)
        self._store_tensors(job, groups, spent())

    @_do.register
    def _(self, job: Arm) -> Iterator[Progress]:
        spent = self._clock()
        stored = yield from self.tensors(job.start)
        mask = yield from self._mask(job.mask)
        state = TrainingState(job.rewind, tensors.part(stored, "weights")).copy()
        until = job.recipe.iterations
        state = yield from self._train(job, state, job.order_seed, until, mask)
        self._store_tensors(job, state.weights, spent())

    @_do.register
    def _(self, job: ImpMask) -> Iterator[Progress]:
        spent = self._clock()
        weights = yield from self.tensors(job.arm)
        mask = yield from self._mask(job.arm.mask)
        if mask is None:
            network = networks.build(job.recipe.network)
            names = networks.prunable(network, output=job.recipe.prune_output)
            mask = pruning.full_mask(weights, names)
        mask = pruning.prune_by_magnitude(weights, mask, job.recipe.pruning_fraction, job.rounds)
        self._store_tensors(job, mask, spent(), weights_left=pruning.weights_left(mask))

    @_do.register
    def _(self, job: RandomMask) -> Iterator[Progress]:
        spent = self._clock()
        like = yield from self._mask(job.like)
        assert like is not None
        mask = pruning.prune_randomly(like, job.seed)
        self._store_tensors(job, mask, spent(), weights_left=pruning.weights_left(mask))

    @_do.register
    def _(self, job: Instability) -> Iterator[Progress]:
        spent = self._clock()
        first = yield from self.tensors(job.first)
        second = yield from self.tensors(job.second)
        mask = yield from self._mask(job.first.mask)
        dataset = data.load(job.recipe, self.data_folder)
        dataset = replace(dataset, train=dataset.train.sample(job.train_examples))
        values: dict[str, Any] = {"weights_left": pruning.weights_left(mask) if mask else 100.0}
        values |= instability.measure(job.recipe.network, first, second, dataset, job.points)
        payload = json.dumps(values).encode()
        self.store.write(job.kind, job.key, payload, "json", **spent())

    def _mask(
        self, job: ImpMask | RandomMask | None
    ) -> Generator[Progress, None, pruning.Mask | None]:
        """A mask with its tensors in the network's order, which decides ties; None if dense."""
        if job is None:
            return None
        held = yield from self.tensors(job)
        names = networks.prunable(networks.build(job.recipe.network))
        return {name: held[name] for name in names if name in held}

    def _train(
        self,
        job: State | Arm,
        state: TrainingState,
        order_seed: int,
        until: int,
        mask: pruning.Mask | None,
    ) -> Generator[Progress, None, TrainingState]:
        """Train to the end (the iterator's return value), from a checkpoint if there is one."""
        begin = state.iteration
        state = self._load_checkpoint(job) or state
        examples = data.load(job.recipe, self.data_folder).train
        saved = time.monotonic()
        reached = state.iteration
        steps = train(job.recipe, state, examples, order_seed=order_seed, until=until, mask=mask)
        try:
            for state in steps:
                self.trained_iterations += state.iteration - reached
                reached = state.iteration
                if reached == until:
                    break
                yield Progress(job, begin, reached, until)
                if time.monotonic() - saved > self.checkpoint_seconds:
                    self._save_checkpoint(job, state)
                    saved = time.monotonic()
        except GeneratorExit:
            self._save_checkpoint(job, state)
            raise
        return state

    def _save_checkpoint(self, job: Job, state: TrainingState) -> None:
        groups = tensors.join(weights=state.weights, optimizer=state.optimizer)
        payload = tensors.to_bytes(groups)
        self.store.write(CHECKPOINT, job.key, payload, tensors.SUFFIX, iteration=state.iteration)
        self.store.prune(CHECKPOINT, job.key)

    def _load_checkpoint(self, job: Job) -> TrainingState | None:
        try:
            artifact = self.store.read(CHECKPOINT, job.key)
        except Missing:
            return None
        stored = tensors.from_bytes(artifact.payload)
        weights, optimizer = tensors.part(stored, "weights"), tensors.part(stored, "optimizer")
        return TrainingState(artifact.facts["iteration"], weights, optimizer)

    def _store_tensors(
        self, job: Job, held: dict[str, Tensor], spent: dict[str, Any], **facts: Any
    ) -> None:
        self._hold(job, held)
        payload = tensors.to_bytes(held)
        self.store.write(job.kind, job.key, payload, tensors.SUFFIX, **spent, **facts)
        if job.iterations:
            self.store.delete(CHECKPOINT, job.key)

    def _clock(self) -> Callable[[], dict[str, Any]]:
        """Starts now; says what a manifest records of the work done since, and with what."""
        start, trained = time.perf_counter(), self.trained_iterations

        def spent() -> dict[str, Any]:
            return {
                "seconds": time.perf_counter() - start,
                "iterations": self.trained_iterations - trained,
                "torch": torch.__version__,
                "threads": torch.get_num_threads(),
            }

        return spent
