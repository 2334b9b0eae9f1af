"""What is left of a plan: which jobs, and for how long."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedules import SMALL, SMALL_ONES, Simulation, jobs_of, made_of

from sweeps.plan import cost
from sweeps.running.schedule import MANY_JOBS, Schedule
from trainables.jobs.kinds import Job


@given(SMALL_ONES, st.data())
def test_dependants_are_what_needs_a_job(jobs: dict[str, Job], data: st.DataObject) -> None:
    roots = data.draw(st.lists(st.sampled_from(sorted(jobs)), max_size=3))
    found: set[str] = set()
    for key, job in jobs.items():
        if any(needed.key in {*roots, *found} for needed in job.inputs):
            found.add(key)
    assert Schedule(jobs, 2).dependants(roots) == found


@given(st.integers(1, 30), st.floats(0, 1), st.randoms(use_true_random=False))
def test_the_time_left_is_that_of_the_longest_chain_or_of_all_work(
    workers: int, share: float, rng: random.Random
) -> None:
    """As `sweeps plan` estimates it of the same jobs; of what is under way, only the rest."""
    schedule = Schedule(SMALL, workers)
    simulation = Simulation(schedule, 1, rng)
    while not schedule.finished:
        left = [job for key, job in SMALL.items() if key not in schedule.done]
        assert schedule.seconds_left == pytest.approx(cost.wall_seconds(left, workers))
        simulation.hand_out()
        key = simulation.running[next(iter(simulation.running))][0].key
        schedule.moved(key, share)
        if len(left) == 1:
            expected = (1 - share) * cost.seconds(SMALL[key])
            assert schedule.seconds_left == pytest.approx(expected, abs=1e-9)
        schedule.moved(key, 0)
        simulation.do_one_job()
    assert schedule.seconds_left == pytest.approx(0, abs=1e-9)


def test_the_longest_chain_of_a_large_sweep_is_not_looked_for() -> None:
    jobs = jobs_of("loop", "inits=15")
    schedule = Schedule(jobs, 10_000)
    assert len(jobs) > MANY_JOBS
    assert schedule.seconds_left == schedule.remaining_seconds / 10_000


def test_a_worker_that_is_lost_loses_its_progress() -> None:
    jobs = made_of(50_000)
    ((key, job),) = jobs.items()
    schedule = Schedule(jobs, 1)
    schedule.next_batch("a")
    schedule.moved(key, 0.75)
    assert schedule.remaining_seconds == pytest.approx(cost.seconds(job) / 4)
    schedule.batch_lost("a", "died")
    assert schedule.next_batch("b") == [job]
    schedule.moved(key, 0.5)
    assert schedule.remaining_seconds == pytest.approx(cost.seconds(job) / 2)
    schedule.job_done(key)
    schedule.moved(key, 0.9)
    assert schedule.remaining_seconds == 0
