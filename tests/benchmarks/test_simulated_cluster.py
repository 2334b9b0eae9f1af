"""The simulated cluster against closed forms, and bounds that hold for any schedule."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import simulated_cluster
from benchmarks.simulated_cluster import NONE, alone, simulate, union
from sweeps.loading import load
from sweeps.plan import cost, expand
from trainables.jobs.ancestry import ancestry
from trainables.jobs.kinds import Job, Training


def jobs_of(*overrides: str) -> dict[str, Job]:
    return dict(expand(load("digits-mlp", overrides)[0]).jobs)


LOOP = jobs_of("recipe.backend=loop", "inits=2")
STACKED = jobs_of("recipe.backend=stacked", "inits=2")


def independent(number: int) -> dict[str, Job]:
    """Dense arms from one initial state, which is taken to be there: equal, and ready at once."""
    orders = [f"orders={number}", "inits=1", "rewind=[0]", "subnetworks=[{strategy: dense}]"]
    jobs = jobs_of("recipe.backend=loop", *orders)
    return {key: job for key, job in jobs.items() if isinstance(job, Training) and job.is_copy}


ONE = cost.seconds(next(iter(independent(2).values())))


@pytest.mark.parametrize(("number", "workers"), [(7, 1), (8, 4), (9, 4), (3, 10)])
def test_equal_jobs_take_as_many_rounds_as_there_are_for_each_worker(number, workers):
    went = simulate(independent(number), workers, batch_seconds=0)
    assert went.seconds == pytest.approx(ceil(number / workers) * ONE)
    assert went.busy == pytest.approx(number / (workers * ceil(number / workers)))
    assert went.batches == number


@pytest.mark.parametrize("workers", [1, 5])
def test_a_chain_takes_its_length_on_any_number_of_workers(workers):
    last = max(
        (job for job in LOOP.values() if job.task == "prune: magnitude"), key=lambda j: j.level
    )
    chain = {job.key: job for job in ancestry([last])}
    length = sum(map(cost.seconds, chain.values()))
    assert simulate(chain, workers).seconds == pytest.approx(length)


def test_each_batch_waits_for_its_worker():
    went = simulate(independent(8), 4, overheads=replace(NONE, between=3.0), batch_seconds=0)
    assert went.seconds == pytest.approx(2 * (3.0 + ONE))


def test_tiny_jobs_go_as_fast_as_the_driver():
    """It hands out one after another; the last one still has to be done."""
    driver = replace(NONE, driver_batch=10 * ONE)
    went = simulate(independent(30), 20, overheads=driver, batch_seconds=0)
    assert went.seconds == pytest.approx(30 * 10 * ONE + ONE)
    assert went.driver == pytest.approx(300 / 301)
    assert went.busy == pytest.approx(30 / (20 * 301))


def test_more_workers_than_the_driver_can_hear_wait_for_it():
    """50 workers, each reporting every second, where hearing one takes 40 ms."""
    loud = replace(NONE, driver_report=0.04)
    assert simulate(independent(50), 50, overheads=loud, batch_seconds=0).seconds == pytest.approx(
        2 * ONE
    )


def test_the_end_waits_for_the_records():
    jobs = jobs_of(
        "recipe.backend=loop", "inits=1", "rewind=[0]", "subnetworks=[{strategy: dense}]"
    )
    paths = sum(job.kind == "instability" for job in jobs.values())
    quick = simulate(jobs, 1, batch_seconds=0).seconds
    slow = simulate(jobs, 1, overheads=replace(NONE, record=1000.0), batch_seconds=0)
    assert paths * 1000 < slow.seconds < paths * 1000 + quick


def test_start_up_comes_first():
    began = simulate(independent(3), 1, overheads=replace(NONE, startup=20.0)).seconds
    assert began == pytest.approx(20 + 3 * ONE)


@given(st.sampled_from([LOOP, STACKED]), st.integers(1, 40), st.sampled_from([0, 1, 5, 20]))
def test_no_schedule_is_faster_than_its_longest_chain_or_its_work(jobs, workers, batch_seconds):
    went = simulate(jobs, workers, batch_seconds=batch_seconds)
    chain = max(cost.critical_paths(jobs.values()).values())
    work = sum(map(cost.seconds, jobs.values()))
    assert went.seconds >= max(chain, work / workers) - 1e-9
    assert went == simulate(jobs, workers, batch_seconds=batch_seconds)


@given(st.integers(1, 40))
@settings(max_examples=20, deadline=None)
def test_no_worker_idles_while_a_job_is_ready(workers):
    """Graham's bound of list scheduling: one job a batch."""
    chain = max(cost.critical_paths(LOOP.values()).values())
    work = sum(map(cost.seconds, LOOP.values()))
    assert simulate(LOOP, workers, batch_seconds=0).seconds <= work / workers + chain + 1e-9


@pytest.mark.parametrize("workers", [8, 16])
def test_a_worker_that_comes_alone_leaves_stacks_to_others(workers):
    """It once took all that was ready: eight workers were 37 % busy."""
    jobs = jobs_of("recipe.backend=stacked", "inits=30")
    assert simulate(jobs, workers).busy > 0.9


def test_a_stack_of_one_costs_what_a_training_alone_does():
    alike = zip(LOOP.values(), STACKED.values(), strict=True)
    for loop, stacked in alike:
        if isinstance(loop, Training) and loop.is_copy and loop.level == 0:
            together = cost.seconds(stacked) + alone(stacked, cost.CPU_CORE)
            assert together == pytest.approx(cost.seconds(loop))


def test_a_union_does_what_is_shared_once():
    dense = jobs_of("recipe.backend=loop", "inits=2", "subnetworks=[{strategy: dense}]")
    assert union([dense, LOOP]).keys() == LOOP.keys()
    assert simulate(union([dense, LOOP]), 1).busy == pytest.approx(1)


def run(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["simulated_cluster", *arguments])
    return simulated_cluster.main()


def test_the_command_shows_each_spec_and_all_together(monkeypatch, capsys):
    assert run(monkeypatch, "digits-mlp", "cifar10-small", "--workers", "1,4") == 0
    shown = capsys.readouterr().out
    for row in ("| digits-mlp ", "| cifar10-small ", "| all of them ", "| 4 workers "):
        assert row in shown


@pytest.mark.parametrize("given", [["--workers", "0"], ["--workers", "some"], ["digit-mlp"]])
def test_what_the_command_cannot_take_is_bad_input(given, monkeypatch):
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, *given)
    assert ended.value.code == 2
