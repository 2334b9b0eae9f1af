"""Copies measured while they are trained: the same bits as apart, through interruptions."""

from itertools import combinations

import pytest
import samples
from few import few
from job_samples import NEVER, do, held, payload

from trainables import measures
from trainables.jobs.ancestry import ancestry, needed
from trainables.jobs.execute import CHECKPOINT, Executor
from trainables.jobs.kinds import Training, pretrained, pruned, trained
from trainables.jobs.learning import CURVE, STATE, Evaluation, curve_key, state_key
from trainables.jobs.measurements import decode
from trainables.store import Store, tensors
from trainables.training import loop

K, T, EVERY = 20, 60, 15
POINTS = [30, 45, 60]
"""The multiples of EVERY after K, and the end."""


def copies(recipe, *, sparse=False, orders=(1, 2, 3), **options):
    w_k = pretrained(recipe, 1, 0, K, **options)
    mask = pruned(trained(w_k, K, 1)) if sparse else None
    return [trained(w_k, K, order, mask) for order in orders]


def jobs_of(arms, **options):
    """The measurement of each pair, in order, and what they need: instability of the ends, too."""
    wanted = measures.wanted("throughout", {"every": EVERY, "points": 5, **options})
    pairs = list(combinations(arms, 2))
    found = [wanted.of(pair, arms) for pair in pairs]
    ends = [measures.measured("instability", pair, points=5) for pair in pairs]
    return found, ends


def done(store, *jobs):
    do(store, *ancestry(jobs))


def values(store, job):
    return decode(job, payload(store, job))


@pytest.mark.parametrize("backend", ["loop", "stacked"])
@pytest.mark.parametrize("sparse", [False, True])
def test_the_last_point_is_the_instability_of_the_pair_bit_for_bit(store, short, backend, sparse):
    arms = copies(short(backend=backend), sparse=sparse)
    found, ends = jobs_of(arms)
    done(store, *found, *ends)
    for job, end in zip(found, ends, strict=True):
        along, whole = values(store, job), values(store, end)
        assert along["weights_left"] == whole["weights_left"]
        for split in ("test", "train"):
            for name in ("instability", "accuracy"):
                column = along[f"throughout_{name}_{split}"]
                assert [int(iteration) for iteration in column] == POINTS
                assert column["60"] == whole[f"{name}_{split}"]
        assert along["throughout_accuracy_test"]["30"] != along["throughout_accuracy_test"]["60"]


def test_points_on_the_way_are_those_of_shorter_trainings(store, short):
    """The states at iteration 30 are those of trainings that end there, as rates are constant."""
    recipe = short(milestones=())
    found, _ = jobs_of(copies(recipe))
    shorter = copies(short(milestones=(), iterations=30))
    ends = [measures.measured("instability", pair, points=5) for pair in combinations(shorter, 2)]
    done(store, *found, *ends)
    for job, end in zip(found, ends, strict=True):
        along, whole = values(store, job), values(store, end)
        assert along["throughout_instability_test"]["30"] == whole["instability_test"]
        assert along["throughout_accuracy_train"]["30"] == whole["accuracy_train"]


@pytest.mark.parametrize("sparse", [False, True])
def test_trained_copies_are_stored_as_their_own_jobs_would(tmp_path, short, sparse):
    apart, together = (Store(str(tmp_path / name)) for name in ("apart", "together"))
    arms = copies(short(), sparse=sparse)
    found, ends = jobs_of(arms)
    done(apart, *ends)
    done(together, *found)
    assert together.complete((arm.kind, arm.key) for arm in arms) == {arm.key for arm in arms}
    for job in arms:
        assert payload(together, job) == payload(apart, job)


def test_nothing_is_trained_twice(store, short):
    arms = copies(short(), sparse=True)
    found, ends = jobs_of(arms)
    executor = Executor(store, samples.FOLDER, NEVER)
    for job in ancestry([*found, *ends]):
        list(executor.run(job))
    # W_20, what IMP prunes after, and three copies.
    assert executor.trained_iterations == K + (T - K) + 3 * (T - K)
    order = [job.key for job in ancestry([*ends, *found])]
    assert all(order.index(found[0].key) < order.index(arm.key) for arm in arms)


