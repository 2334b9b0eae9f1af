"""Learning curves: what a network is worth while it is trained, at no change of its bits."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import samples
import torch
from hypothesis import given
from hypothesis import strategies as st
from job_samples import NEVER, OWN, do, held, payload

from trainables import networks
from trainables.jobs import learning
from trainables.jobs.events import Evaluated, Progress
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import Training, pretrained, pruned, trained
from trainables.jobs.learning import CURVE, Evaluation, Point, curve_key
from trainables.store import Missing, Store, Unreadable, tensors
from trainables.training.evaluation import evaluate

EVERY = Evaluation(every=25, examples=300)


@given(st.integers(1, 50), st.integers(0, 100), st.integers(1, 100))
def test_points_are_the_multiples_and_both_ends(every, begin, length):
    """Counted from iteration 0, so that curves of different k have points in common."""
    evaluation, until = Evaluation(every=every, examples=None), begin + length
    wanted = sorted({begin, *(n for n in range(begin, until) if n % every == 0), until})
    assert [n for n in range(begin, until + 1) if evaluation.due(n, begin, until)] == wanted
    assert evaluation.points(begin, until) == len(wanted)
    paused = [begin]
    while paused[-1] < until:
        paused.append(evaluation.next_pause(paused[-1], until))
    assert paused == wanted


def lineage(recipe, evaluation: Evaluation | None = EVERY) -> list[Training]:
    """W_20, a copy of it, a pruned copy; with the jobs before each."""
    w0 = pretrained(recipe, 1, 0, 0, evaluation=evaluation)
    wk = pretrained(recipe, 1, 0, 20, w0, evaluation=evaluation)
    arm = trained(wk, 20, 1)
    return [w0, wk, arm, pruned(arm), trained(wk, 20, 2, pruned(arm))]


def curve(store: Store, job: Training) -> list[Point]:
    artifact = store.read(CURVE, curve_key(job))
    return learning.decode(artifact.payload, artifact.facts)


@pytest.mark.parametrize("backend", ["loop", "stacked"])
def test_the_same_networks_come_out(short, tmp_path: Path, backend: str) -> None:
    with_curves, without = (Store(str(tmp_path / name)) for name in ("with", "without"))
    jobs, plain = (lineage(short(backend=backend), one) for one in (EVERY, None))
    assert [job.key for job in jobs] == [job.key for job in plain]
    list(Executor(with_curves, samples.FOLDER, NEVER).run_batch(jobs))
    list(Executor(without, samples.FOLDER, NEVER).run_batch(plain))
    for job in jobs:
        assert payload(with_curves, job) == payload(without, job), job.title
    assert [p.iteration for p in curve(with_curves, jobs[1])] == [0, 20]
    assert [p.iteration for p in curve(with_curves, jobs[2])] == [20, 25, 50, 60]
    with pytest.raises(Missing):
        with_curves.read(CURVE, curve_key(jobs[0]))  # it trains nothing


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory):
    store = Store(str(tmp_path_factory.mktemp("curves")))
    from trainables.recipes import RECIPES

    jobs = lineage(replace(RECIPES["digits-mlp"], iterations=60, milestones=(30, 45)))
    do(store, *jobs)
    return store, jobs


def test_points_are_what_plain_evaluation_says(trained_once) -> None:
    """Of the beginning, masked, and of the end, on fixed samples of both splits."""
    store, (_, wk, _, mask, masked) = trained_once
    keep = held(store, mask)
    begin = tensors.part(held(store, wk), "weights")
    begin = {name: value * keep.get(name, 1) for name, value in begin.items()}
    ends = {20: begin, 60: held(store, masked)}
    found = {point.iteration: point for point in curve(store, masked)}
    for iteration, weights in ends.items():
        network = networks.build("digits-mlp").eval()
        networks.bind(network, weights)
        for name in ("test", "train"):
            score = evaluate(network, getattr(samples.digits(), name).sample(300))
            assert found[iteration].values[f"error_{name}"] == score.error
            assert found[iteration].values[f"loss_{name}"] == pytest.approx(score.loss, rel=1e-6)
    # Milestones 30 and 45; the last step's rate at the end.
    rates = [found[n].learning_rate for n in (20, 25, 50, 60)]
    assert rates == pytest.approx([0.15, 0.15, 0.0015, 0.0015])


@pytest.mark.parametrize("seen", [1, 4, 9, 30, 44])
def test_an_interrupted_curve_ends_whole(trained_once, tmp_path: Path, monkeypatch, seen) -> None:
    """Closed after any event: no point is lost, none is measured twice."""
    monkeypatch.setattr("trainables.training.loop.PULSE_SECONDS", -1.0)
    whole, jobs = trained_once
    store, job = Store(str(tmp_path / "store")), jobs[-1]
    do(store, *jobs[:-1])
    points = []
    running = Executor(store, samples.FOLDER, NEVER).run(job)
    for _, event in zip(range(seen), running, strict=False):
        points += [event.point] if isinstance(event, Evaluated) else []
    running.close()
    points += [event.point for event in do(store, job) if isinstance(event, Evaluated)]
    assert [point.iteration for point in points] == [20, 25, 50, 60]
    assert curve(store, job) == points
    assert payload(store, job) == payload(whole, job)
    key = curve_key(job)
    assert store.read(CURVE, key).payload == whole.read(CURVE, key).payload


def test_a_worker_is_free_to_leave_between_chunks(short, tmp_path: Path) -> None:
    """An evaluation says what it does: a report is due in its midst, too."""
    job = lineage(short(), Evaluation(every=60, examples=None))[1]
    store = Store(str(tmp_path / "store"))
    do(store, *job.inputs)
    running = Executor(store, samples.FOLDER, NEVER).run(job)
    assert isinstance(next(running), Progress)
    running.close()
    with pytest.raises(Missing):
        store.read(CURVE, curve_key(job))
    do(store, job)
    assert [point.iteration for point in curve(store, job)] == [0, 20]


def test_a_checkpoint_of_another_curve_is_gone_on_from(short, tmp_path: Path, monkeypatch) -> None:
    """What was not measured then is not there; the training does not begin again for it."""
    monkeypatch.setattr("trainables.training.loop.PULSE_SECONDS", -1.0)
    store = Store(str(tmp_path / "store"))
    plain, job = (lineage(short(), one)[2] for one in (None, EVERY))
    do(store, *job.inputs)
    running = Executor(store, samples.FOLDER, NEVER).run(plain)
    for _ in range(10):
        reached = next(running).iteration
    running.close()
    executor = Executor(store, samples.FOLDER, NEVER)
    list(executor.run(job))
    assert executor.trained_iterations == 60 - reached
    assert [p.iteration for p in curve(store, job)] == [n for n in (25, 50, 60) if n >= reached]


def test_a_diverged_training_has_a_curve(short, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    recipe = short(learning_rate=1e30)
    w0 = pretrained(recipe, 1, 0, 0, evaluation=EVERY)
    do(store, w0, trained(w0, 0, 1))
    last = curve(store, trained(w0, 0, 1))[-1]
    assert last.values["error_test"] == 100
    assert math.isnan(last.values["loss_test"])


def test_a_stored_training_is_not_trained_again(trained_once) -> None:
    store, jobs = trained_once
    other = lineage(jobs[2].recipe, Evaluation(every=10, examples=None))[2]
    executor = Executor(store, samples.FOLDER, NEVER)
    assert not list(executor.run(other))
    assert executor.trained_iterations == 0
    with pytest.raises(Missing):
        store.read(CURVE, curve_key(other))


@pytest.mark.parametrize("content", [b"[", b"[{}]", b"{}", b"[1]", b"[]"])
def test_damage_is_noticed(content: bytes) -> None:
    with pytest.raises(Unreadable):
        learning.decode(content, {"measured_at": [1.0]})


def test_what_evaluation_draws_is_not_missed(short, tmp_path: Path, monkeypatch) -> None:
    """Random numbers that an evaluation draws change nothing: dropout's are seeded by iteration."""
    from trainables import plugins

    (tmp_path / "gated_nets.py").write_text(OWN)
    plugins.use(tmp_path)
    try:
        recipe = short(network="gated_nets:Gated", network_version="a hash", learning_rate=0.05)
        stores = [Store(str(tmp_path / name)) for name in ("with", "without")]
        jobs = [lineage(recipe, one)[:3] for one in (EVERY, None)]
        do(stores[1], *jobs[1])
        running = Executor(stores[0], samples.FOLDER, NEVER).run_batch(jobs[0])
        for event in running:
            if isinstance(event, Evaluated):
                torch.rand(3)
        for job in jobs[0]:
            assert payload(stores[0], job) == payload(stores[1], job)
    finally:
        plugins.use(None)
