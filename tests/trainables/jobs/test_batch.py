"""Batches of jobs: what is under way together, and what is left when something breaks."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import samples
import torch
from few import few

from trainables.jobs import masking
from trainables.jobs.events import Failure, Progress
from trainables.jobs.execute import CHECKPOINT, Executor
from trainables.jobs.kinds import Job, Mask, Training, pretrained, pruned, randomly_pruned, trained
from trainables.measures import measured
from trainables.recipes import RECIPES
from trainables.store import Missing, Store, StoreError
from trainables.training import group, loop

NEVER = 1e9
BACKENDS = pytest.mark.parametrize("backend", ["loop", "stacked"])


def jobs_of(backend: str) -> list[Job]:
    """Two inits' arms from two rewind points, an IMP chain each, pairs; inputs first."""
    recipe = replace(RECIPES["digits-mlp"], iterations=60, milestones=(30, 45), backend=backend)
    jobs: list[Job] = []
    for init in (1, 2):
        w0 = pretrained(recipe, init, 0, 0)
        w20 = pretrained(recipe, init, 0, 20, w0)
        jobs += [w0, w20]
        for k, start in ((0, w0), (20, w20)):
            arms = [trained(start, k, order) for order in (1, 2)]
            mask = pruned(arms[0])
            masked = [trained(start, k, order, mask) for order in (1, 2)]
            randomly = randomly_pruned(mask, init)
            random_arms = [trained(start, k, order, randomly) for order in (1, 2)]
            jobs += [*arms, mask, *masked, randomly, *random_arms]
            jobs += [
                measured("instability", pair, points=3) for pair in (arms, masked, random_arms)
            ]
    return jobs


def trainings_of(backend: str) -> list[Job]:
    """States and arms, dense ones alone."""
    jobs = jobs_of(backend)
    return [
        j
        for j in jobs
        if (isinstance(j, Training) and not j.is_copy)
        or (isinstance(j, Training) and j.is_copy and not j.mask)
    ]


def payloads(store: Store, jobs: list[Job]) -> dict[str, bytes]:
    return {job.key: store.read(job.kind, job.key).payload for job in jobs}


def checkpoints(store: Store, jobs: list[Job]) -> dict[Job, int]:
    found = {}
    for job in jobs:
        try:
            found[job] = store.read(CHECKPOINT, job.key).facts["iteration"]
        except Missing:
            continue
    return found


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory):
    """Payloads by backend, every job done by itself in a process of its own."""
    made = {}
    for backend in ("loop", "stacked"):
        store = Store(str(tmp_path_factory.mktemp(backend)))
        jobs = jobs_of(backend)
        for job in jobs:
            list(Executor(store, samples.FOLDER, NEVER).run(job))
        made[backend] = payloads(store, jobs)
    return made


def run(store: Store, jobs: list[Job], checkpoint_seconds: float = NEVER) -> list[object]:
    return list(Executor(store, samples.FOLDER, checkpoint_seconds).run_batch(jobs))


def test_the_backends_differ_in_bits(one_by_one):
    """They are different computations: nothing is filed under the same key."""
    common = one_by_one["loop"].keys() & one_by_one["stacked"].keys()
    initial = {
        job.key
        for job in jobs_of("loop")
        if isinstance(job, Training) and not job.is_copy and not job.until
    }
    assert common == initial


@BACKENDS
def test_a_batch_gives_what_its_jobs_give_one_by_one(store, one_by_one, backend):
    jobs = jobs_of(backend)
    events = run(store, jobs)
    done = [event for event in events if isinstance(event, Job)]
    assert sorted(job.key for job in done) == sorted(job.key for job in jobs)
    for position, job in enumerate(done):
        assert set(job.inputs) <= set(done[:position])
    assert payloads(store, jobs) == one_by_one[backend]
    for job in jobs:
        facts = store.facts(job.kind, job.key)
        assert facts["iterations"] == job.iterations
        assert facts["seconds"] > 0


@BACKENDS
@pytest.mark.parametrize("seed", few(range(3), 0))
def test_bits_depend_neither_on_batches_nor_on_their_order(store, one_by_one, backend, seed):
    """The promise: same spec, machine, backend and threads, same bits."""
    rng = random.Random(seed)
    jobs = jobs_of(backend)
    waiting, done = set(jobs), set()
    while waiting:
        ready = [job for job in jobs if job in waiting and done.issuperset(job.inputs)]
        batch = rng.sample(ready, rng.randint(1, len(ready)))
        grown = set(batch)
        for job in jobs:  # and some of what they lead to
            if job in waiting - grown and done | grown >= set(job.inputs) and rng.random() < 0.5:
                batch.append(job)
                grown.add(job)
        run(store, batch)
        waiting -= grown
        done |= grown
    assert payloads(store, jobs) == one_by_one[backend]


def test_the_loop_trains_one_at_a_time_and_a_stack_all_that_are_ready(store, monkeypatch):
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)
    for backend, most in (("loop", 1), ("stacked", 8)):
        jobs = jobs_of(backend)
        run(store, [job for job in jobs if isinstance(job, Training) and not job.is_copy])
        arms = [
            job for job in jobs if isinstance(job, Training) and job.is_copy and job.mask is None
        ]
        together, seen = set(), 0
        for event in run(store, arms):
            if isinstance(event, Progress):
                together.add(event.job)
            else:
                together.discard(event)
            seen = max(seen, len(together))
        assert seen == most


