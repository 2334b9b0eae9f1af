"""What a report tells of a batch."""

import math
from functools import partial

import pytest
import samples
from job_samples import NEVER, do, family

from trainables.jobs import report as module
from trainables.jobs.execute import Executor
from trainables.jobs.report import advance
from trainables.jobs.reports import Blocked, Running
from trainables.jobs.turn import Turn, TurnLength
from trainables.store import StoreError

NO_TURN = Turn(None, 0)


@pytest.fixture(autouse=True)
def never_due(monkeypatch):
    """However slow the machine, no report is due before a batch or its turn ends."""
    monkeypatch.setattr(module, "REPORT_SECONDS", math.inf)


@pytest.mark.parametrize("name", ["instability", "arm"])
def test_what_is_under_way_is_told_until_it_is_done(store, jobs, every_iteration, name):
    job = jobs[name]
    do(store, *job.inputs)
    executor = Executor(store, samples.FOLDER, NEVER)
    events = executor.run_batch([job])
    leaves = iter([False, True])
    first = advance(executor, events, NO_TURN, lambda: next(leaves))
    last = advance(executor, events, NO_TURN, lambda: False)
    if name == "arm":
        assert first.running == (Running(job.key, job.title, 20, 21, 60, stored=20),)
        assert first.measuring == ()
    else:
        (told,) = first.measuring
        assert (told.key, told.title) == (job.key, job.title)
        assert 0 < told.share < 1
        assert first.running == ()
    assert not first.done
    assert last.done
    assert last.finished == (job.key,)
    assert last.running == last.measuring == ()


def test_a_turn_is_of_so_many_iterations_however_fast_they_are(store, jobs, every_iteration):
    job = jobs["arm"]
    do(store, *job.inputs)
    executor = Executor(store, samples.FOLDER, NEVER)
    executor.trained_iterations = 1000
    events, turn = executor.run_batch([job]), Turn(TurnLength(0, 7), 1000)
    report = advance(executor, events, turn, lambda: False)
    assert report.done
    assert report.running == (Running(job.key, job.title, 20, 27, 60, stored=20),)


def test_a_turn_is_of_so_many_seconds_however_many_iterations(store, jobs, every_iteration):
    job = jobs["arm"]
    do(store, *job.inputs)
    executor = Executor(store, samples.FOLDER, NEVER)
    turn = Turn(TurnLength(3600, 7), 0)
    report = advance(executor, executor.run_batch([job]), turn, lambda: False)
    assert report.finished == (job.key,)


def reported(store, *jobs, checkpoint_seconds=NEVER):
    """The only report of a batch."""
    executor = Executor(store, samples.FOLDER, checkpoint_seconds)
    return advance(executor, executor.run_batch(jobs), NO_TURN, lambda: False)


def test_where_a_training_would_go_on_is_its_last_checkpoint(store, jobs, every_iteration):
    """Not where it is: that is lost with the worker."""
    job = jobs["arm"]
    do(store, *job.inputs)

    def after(iterations, checkpoint_seconds):
        executor = Executor(store, samples.FOLDER, checkpoint_seconds)
        turn = Turn(TurnLength(0, iterations), 0)
        told = []
        events = executor.run_batch([job])
        while not told or not told[-1].done:
            told.append(advance(executor, events, turn, partial(next, iter([False, True]))))
        return [one.stored for report in told for one in report.running]

    assert after(3, NEVER) == [20] * 3
    assert after(3, NEVER) == [23] * 3, "as it was closed there"
    assert after(3, -1) == [27, 28, 29]


def test_trainings_that_diverged_are_told_when_they_end_and_when_they_are_read(store, short):
    """And what cannot be done for that is no failure of its own."""
    made = family(short(learning_rate=1e30))
    trained = reported(store, *(made[name] for name in ("w0", "wk", "arm")))
    diverged = [made["wk"].key, made["arm"].key]
    assert trained.diverged == tuple(diverged)
    assert trained.finished == (made["w0"].key, *diverged)
    read = reported(store, made["second arm"], made["mask"], made["masked"])
    assert set(read.diverged) == {*diverged, made["second arm"].key}
    assert read.finished == (made["second arm"].key,)
    assert read.blocked == (Blocked(made["mask"].key, "train init 1 k=20 dense order 1 diverged"),)
    assert read.failed == ()
    assert read.done
    for name, kind in (("wk", "state"), ("arm", "arm")):
        assert store.facts(kind, made[name].key)["diverged"] is True


def test_trainings_that_end_well_are_not_told_to_have_diverged(store, jobs):
    report = reported(store, *jobs.values())
    assert report.diverged == report.blocked == ()
    assert all("diverged" not in store.facts(job.kind, job.key) for job in jobs.values())


def test_a_store_that_fails_is_told_and_no_job_is_blamed(store, jobs, monkeypatch):
    """The batch ends; what was done before is told."""
    write = store.write

    def full(kind, key, *arguments, **facts):
        if key == jobs["arm"].key:
            raise StoreError("the store is full")
        write(kind, key, *arguments, **facts)

    monkeypatch.setattr(store, "write", full)
    report = reported(store, *(jobs[name] for name in ("w0", "wk", "arm", "second arm")))
    assert report.store_error == "the store is full"
    assert report.finished == (jobs["w0"].key, jobs["wk"].key)
    assert report.failed == report.running == ()
    assert report.done
