"""How often a job's worker may die before the job is given up."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedules import SMALL, SMALL_ONES, SMALL_STACKED, Simulation, made_of

from sweeps.running.losses import MAX_LOSSES
from sweeps.running.schedule import Schedule
from trainables.jobs.kinds import Job


@given(SMALL_ONES, st.randoms(use_true_random=False))
def test_batches_of_dead_workers_are_handed_out_again(
    jobs: dict[str, Job], rng: random.Random
) -> None:
    schedule = Schedule(jobs, 3)
    simulation = Simulation(schedule, 3, rng)
    for _ in range(MAX_LOSSES):
        simulation.hand_out()
        simulation.lose_one_batch()
    while not schedule.finished:
        simulation.hand_out()
        simulation.do_one_job()
    assert sorted(simulation.done) == sorted(jobs)


@pytest.mark.parametrize("jobs", [SMALL, SMALL_STACKED], ids=["loop", "stacked"])
def test_a_job_that_keeps_killing_its_worker_fails_alone(jobs: dict[str, Job]) -> None:
    """Jobs that shared its first batch are done; only it and what needs it are not."""
    schedule = Schedule(jobs, 1, batch_seconds=1000)
    poison = schedule.next_batch("first")[2].key  # type: ignore[index]
    schedule.batch_ended("first")
    attempts = 0
    for turn in range(1000):
        if schedule.finished:
            break
        name = f"batch {turn}"
        for job in schedule.next_batch(name) or []:
            if job.key == poison:
                attempts += 1
                schedule.batch_lost(name, "its worker died")
                break
            schedule.job_done(job.key)
        else:
            schedule.batch_ended(name)
    assert attempts == MAX_LOSSES + 1
    assert schedule.failed == {poison: "its worker died"}
    lost = {poison}
    for key, job in jobs.items():
        if any(i.key in lost for i in job.inputs):
            lost.add(key)
    assert schedule.done == jobs.keys() - lost


def attempts_until_it_fails(schedule: Schedule, stored: Callable[[int], int | None]) -> int:
    """Of its only job, whose worker dies again and again after it told what it has stored."""
    ((key, job),) = schedule.jobs.items()
    for attempt in range(50):
        if schedule.finished:
            assert schedule.failed == {key: "died"}
            return attempt
        name = f"batch {attempt}"
        assert schedule.next_batch(name) == [job]
        if (iteration := stored(attempt)) is not None:
            schedule.moved(key, 0.9)
            schedule.stored(name, key, iteration)
        schedule.batch_lost(name, "died")
    return 50


@pytest.mark.parametrize(
    ("stored", "attempts"),
    [
        (lambda attempt: None, MAX_LOSSES + 1),
        (lambda attempt: 0, MAX_LOSSES + 1),
        (lambda attempt: 500, MAX_LOSSES + 1),
        (lambda attempt: 100 * min(attempt, 7), 7 + MAX_LOSSES + 1),
        (lambda attempt: 100 * attempt if attempt < 7 else None, 6 + MAX_LOSSES + 1),
        (lambda attempt: 100 * min(attempt // 2, 7), 14 + MAX_LOSSES + 1),
        (lambda attempt: 500 - 10 * attempt, MAX_LOSSES + 1),
        (lambda attempt: 100 * (attempt % 2), 1 + MAX_LOSSES + 1),
    ],
    ids=[
        "dies before it tells anything", "dies before its first checkpoint",
        "dies where it went on", "gets further seven times", "then tells nothing any more",
        "gets further every second time", "falls back", "a checkpoint comes and goes",
    ],
)  # fmt: skip
def test_losses_count_from_the_last_progress_that_is_stored(
    stored: Callable[[int], int | None], attempts: int
) -> None:
    """A job whose worker dies at the same place fails; one that gets further does not."""
    assert attempts_until_it_fails(Schedule(made_of(50_000), 1), stored) == attempts


def test_a_turn_that_ends_well_is_progress_too() -> None:
    schedule = Schedule(made_of(50_000), 1)
    ((key, job),) = schedule.jobs.items()
    for turn in range(5 * MAX_LOSSES):
        schedule.next_batch(f"lost {turn}")
        schedule.stored(f"lost {turn}", key, 100 * turn)
        schedule.batch_lost(f"lost {turn}", "died")
        assert schedule.next_batch(f"well {turn}") == [job]
        schedule.stored(f"well {turn}", key, 100 * (turn + 1))
        schedule.batch_ended(f"well {turn}")
    assert not schedule.failed


def test_what_is_made_again_for_a_job_is_its_progress() -> None:
    """An input that was damaged, which is no job of this run: it has a checkpoint of its own."""
    schedule = Schedule(made_of(50_000), 1)
    for attempt in range(5 * MAX_LOSSES):
        schedule.next_batch(str(attempt))
        schedule.stored(str(attempt), "an input", 100 * attempt)
        schedule.batch_lost(str(attempt), "died")
    assert not schedule.failed


def test_progress_of_one_job_is_not_another_s() -> None:
    schedule = Schedule(made_of(50_000, 50_000), 2)
    batches = {name: schedule.next_batch(name) for name in ("good", "bad")}
    good, bad = (batch[0].key for batch in batches.values() if batch)
    lost = dict.fromkeys((good, bad), 0)
    for turn in range(2 * (MAX_LOSSES + 1)):
        name = next(iter(schedule._running))
        (key,) = schedule._running[name]
        schedule.stored(name, key, 100 * turn if key == good else 100)
        schedule.batch_lost(name, "died")
        lost[key] += 1
        if not schedule.finished:
            schedule.next_batch(f"again {turn}")
    assert schedule.failed == {bad: "died"}
    assert lost[bad] == MAX_LOSSES + 1
    assert lost[good] >= MAX_LOSSES


def test_a_machine_that_goes_is_no_fault_of_its_jobs() -> None:
    schedule = Schedule(SMALL, 1)
    for turn in range(3 * MAX_LOSSES):
        assert schedule.next_batch(f"batch {turn}")
        schedule.batch_lost(f"batch {turn}", "gone", blameless=True)
    assert not schedule.failed