@BACKENDS
def test_closing_a_batch_checkpoints_all_that_is_under_way(store, one_by_one, backend, monkeypatch):
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)
    jobs = jobs_of(backend)
    running = Executor(store, samples.FOLDER, NEVER).run_batch(jobs)
    latest: dict[Job, int] = {}
    for event in running:
        if isinstance(event, Progress):
            latest[event.job] = event.iteration
            if event.job.is_copy and event.job.mask and event.iteration == 40:
                break
        elif isinstance(event, Job):
            latest.pop(event, None)
    running.close()
    saved = checkpoints(store, jobs)
    assert saved
    assert saved.keys() == latest.keys()
    assert all(abs(saved[job] - latest[job]) <= 1 for job in saved)
    assert (len(saved) == 1) is (backend == "loop")

    executor = Executor(store, samples.FOLDER, NEVER)
    left = sum(job.iterations for job in jobs if not store.complete([(job.kind, job.key)])) - sum(
        saved[job] - job.begin for job in saved
    )
    list(executor.run_batch(jobs))
    assert executor.trained_iterations == left
    assert payloads(store, jobs) == one_by_one[backend]
    assert not checkpoints(store, jobs)


def test_a_job_that_breaks_stops_only_what_needs_it(store, one_by_one, monkeypatch):
    jobs = jobs_of("stacked")
    prune = masking.pruned
    calls = iter(range(100))

    def fail_once(*arguments):
        if next(calls) == 0:
            raise RuntimeError("no mask today")
        return prune(*arguments)

    monkeypatch.setattr(masking, "pruned", fail_once)
    events = run(store, jobs)
    [failure] = [event for event in events if isinstance(event, Failure)]
    assert isinstance(failure.job, Mask)
    assert str(failure.error) == "no mask today"
    lost: set[Job] = {failure.job}
    for job in jobs:
        if lost.intersection(job.inputs):
            lost.add(job)
    done = {event for event in events if isinstance(event, Job)}
    assert done == set(jobs) - lost
    for job in done:
        assert store.read(job.kind, job.key).payload == one_by_one["stacked"][job.key]


def test_a_stack_too_large_for_the_memory_is_taken_apart(store, one_by_one, monkeypatch):
    """Each training is tried again by itself, from its checkpoint, with the same bits."""
    real, tried = group.train_stack, []

    def short_of_memory(recipe, replicas, data, until):
        tried.append(len(replicas))
        if len(replicas) > 1:
            for replica in replicas:  # left in the middle of a step
                replica.state.weights["output.bias"].fill_(torch.nan)
            raise MemoryError("no room")
        yield from real(recipe, replicas, data, until)

    monkeypatch.setattr(group, "train_stack", short_of_memory)
    jobs = trainings_of("stacked")
    events = run(store, jobs)
    assert not [event for event in events if isinstance(event, Failure)]
    assert tried[0] > 1
    assert payloads(store, jobs) == {job.key: one_by_one["stacked"][job.key] for job in jobs}


def test_a_training_that_breaks_by_itself_fails_alone(store, monkeypatch):
    real = group.train_stack
    jobs = [job for job in jobs_of("stacked") if isinstance(job, Training) and not job.inputs[1:]]

    def poisoned(recipe, replicas, data, until):
        if any(replica.order_seed == 2 and replica.state.iteration >= 20 for replica in replicas):
            raise RuntimeError("order 2")
        yield from real(recipe, replicas, data, until)

    monkeypatch.setattr(group, "train_stack", poisoned)
    events = run(store, jobs)
    failed = [event.job for event in events if isinstance(event, Failure)]
    # An arm from iteration 0 gets past 20 in one pulse when it is by itself.
    assert {(job.begin, job.order_seed) for job in failed} >= {(20, 2)}
    assert {job.order_seed for job in failed} == {2}
    assert {e for e in events if isinstance(e, Job)} == set(jobs) - set(failed)


@BACKENDS
def test_a_store_that_fails_ends_a_batch_and_saves_what_it_takes(
    store, one_by_one, backend, monkeypatch
):
    """Its error is no job's; with room again, everything goes on with the same bits."""
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)
    jobs = trainings_of(backend)
    write, stored = store.write, []

    def full(kind, key, *arguments, **facts):
        if kind == "arm" and len(stored) == 2:
            raise StoreError("the store is full")
        write(kind, key, *arguments, **facts)
        if kind == "arm":
            stored.append(key)

    events = []
    with monkeypatch.context() as patch:
        patch.setattr(store, "write", full)
        running = Executor(store, samples.FOLDER, NEVER).run_batch(jobs)
        with pytest.raises(StoreError, match="full"):
            events.extend(running)
    assert not [event for event in events if isinstance(event, Failure)]
    # The training whose end had no room is at its end, those beside it are on their way.
    saved = checkpoints(store, jobs)
    assert 60 in saved.values()
    assert len(saved) == 1 if backend == "loop" else len(saved) > 1
    events = run(store, jobs)
    assert not [event for event in events if isinstance(event, Failure)]
    assert payloads(store, jobs) == {job.key: one_by_one[backend][job.key] for job in jobs}
    assert not checkpoints(store, jobs)


def test_a_batch_that_is_closed_while_the_store_is_full_ends_quietly(store, monkeypatch):
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)
    jobs = trainings_of("stacked")
    running = Executor(store, samples.FOLDER, NEVER).run_batch(jobs)
    while not isinstance(next(running), Progress):
        pass
    tried = []

    def full(kind, key, *_, **__):
        tried.append(key)
        raise StoreError("the store is full")

    monkeypatch.setattr(store, "write", full)
    running.close()
    assert len(tried) == 1, "one that stays away for long would be waited for each time"
