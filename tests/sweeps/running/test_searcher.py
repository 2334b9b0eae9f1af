"""What Tune is given, without Tune."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray.tune.search import Searcher
from schedules import THREE_PATHS

from sweeps.placement import Demand
from sweeps.plan.cost import seconds
from sweeps.running import searcher as searching
from sweeps.running.handout import Handout
from sweeps.running.schedule import Schedule
from sweeps.running.searcher import ScheduleSearcher, Settings
from sweeps.running.turns import NUMBER
from trainables.jobs.kinds import Job
from trainables.jobs.reports import Blocked, Measuring, Report, Running
from trainables.jobs.trainable import Batch
from trainables.store import Leases, Store, StoreError


class Given:
    """Batches of a schedule on two workers, as Tune asks for them."""

    def __init__(
        self, jobs: dict[str, Job], folder: Path, leases: Leases, store: Store, warm: bool
    ):
        self.schedule = Schedule(jobs, 2)
        handout = Handout(self.schedule, store, leases, lambda: 2)
        demand = Demand({"CPU": 1.0})
        settings = Settings(2, demand, 0, store.url, folder, 60.0, folder, warm=warm)
        self.searcher = ScheduleSearcher(handout, settings, None, bool)  # type: ignore[arg-type]
        self.configurations: list[dict[str, object]] = []

    def next(self) -> Batch | None:
        given = self.searcher.suggest(str(len(self.configurations)))
        if given is None:
            return None
        assert isinstance(given, dict)
        self.configurations.append(given)
        batch = given["batch"]
        assert isinstance(batch, Batch)
        assert repr(batch)
        return batch

    def done(self, name: str, batch: Batch) -> None:
        for job in batch.jobs:
            self.schedule.job_done(job.key)
        self.schedule.batch_ended(name)


def test_a_worker_gets_ready_while_another_does_what_all_wait_for(
    tmp_path: Path, store: Store, leases: Leases
) -> None:
    given = Given(THREE_PATHS, tmp_path, leases, store, warm=True)
    first, second = given.next(), given.next()
    assert first is not None
    assert [job.task for job in first.jobs] == ["pretrain: W_k"]
    assert second is not None
    assert second.jobs == ()
    assert given.next() is None, "no more than there are workers"
    given.schedule.batch_ended("1")
    assert given.next() is None
    given.done("0", first)
    for _ in range(3):
        batch = given.next()
        assert batch is not None
        assert len(batch.jobs) == 1
        assert batch.turn is not None
    assert given.next() is None
    assert [one[NUMBER] for one in given.configurations] == [1, 2, 3, 4, 5]


def test_none_gets_ready_for_what_another_sweep_does(
    tmp_path: Path, store: Store, leases: Leases
) -> None:
    with Leases(store, "another") as others:
        assert others.claim(list(THREE_PATHS)) == THREE_PATHS.keys()
        assert Given(THREE_PATHS, tmp_path, leases, store, warm=True).next() is None


@pytest.mark.parametrize(("warm", "jobs"), [(False, 7), (True, 1)])
def test_otherwise_a_worker_waits_for_work(
    tmp_path: Path, store: Store, leases: Leases, warm: bool, jobs: int
) -> None:
    """On a cluster, whose room is for others, too; and where no second one is needed."""
    given = Given(dict(list(THREE_PATHS.items())[:jobs]), tmp_path, leases, store, warm)
    batch = given.next()
    assert batch is not None
    assert len(batch.jobs) == 1
    assert given.next() is None


def test_what_is_told_of_a_measurement_is_work_done(
    tmp_path: Path, store: Store, leases: Leases
) -> None:
    given = Given(THREE_PATHS, tmp_path, leases, store, warm=False)
    path = next(job for job in THREE_PATHS.values() if not job.iterations and job.inputs)
    before = given.schedule.remaining_seconds
    told = Report(measuring=(Measuring(path.key, path.title, 0.25),))
    given.searcher.on_trial_result("0", {"report": told})
    assert before - given.schedule.remaining_seconds == pytest.approx(seconds(path) / 4)


class Noted:
    """An observer that notes what it hears of."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *told: self.heard.append((name, *(getattr(t, "key", t) for t in told)))


def test_what_is_told_of_divergence_and_of_the_store_is_passed_on(
    tmp_path: Path, store: Store, leases: Leases
) -> None:
    given = Given(THREE_PATHS, tmp_path, leases, store, warm=False)
    given.searcher._observer = noted = Noted()  # type: ignore[assignment]
    arm, path = (
        next(job.key for job in THREE_PATHS.values() if job.kind == kind)
        for kind in ("arm", "instability")
    )
    report = Report(
        diverged=(arm,),
        blocked=(Blocked(path, "train order 1 diverged"),),
        store_error="the store is full",
    )
    given.searcher.on_trial_result("0", {"report": report})
    assert noted.heard == [
        ("job_blocked", path, "train order 1 diverged"),
        ("training_diverged", arm),
        ("store_failed", "the store is full"),
    ]
    assert given.schedule.failed == {path: "train order 1 diverged"}


