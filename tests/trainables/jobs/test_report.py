"""What a report tells of a batch."""

import math

import pytest
import samples
from job_samples import NEVER, do

from trainables.jobs import report as module
from trainables.jobs.execute import Executor
from trainables.jobs.report import advance
from trainables.jobs.turn import Turn, TurnLength

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
        assert first["running"] == [(job.key, job.title, 20, 21, 60)]
        assert first["measuring"] == []
    else:
        ((key, title, share),) = first["measuring"]
        assert (key, title) == (job.key, job.title)
        assert 0 < share < 1
        assert first["running"] == []
    assert not first["done"]
    assert last["done"]
    assert last["finished"] == [job.key]
    assert last["running"] == last["measuring"] == []


def test_a_turn_is_of_so_many_iterations_however_fast_they_are(store, jobs, every_iteration):
    job = jobs["arm"]
    do(store, *job.inputs)
    executor = Executor(store, samples.FOLDER, NEVER)
    executor.trained_iterations = 1000
    events, turn = executor.run_batch([job]), Turn(TurnLength(0, 7), 1000)
    report = advance(executor, events, turn, lambda: False)
    assert report["done"]
    assert report["running"] == [(job.key, job.title, 20, 27, 60)]


def test_a_turn_is_of_so_many_seconds_however_many_iterations(store, jobs, every_iteration):
    job = jobs["arm"]
    do(store, *job.inputs)
    executor = Executor(store, samples.FOLDER, NEVER)
    turn = Turn(TurnLength(3600, 7), 0)
    report = advance(executor, executor.run_batch([job]), turn, lambda: False)
    assert report["finished"] == [job.key]
