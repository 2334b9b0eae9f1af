"""Doing jobs: from stored inputs to a stored artifact. No scheduling, no Ray."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from functools import partial, singledispatchmethod
from pathlib import Path
from typing import Any

from torch import Tensor

from trainables import data, networks
from trainables.jobs import learning, masking, perturbing, sharded, side_by_side, thresholding
from trainables.jobs.batch import Batch, UnderWay
from trainables.jobs.contents import (
    CHECKPOINT,
    Checkpoint,
    finite,
    read,
    read_checkpoint,
    write_checkpoint,
)
from trainables.jobs.evaluating import evaluate
from trainables.jobs.events import Diverged, Event, Failure, Measured, Step
from trainables.jobs.given import LostFileError
from trainables.jobs.held import Held
from trainables.jobs.kinds import (
    Given,
    Job,
    Mask,
    Measurement,
    Perturbation,
    Threshold,
    Training,
)
from trainables.jobs.made_with import made_with
from trainables.jobs.measurements import encode
from trainables.jobs.measuring import measuring
from trainables.jobs.shared import Artifacts, SharedStore
from trainables.pruning.masks import masked_slots, weights_left
from trainables.recipe import Recipe
from trainables.store import Missing, Store, StoreError, tensors
from trainables.training.evaluation import told
from trainables.training.group import Group, Trajectory
from trainables.training.loop import TrainingState
from trainables.training.team import ALONE, Team
from trainables.weights import Mask as Masks


class Executor:
    """Does jobs in one process. Data sets lie in `data_folder`.

    `checkpoint_seconds` is how much training time a killed process may lose. `decoders` are
    processes that decode images which are not in memory; 0: this one does. Each worker of a `team`
    has an executor and asks it for the same.
    """

    def __init__(
        self,
        store: Store,
        data_folder: Path,
        checkpoint_seconds: float,
        *,
        decoders: int = 0,
        team: Team = ALONE,
    ):
        self.store: Artifacts = store if team.size == 1 else SharedStore(store, team)
        self.data_folder = data_folder
        self.checkpoint_seconds = checkpoint_seconds
        self.decoders, self.team = decoders, team
        self.trained_iterations = 0
        self._held = Held()

    def run(self, job: Job) -> Iterator[Step]:
        """Do a job and store its artifact; nothing if it is there already.

        Closing the iterator early stores a checkpoint from which the next `run` goes on.
        """
        for event in self.run_batch([job]):
            match event:
                case Failure():
                    raise event.error
                case Job():
                    pass
                case _:
                    yield event

    def run_batch(self, jobs: Sequence[Job]) -> Generator[Event]:
        """Do jobs, inputs first: their progress, then each when it is done or has failed.

        Trainings whose inputs are there are under way together, as many as the recipe's backend
        takes. Jobs that need a failed one are passed over. Closing the iterator early stores
        checkpoints.

        Raises StoreError where the store is of no use any more: no job is the reason for that.
        """
        batch = Batch(self, jobs)
        try:
            while batch.waiting or batch.under_way:
                yield from batch.start()
                yield from batch.advance()
        except (GeneratorExit, StoreError):
            self._save_checkpoints(batch.under_way)
            raise

    def tensors(self, job: Job) -> Generator[Step, None, dict[str, Tensor]]:
        """Read a job's tensors (the iterator's return value), making them again if damaged.

        It says if they are those of a training that diverged.
        """
        if job.key not in self._held:
            try:
                held = read(self.store, job)
            except Missing:
                yield from self._do(job)  # which holds them, too
            else:
                self._held.put(job.key, held)
                if isinstance(job, Training) and not finite(held):
                    yield Diverged(job)
        return self._held.get(job.key)

    @singledispatchmethod
    def _do(self, job: Job) -> Iterator[Step]:
        raise TypeError(f"no way to do a {type(job).__name__}")

    @_do.register
    def _(self, job: Training) -> Iterator[Step]:
        """By itself: an input that another job turned out to lack."""
        one = yield from self.begin(job)
        if job.iterations or one.training.mask:
            group = self.group(job.recipe)
            group.add(one.training)
            try:
                yield from evaluate(self, one)
                while group.waiting:
                    self.advance(group, [one])
                    yield from evaluate(self, one)
                    yield one.progress
            except GeneratorExit:
                self._save_checkpoints([one])
                raise
        if not self.end(one):
            yield Diverged(job)

    def begin(self, job: Training) -> Generator[Step, None, UnderWay]:
        """A job's training (the iterator's return value), from its checkpoint if there is one."""
        start = time.perf_counter()
        fresh, mask = yield from self.beginning(job)
        found = read_checkpoint(self.store, job) or Checkpoint(fresh, 0.0, 0, [])
        state = found.state.copy(job.recipe.device)
        training = Trajectory(state, job.noise_seed, job.until, mask)
        if job.evaluation is not None:
            training.next_pause = job.evaluation.next_pause
        at, spent = state.iteration, found.seconds + time.perf_counter() - start
        now, trained = time.monotonic(), found.iterations
        return UnderWay(job, training, fresh.iteration, at, spent, now, trained, found.curve)

    def beginning(self, job: Training) -> Generator[Step, None, tuple[TrainingState, Masks | None]]:
        """The state from which a job's training begins, and its mask (the return value)."""
        mask = yield from self.mask(job.mask)
        before = job.earlier or job.start
        if before is None:
            of = job.recipe
            drawn = networks.initial_weights(
                of.architecture,
                of.initialization,
                job.stream,
                job.init_seed,
                of.initial_std,
                of.batchnorm_scale,
            )
            return TrainingState(0, drawn), mask
        stored = yield from self.tensors(before)
        carried = job.earlier is not None or job.carries_optimizer
        slots = tensors.part(stored, "optimizer") if carried else {}
        begin = job.earlier.until if job.earlier else job.begin
        weights = tensors.part(stored, "weights")
        return TrainingState(begin, weights, masked_slots(slots, mask)), mask

    def advance(self, group: Group, under_way: Sequence[UnderWay]) -> None:
        """Move a group by a pulse; store checkpoints that are due."""
        begin = time.perf_counter()
        moved = group.advance()
        seconds = (time.perf_counter() - begin) / len(moved)
        for one in under_way:
            if one.training not in moved:
                continue
            taken = one.training.state.iteration - one.reached
            one.reached += taken
            one.trained += taken
            one.seconds += seconds
            self.trained_iterations += taken
            due = self.team.decide(time.monotonic() - one.saved > self.checkpoint_seconds)
            if due and not one.training.finished:
                self._save_checkpoint(one)

    def end(self, one: UnderWay) -> bool:
        """Store what a finished training leads to. False if it diverged."""
        state = one.training.state.copy()
        held = state.weights
        if not one.job.is_copy:
            held = tensors.join(weights=state.weights, optimizer=state.optimizer)
        facts = {"seconds": one.seconds, "iterations": one.trained} | made_with(self.team)
        ended_well = finite(state.weights)
        if one.job.evaluation is not None and one.curve:
            payload, times = learning.encode(one.curve)
            self.store.write(learning.CURVE, learning.curve_key(one.job), payload, "json", **times)
        self._store_tensors(one.job, held, facts if ended_well else facts | {"diverged": True})
        return ended_well

    def group(self, recipe: Recipe) -> Group:
        """An empty one, with the training examples."""
        examples = data.load(recipe, self.data_folder).train
        return Group(recipe, examples, team=self.team, decoders=self.decoders)

    def _clock(self) -> Callable[[], dict[str, Any]]:
        """Starts now; says what a manifest records of the work done since, and with what."""
        start = time.perf_counter()

        def spent() -> dict[str, Any]:
            return {"seconds": time.perf_counter() - start, "iterations": 0} | made_with(self.team)

        return spent

    @_do.register
    def _(self, job: Given) -> Iterator[Step]:
        raise LostFileError(
            f"the store has not, or no longer, the weights of {job.name}; run the sweep again "
            f"where {job.address} is"
        )

    @_do.register
    def _(self, job: Mask) -> Iterator[Step]:
        spent = self._clock()
        mask, facts = yield from masking.make(self, job)
        self._store_tensors(job, mask, spent(), weights_left=weights_left(mask), **facts)

    @_do.register
    def _(self, job: Threshold) -> Iterator[Step]:
        spent = self._clock()
        payload, facts = yield from thresholding.find(self, job)
        self.store.write(job.kind, job.key, payload, "json", **(spent() | facts))

    @_do.register
    def _(self, job: Perturbation) -> Iterator[Step]:
        spent = self._clock()
        held, distance = yield from perturbing.perturb(self, job)
        self._store_tensors(job, held, spent(), distance=distance)

    @_do.register
    def _(self, job: Measurement) -> Iterator[Step]:
        if job.every or job.shards:
            yield from (sharded.join if job.shards else side_by_side.measure)(self, job)
            return
        spent = self._clock()
        ends, masks = [], []
        for origin in job.origins:
            mask = yield from self.mask(job.of[0].mask)
            stored = yield from self.tensors(origin)
            ends.append(tensors.part(stored, "weights"))
            masks.append(mask)
        for network in job.of:
            ends.append((yield from self.tensors(network)))
            masks.append((yield from self.mask(network.mask)))
        examples = data.load(job.recipe, self.data_folder)
        steps = measuring(job, ends, masks, examples, self.team, self.decoders)
        values = yield from told(steps, partial(Measured, job))
        self.store.write(job.kind, job.key, encode(values), "json", **spent())

    def mask(self, job: Mask | None) -> Generator[Step, None, Masks | None]:
        """A mask with its tensors in the network's order, which decides ties; None if dense."""
        if job is None:
            return None
        held = yield from self.tensors(job)
        names = networks.prunable(networks.build(job.recipe.architecture))
        return {name: held[name] for name in names if name in held}

    def _save_checkpoint(self, one: UnderWay) -> None:
        state = one.training.state.copy()
        write_checkpoint(self.store, one.job, state, one.seconds, one.trained, one.curve)
        one.saved, one.stored = time.monotonic(), state.iteration

    def _save_checkpoints(self, under_way: Sequence[UnderWay]) -> None:
        """Of as many as the store takes: where it fails, what it has stays."""
        with suppress(StoreError):
            for one in under_way:
                self._save_checkpoint(one)

    def _store_tensors(
        self, job: Job, held: dict[str, Tensor], spent: dict[str, Any], **facts: Any
    ) -> None:
        self._held.put(job.key, held)
        payload = tensors.to_bytes(held)
        self.store.write(job.kind, job.key, payload, tensors.SUFFIX, **spent, **facts)
        if job.iterations:
            self.store.delete(CHECKPOINT, job.key)
