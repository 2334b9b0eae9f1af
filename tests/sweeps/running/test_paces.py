"""What work took changes what the rest is expected to take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedules import THREE_PATHS, made_of

from sweeps.plan import cost
from sweeps.running.paces import BOUND, PRIOR_SECONDS, Paces
from sweeps.running.schedule import Schedule
from trainables.jobs.kinds import Training


def done(paces: Paces, worker: str, seconds: float, **estimated: float) -> None:
    for kind, value in estimated.items():
        paces.done(kind, value)
    paces.add(worker, seconds)


def test_without_data_estimates_hold() -> None:
    paces = Paces()
    assert paces.slower("training") == 1.0
    done(paces, "a", 0.2, training=0.1)
    assert paces.slower("training") == pytest.approx(1.01, abs=0.02), "a moment says little"


def test_each_kind_has_its_own_factor() -> None:
    """Of much work of one kind at a time, the factors are those of the times."""
    paces = Paces()
    done(paces, "a", 2000.0, training=1000.0)
    done(paces, "b", 500.0, path=1000.0)
    assert paces.slower("training") == pytest.approx(2.0, rel=0.02)
    assert paces.slower("path") == pytest.approx(0.5, rel=0.03)


def test_a_kind_without_data_goes_as_all_does() -> None:
    paces = Paces()
    done(paces, "a", 30.0, training=10.0)
    every = (30 + PRIOR_SECONDS) / (10 + PRIOR_SECONDS)
    assert paces.slower("path") == pytest.approx(every)
    expected = (30 + PRIOR_SECONDS * every) / (10 + PRIOR_SECONDS)
    assert paces.slower("training") == pytest.approx(expected)


def test_time_in_which_nothing_was_done_counts_with_what_comes_of_it() -> None:
    paces, other = Paces(), Paces()
    for seconds in (40.0, 50.0):
        done(paces, "a", seconds)
    done(paces, "a", 10.0, training=100.0)
    done(other, "a", 100.0, training=100.0)
    assert paces.slower("training") == other.slower("training") == 1.0


def test_time_of_a_worker_whose_work_was_lost_is_forgotten() -> None:
    paces = Paces()
    done(paces, "a", 1000.0)
    paces.ended("a")
    done(paces, "a", 10.0, training=10.0)
    assert paces.slower("training") == 1.0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 1e6), st.floats(0, 1e6))))
def test_factors_are_bounded(parts: list[tuple[str, float, float]]) -> None:
    paces = Paces()
    for kind, estimated, took in parts:
        done(paces, "w", took, **{kind: estimated})
    for kind in "abc":
        assert 1 / BOUND <= paces.slower(kind) <= BOUND


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_rest_of_a_training_takes_as_long_as_what_was_done(factor: float) -> None:
    jobs = made_of(1_000_000)
    ((key, job),) = jobs.items()
    schedule, whole = Schedule(jobs, 1), cost.seconds(job)
    schedule.next_batch("a")
    for step in range(1, 101):
        schedule.moved(key, step / 200)
        schedule.worked("a", factor * whole / 200)
    assert schedule.seconds_left == pytest.approx(factor * whole / 2, rel=0.05)


def test_what_another_sweep_does_says_nothing_of_our_pace() -> None:
    jobs = made_of(100_000, 100_000, 100_000)
    first, second, third = jobs
    schedule = Schedule(jobs, 1)
    [job] = schedule.next_batch("a") or []
    other = next(key for key in (first, second, third) if key != job.key)
    schedule.job_done(other)
    schedule.worked("a", 7.0)
    left = sum(cost.seconds(jobs[key]) for key in jobs if key != other)
    assert schedule.seconds_left == pytest.approx(left)


def test_kinds_of_jobs_are_told_apart_in_a_plan() -> None:
    """Trainings that take three times their estimates leave paths nearer to theirs."""
    schedule = Schedule(THREE_PATHS, 1)
    trained = 0.0
    for number in range(20):
        batch = schedule.next_batch(f"{number}")
        if not batch or not isinstance(batch[-1], Training):
            break
        for job in batch:
            took = cost.seconds(job)
            trained += took
            schedule.job_done(job.key)
            schedule.worked(f"{number}", 3 * took)
        schedule.batch_ended(f"{number}")
        if all(not isinstance(schedule.jobs[key], Training) for key in schedule._backlog.open):
            break
    assert trained > 30
    assert schedule._paces.slower("Training") == pytest.approx(3, rel=0.25)
