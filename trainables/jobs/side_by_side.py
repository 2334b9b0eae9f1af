"""Measuring copies of a network while they are trained, side by side in one process.

All copies of a cell are moved to the next point, each pair of them is measured, and so on (LMC
appendix D). Their states are not kept, unless that is asked for: what is stored is what was
measured, and the trained copies, which are those that their own jobs would lead to.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from trainables import data
from trainables.jobs.batch import UnderWay
from trainables.jobs.contents import CHECKPOINT, state_of
from trainables.jobs.evaluating import evaluate
from trainables.jobs.events import Diverged, Measured, Step
from trainables.jobs.learning import STATE, Point, point_of, state_key
from trainables.jobs.made_with import made_with
from trainables.jobs.measurements import encode
from trainables.jobs.measuring import measuring
from trainables.pruning.masks import masked
from trainables.store import Missing, StoreError, Unreadable, tensors
from trainables.training.evaluation import told
from trainables.training.group import Trajectory

if TYPE_CHECKING:
    from trainables.jobs.execute import Executor
    from trainables.jobs.kinds import Measurement, Training
    from trainables.weights import Weights


@dataclass
class _Work:
    """What a job does: its copies, and what was measured of their pairs so far."""

    executor: Executor
    job: Measurement
    pairs: list[Measurement]
    """The measurement of each pair, or of each copy where the measure takes one."""
    copies: list[UnderWay]
    values: dict[str, dict[int, dict[str, float]]]
    """Key of a measurement -> iteration -> values by columns."""
    saved: float

    @property
    def share(self) -> float:
        """Of its training, in [0, 1]."""
        whole = sum(one.training.until - one.begin for one in self.copies)
        done = sum(one.training.state.iteration - one.begin for one in self.copies)
        return done / whole if whole else 1.0

    @property
    def iteration(self) -> int:
        """At which all copies are, or the last of them."""
        return min(one.training.state.iteration for one in self.copies)

    @property
    def pause(self) -> int:
        """The next iteration at which something is measured."""
        at, until = self.iteration, self.copies[0].training.until
        learning = [one.training.next_pause(at, until) for one in self.copies]
        return min([(at // self.job.every + 1) * self.job.every, until, *learning])

    def due(self, iteration: int) -> bool:
        """Whether the pairs are measured at an iteration: after k, and at the end."""
        until = self.copies[0].training.until
        later = iteration > self.copies[0].begin or iteration == until
        return later and (iteration % self.job.every == 0 or iteration == until)


def measure(executor: Executor, job: Measurement) -> Generator[Step]:
    """Do a measurement that is made while networks are trained; and that of its whole cell.

    Closing the iterator early stores a checkpoint of all copies.
    """
    start = time.perf_counter()
    work = yield from _begin(executor, job)
    trained = executor.trained_iterations
    try:
        while True:
            yield from _look(work)
            if work.iteration >= work.copies[0].training.until:
                break
            yield from _train(work, work.pause)
    except GeneratorExit:
        with suppress(StoreError):
            _save(work)
        raise
    facts = {
        "seconds": time.perf_counter() - start,
        "iterations": executor.trained_iterations - trained,
        **made_with(executor.team),
    }
    yield from _end(work, facts)


def _begin(executor: Executor, job: Measurement) -> Generator[Step, None, _Work]:
    """The copies at k, or where a checkpoint has them (the iterator's return value)."""
    copies = []
    for copy in job.together:
        state, mask = yield from executor.beginning(copy)
        training = Trajectory(state.copy(job.recipe.device), copy.noise_seed, copy.until, mask)
        if copy.evaluation is not None:
            training.next_pause = copy.evaluation.next_pause
        copies.append(UnderWay(copy, training, state.iteration, state.iteration, 0.0, 0.0))
    alone = replace(job, together=(), after=None)
    pairs = [replace(alone, of=pair) for pair in combinations(job.together, len(job.of))]
    work = _Work(executor, job, pairs, copies, {pair.key: {} for pair in pairs}, time.monotonic())
    with suppress(Missing):
        artifact = executor.store.read(CHECKPOINT, job.key)
        try:
            _restore(work, artifact.payload, artifact.facts)
        except (Unreadable, KeyError, TypeError, ValueError):
            executor.store.set_aside(CHECKPOINT, job.key)
    return work


def _look(work: _Work) -> Generator[Step]:
    """Measure, where that is due, whatever is not measured yet; evaluate for learning curves."""
    job, iteration = work.job, work.iteration
    for one in work.copies:
        for _ in evaluate(work.executor, one):
            yield Measured(job, work.share)
    if not work.due(iteration):
        return
    states = {one.job.key: _weights(one) for one in work.copies}
    masks = {one.job.key: one.training.mask for one in work.copies}
    executor = work.executor
    examples = data.load(job.recipe, executor.data_folder)
    for pair in work.pairs:
        if iteration in work.values[pair.key]:
            continue
        ends, kept = [states[one.key] for one in pair.of], [masks[one.key] for one in pair.of]
        steps = measuring(pair, ends, kept, examples, executor.team, executor.decoders)
        values = yield from told(steps, lambda _: Measured(job, work.share))
        work.values[pair.key][iteration] = values
    if dict(job.options).get("keep"):
        for one in work.copies:
            payload = tensors.to_bytes({n: v.cpu() for n, v in states[one.job.key].items()})
            key = state_key(one.job.key, iteration)
            executor.store.write(STATE, key, payload, tensors.SUFFIX, iteration=iteration)


def _weights(one: UnderWay) -> Weights:
    return masked(one.training.state.weights, one.training.mask)


def _train(work: _Work, until: int) -> Generator[Step]:
    """Move all copies to an iteration."""
    executor = work.executor
    group = executor.group(work.job.recipe)
    legs = {}
    for one in work.copies:
        full = one.training
        leg = Trajectory(full.state, full.order_seed, until, full.mask)
        if not leg.finished:
            legs[leg] = one
            group.add(leg)
    while group.waiting:
        begin = time.perf_counter()
        moved = group.advance()
        seconds = (time.perf_counter() - begin) / len(moved)
        for leg in moved:
            one = legs[leg]
            taken = leg.state.iteration - one.reached
            one.reached += taken
            one.trained += taken
            one.seconds += seconds
            executor.trained_iterations += taken
        if executor.team.decide(time.monotonic() - work.saved > executor.checkpoint_seconds):
            _save(work)
        yield Measured(work.job, work.share)


def _save(work: _Work) -> None:
    """Store where all copies are, in place of the last checkpoint, and what was measured."""
    parts, facts = {}, []
    for number, one in enumerate(work.copies):
        state = one.training.state.copy()
        parts[f"weights{number}"], parts[f"optimizer{number}"] = state.weights, state.optimizer
        curve = [asdict(point) for point in one.curve]
        facts.append(
            {
                "iteration": state.iteration,
                "seconds": one.seconds,
                "iterations": one.trained,
                "curve": curve,
            }
        )
    store, key = work.executor.store, work.job.key
    payload = tensors.to_bytes(tensors.join(**parts))
    who = [one.job.key for one in work.copies]
    store.write(
        *(CHECKPOINT, key, payload, tensors.SUFFIX), copies=who, states=facts, values=work.values
    )
    store.prune(CHECKPOINT, key)
    work.saved = time.monotonic()


def _restore(work: _Work, payload: bytes, facts: dict[str, Any]) -> None:
    """Go on from a checkpoint, unless it is of other copies. Raises Unreadable."""
    if facts.get("copies") != [one.job.key for one in work.copies]:
        return
    held = tensors.from_bytes(payload)
    found = []
    for number, (one, of) in enumerate(zip(work.copies, facts["states"], strict=True)):
        fresh = of["iteration"] == one.begin
        parts = (tensors.part(held, f"{name}{number}") for name in ("weights", "optimizer"))
        found.append(state_of(one.job.recipe, of["iteration"], *parts, fresh=fresh))
    for one, of, state in zip(work.copies, facts["states"], found, strict=True):
        one.training.state = state.copy(one.job.recipe.device)
        one.reached = one.stored = of["iteration"]
        one.seconds, one.trained = of["seconds"], of["iterations"]
        one.curve[:] = _points(of["curve"], one.job)
    for key, values in facts["values"].items():
        work.values[key] = {int(iteration): one for iteration, one in values.items()}


def _points(curve: Sequence[dict[str, Any]], copy: Training) -> list[Point]:
    return [] if copy.evaluation is None else [point_of(one) for one in curve]


def _end(work: _Work, facts: dict[str, Any]) -> Generator[Step]:
    """Store the trained copies, where they are not yet, and then what was measured."""
    store = work.executor.store
    there = store.complete([(one.job.kind, one.job.key) for one in work.copies])
    for one in work.copies:
        if one.job.key not in there and not work.executor.end(one):
            yield Diverged(one.job)
    left = {pair.key: next(iter(work.values[pair.key].values())) for pair in work.pairs}
    for pair in work.pairs:
        along = sorted(work.values[pair.key].items())
        columns = [name for name in left[pair.key] if name != "weights_left"]
        values = {
            "weights_left": left[pair.key]["weights_left"],
            **{name: {str(i): one[name] for i, one in along} for name in columns},
        }
        share = {**facts, "seconds": facts["seconds"] / len(work.pairs)}
        store.write(pair.kind, pair.key, encode(values), "json", **share)
    store.delete(CHECKPOINT, work.job.key)