def test_what_is_there_is_neither_trained_nor_asked_for_again(store, short):
    found, ends = jobs_of(copies(short()))
    done(store, *found)
    graph = {job.key: job for job in ancestry([*ends, *found])}
    there = store.complete((job.kind, job.key) for job in graph.values())
    todo = needed(graph, [job.key for job in [*ends, *found]], there)
    assert set(todo) == {job.key for job in ends}


def test_a_pair_that_lost_its_measurement_is_measured_by_itself(store, short):
    found, _ = jobs_of(copies(short()))
    done(store, *found)
    before = payload(store, found[1])
    store.delete(found[1].kind, found[1].key)
    executor = Executor(store, samples.FOLDER, NEVER)
    list(executor.run(found[1]))
    assert payload(store, found[1]) == before
    assert executor.trained_iterations == 2 * (T - K)


@pytest.mark.parametrize("backend", ["loop", "stacked"])
@pytest.mark.parametrize("seen", few([1, 2, 7, 31], 7))
def test_it_goes_on_from_where_it_was_closed(tmp_path, short, monkeypatch, backend, seen):
    whole, closed = (Store(str(tmp_path / name)) for name in ("whole", "closed"))
    arms = copies(short(backend=backend), evaluation=Evaluation(every=25, examples=50))
    found, _ = jobs_of(arms)
    done(whole, *found)
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)
    do(closed, *(job for job in ancestry(found) if isinstance(job, Training) and not job.start))
    trained_iterations = 0
    for _ in range(3):
        executor = Executor(closed, samples.FOLDER, NEVER)
        running = executor.run(found[0])
        for _ in range(seen):
            next(running, None)
        running.close()
        trained_iterations += executor.trained_iterations
    executor = Executor(closed, samples.FOLDER, NEVER)
    list(executor.run(found[0]))
    assert trained_iterations + executor.trained_iterations == 3 * (T - K)
    for job in (*found, *arms):
        assert payload(closed, job) == payload(whole, job)
    for arm in arms:
        curves = [store.read(CURVE, curve_key(arm)).payload for store in (whole, closed)]
        assert curves[0] == curves[1]
    assert not closed.complete([(CHECKPOINT, found[0].key)])


def test_a_killed_one_goes_on_from_its_last_checkpoint(store, tmp_path, short, every_iteration):
    whole = Store(str(tmp_path / "whole"))
    arms = copies(short())
    found, _ = jobs_of(arms)
    done(whole, *found)
    do(store, *(job for job in ancestry(found) if isinstance(job, Training) and not job.start))
    running = Executor(store, samples.FOLDER, checkpoint_seconds=-1).run(found[0])
    for _ in range(60):
        next(running)
    running = None
    executor = Executor(store, samples.FOLDER, NEVER)
    list(executor.run(found[0]))
    assert executor.trained_iterations < 3 * (T - K)
    assert all(payload(store, job) == payload(whole, job) for job in (*found, *arms))


def test_a_damaged_checkpoint_costs_time_alone(store, tmp_path, short, every_iteration):
    whole = Store(str(tmp_path / "whole"))
    found, _ = jobs_of(copies(short()))
    done(whole, *found)
    do(store, *(job for job in ancestry(found) if isinstance(job, Training) and not job.start))
    store.write(CHECKPOINT, found[0].key, b"no tensors", "safetensors", copies=1)
    list(Executor(store, samples.FOLDER, NEVER).run(found[0]))
    assert all(payload(store, job) == payload(whole, job) for job in found)


def test_states_are_kept_where_that_is_asked_for(store, short):
    arms = copies(short())
    found, _ = jobs_of(arms)
    done(store, *found)
    assert not store.complete((STATE, state_key(arm.key, i)) for arm in arms for i in POINTS)
    keeping, _ = jobs_of(arms, keep=True)
    assert keeping[0].key != found[0].key
    done(store, *keeping)
    for arm in arms:
        kept = [
            tensors.from_bytes(store.read(STATE, state_key(arm.key, i)).payload) for i in POINTS
        ]
        end = held(store, arm)
        assert all((kept[-1][name] == value).all() for name, value in end.items())
        assert any((kept[0][name] != value).any() for name, value in end.items())
