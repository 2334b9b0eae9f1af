"""Idle workers and starting ones, on real Ray."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.idle import reporting
from sweeps.loading import load
from sweeps.placement import Demand
from sweeps.plan import expand
from sweeps.running.handout import Handout
from sweeps.running.schedule import Schedule
from sweeps.running.sites import ThisMachine
from sweeps.running.turns import NUMBER, Turns
from trainables.jobs.kinds import Job
from trainables.jobs.reports import Report
from trainables.store import Leases, Store

WORKERS, BATCHES = 4, 100


class Heard:
    """Processes that reported, and the jobs that are done."""

    def __init__(self) -> None:
        self.processes: set[str] = set()
        self.done: list[str] = []

    def job_done(self, job: Job) -> None:
        self.done.append(job.key)

    def job_failed(self, job: Job, reason: str, trace: str) -> None:
        raise AssertionError(trace)

    def reported(self, worker: str, report: Report) -> None:
        self.processes.update(report.nodes)

    def batch_ended(self, worker: str) -> None: ...

    def waiting(self) -> None: ...

    def told(self, line: str) -> None: ...

    def look(self) -> None: ...


@pytest.mark.slow
def test_every_worker_comes_up_though_batches_are_shorter_than_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = [f"inits={BATCHES}", "rewind=[0]", "subnetworks=[{strategy: dense}]"]
    plan = expand(load("digits-mlp", [*spec, "recipe.backend=loop"])[0])
    jobs = {key: job for key, job in plan.jobs.items() if not job.inputs}
    heard = Heard()
    store, demand = Store(str(tmp_path / "store")), Demand({"CPU": 1.0})
    with Leases(store, "test") as leases, ThisMachine(WORKERS).ready(demand, print):
        from sweeps.running import tuning
        from sweeps.running.searcher import Settings

        monkeypatch.setattr(tuning, "BatchTrainable", reporting(1, seconds=0.5))
        settings = Settings(WORKERS, demand, 0, store.url, tmp_path, 60.0, tmp_path / "tune")
        schedule = Schedule(jobs, WORKERS, batch_seconds=0)
        handout = Handout(schedule, store, leases, lambda: WORKERS)
        tuning.run(handout, settings, heard, lambda: False)
    assert sorted(heard.done) == sorted(jobs)
    assert len(heard.processes) == WORKERS


def test_batches_take_their_turn_in_the_order_they_came() -> None:
    """Tune keeps them in a set, by identifiers that are random."""
    trials = [SimpleNamespace(trial_id=name, config={NUMBER: n}) for n, name in enumerate("ebadc")]
    starting = {id(trials[2]): "actor 2"}
    controller = SimpleNamespace(
        _pending_trials=[],
        _actor_cache=SimpleNamespace(num_cached_objects=0),
        _trial_to_actor=SimpleNamespace(get=lambda trial: starting.get(id(trial))),
        _actor_manager=SimpleNamespace(is_actor_started=lambda actor: True),
    )
    turns, chosen = Turns(bool, print), []
    for waiting in ([4, 1, 3], [4, 3], [4, 0, 2], []):
        controller._pending_trials = [trials[number] for number in waiting]
        chosen.append(turns.choose_trial_to_run(SimpleNamespace(_tune_controller=controller)))
    assert chosen == [trials[1], trials[3], trials[0], None]