def test_a_worker_that_dies_further_on_each_time_is_no_job_s_fault(
    tmp_path: Path, store: Store, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as its reports say that more is stored."""
    jobs = {key: job for key, job in THREE_PATHS.items() if job.kind == "state"}
    given = Given(jobs, tmp_path, leases, store, warm=False)
    given.searcher._observer = noted = Noted()  # type: ignore[assignment]
    monkeypatch.setattr(given.searcher, "_blameless", lambda trial: False)
    (key,) = jobs
    stored = [100, 200, 300, 400, 500, 500, 500]
    for attempt, iteration in enumerate(stored):
        assert not given.schedule.failed, attempt
        batch = given.next()
        assert batch is not None
        assert [job.key for job in batch.jobs] == [key]
        report = Report(running=(Running(key, "", 0, 900, 1000, stored=iteration),))
        given.searcher.on_trial_result(str(attempt), {"report": report})
        given.searcher.on_trial_complete(str(attempt), None, error=True)
    assert given.schedule.failed == {key: "its worker process died"}
    assert [told for told in noted.heard if told[0] == "job_failed"]


def test_a_store_that_fails_ends_the_handing_out(
    tmp_path: Path, store: Store, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise StoreError("the store is read-only")

    given = Given(THREE_PATHS, tmp_path, leases, store, warm=False)
    given.searcher._observer = noted = Noted()  # type: ignore[assignment]
    assert given.next() is not None
    monkeypatch.setattr(leases, "claim", fails)
    monkeypatch.setattr(leases, "release", fails)
    given.searcher.on_trial_complete("0", report())
    assert noted.heard == [("batch_ended", "0")]
    assert given.searcher.suggest("1") == Searcher.FINISHED
    assert noted.heard[-1] == ("store_failed", "the store is read-only")


def report(**told: Any) -> dict[str, Report]:
    return {"report": Report(**told)}


def test_after_a_refusal_nothing_is_handed_out(
    tmp_path: Path, store: Store, leases: Leases
) -> None:
    given = Given(THREE_PATHS, tmp_path, leases, store, warm=True)
    assert given.next() is not None
    given.searcher.on_trial_result("0", report(refused="other code", done=True))
    assert given.searcher.refused == "other code"
    assert given.searcher.suggest("1") == "FINISHED"


class Stalls:
    """Hears of stalls only."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.told = self.lines.append

    def __getattr__(self, name: str) -> object:
        return lambda *_: None


def test_workers_that_start_slowly_are_not_said_to_lack_room(
    tmp_path: Path, store: Store, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a Ray of one's own, where all room is this run's, and taken by the workers that start."""
    now = [0.0]
    monkeypatch.setattr(searching.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(searching.ray, "available_resources", lambda: {"CPU": 0.0})
    given, stalls = Given(THREE_PATHS, tmp_path, leases, store, warm=True), Stalls()
    given.searcher._settings = replace(given.searcher._settings, alone=True)
    given.searcher._observer = stalls  # type: ignore[assignment]
    assert given.next() is not None
    for now[0] in (1.0, 61.5):
        given.searcher.look_for_stall()
    (line,) = stalls.lines
    assert "its process is still starting" in line


def test_what_no_worker_begins_is_told_once(
    tmp_path: Path, store: Store, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while one is under way; and again when the last of them has ended."""
    now = [0.0]
    monkeypatch.setattr(searching.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(searching.ray, "available_resources", lambda: {"CPU": 0.5})
    given, stalls = Given(THREE_PATHS, tmp_path, leases, store, warm=True), Stalls()
    searcher = given.searcher
    searcher._observer = stalls  # type: ignore[assignment]

    def look(seconds: float) -> list[str]:
        for _ in range(3):
            now[0] += seconds / 3
            searcher.look_for_stall()
        return stalls.lines

    assert look(1000) == [], "nothing was handed out"
    batch = given.next()
    assert batch is not None
    assert look(59) == []
    assert look(1000) == ["no worker has begun for 60 s: one needs 1 CPU; free are 0.5 CPU"]
    searcher.on_trial_result("0", report(nodes=["a"]))
    given.next()
    assert len(look(1000)) == 1, "one is at work"
    searcher.on_trial_complete("0", report(nodes=["a"]))
    assert len(look(59)) == 1
    assert len(look(1000)) == 2


def test_a_worker_that_died_is_told_of(
    tmp_path: Path, store: Store, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching.ray, "nodes", list)
    given, stalls = Given(THREE_PATHS, tmp_path, leases, store, warm=False), Stalls()
    given.searcher._observer = stalls  # type: ignore[assignment]
    assert given.next() is not None
    given.searcher.on_trial_complete("0", error=True)
    [line] = stalls.lines
    assert line == "a batch was lost, as its worker process died; it goes on from its checkpoints"
