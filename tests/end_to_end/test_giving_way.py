"""Trainings that take turns near the end of a sweep, on real Ray."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps.loading import load
from sweeps.placement import Demand
from sweeps.plan import expand
from sweeps.running import schedule as schedules
from sweeps.running.handout import Handout
from sweeps.running.schedule import Schedule
from sweeps.running.sites import ThisMachine
from trainables.jobs.execute import CHECKPOINT, Executor
from trainables.jobs.kinds import Job, Training
from trainables.jobs.reports import Report
from trainables.store import Leases, Store

WORKERS = 2

ITERATIONS = 12_000
"""Seconds of training: longer than a pulse of half a second on a machine five times as fast."""


class Heard:
    """Which jobs batches were at when they reported, and what was done."""

    def __init__(self) -> None:
        self.at: dict[str, set[str]] = {}
        self.done: list[str] = []

    def job_done(self, job: Job) -> None:
        self.done.append(job.key)

    def job_failed(self, job: Job, reason: str, trace: str) -> None:
        raise AssertionError(trace)

    def reported(self, worker: str, report: Report) -> None:
        running = [one.key for one in report.running]
        for key in [*running, *report.finished]:
            self.at.setdefault(key, set()).add(worker)

    def batch_ended(self, worker: str) -> None: ...

    def waiting(self) -> None: ...

    def told(self, line: str) -> None: ...

    def look(self) -> None: ...


@pytest.mark.slow  # which gives way when: tests/sweeps/running/test_giving_way.py
def test_three_trainings_take_turns_on_two_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is begun again, and their bits are those of a training by itself."""
    # A turn is a third of a training, however long that takes here and whichever worker starts
    # late. How long turns are otherwise is tested with the schedule, without a clock.
    monkeypatch.setattr(schedules, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(schedules, "turn_seconds", lambda rests, workers, remaining: max(rests) / 3)
    shape = ["inits=1", "orders=3", "rewind=[0]", "subnetworks=[{strategy: dense}]"]
    recipe = ["recipe.backend=loop", f"recipe.iterations={ITERATIONS}"]
    jobs = expand(load("digits-mlp", shape + recipe)[0]).jobs
    heard = Heard()
    store, demand = Store(str(tmp_path / "store")), Demand({"CPU": 1.0})
    with Leases(store, "test") as leases, ThisMachine(WORKERS).ready(demand, print):
        from sweeps.running import tuning
        from sweeps.running.searcher import Settings

        settings = Settings(
            WORKERS, demand, 0, store.url, tmp_path, 60.0, tmp_path / "tune", warm=True
        )
        schedule = Schedule(jobs, WORKERS)
        tuning.run(Handout(schedule, store, leases, lambda: WORKERS), settings, heard, bool)
    assert sorted(heard.done) == sorted(jobs)
    assert schedule.remaining_seconds == pytest.approx(0, abs=1e-6)

    alone = Store(str(tmp_path / "alone"))
    executor = Executor(alone, tmp_path, checkpoint_seconds=1e9)
    arms = [job for job in jobs.values() if isinstance(job, Training) and job.is_copy]
    gave_way = [arm for arm in arms if len(heard.at[arm.key]) > 1]
    assert len(arms) == 3
    assert len(gave_way) >= 2, "the third need not if it begins when another is done"
    for arm in arms:
        assert store.facts(arm.kind, arm.key)["iterations"] == ITERATIONS
        assert not store.complete([(CHECKPOINT, arm.key)])
        list(executor.run(arm.start))
        list(executor.run(arm))
        expected = alone.read(arm.kind, arm.key).payload
        assert store.read(arm.kind, arm.key).payload == expected
