"""Budgets: what is spent over several runs, and what the rest allows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import expand
from sweeps.plan.cost import seconds
from sweeps.plan.hardware import CPU_CORE
from sweeps.recording.submissions import sweep_key
from sweeps.running import meter as module
from sweeps.running.forecast import forecast
from sweeps.running.handout import Handout
from sweeps.running.meter import Meter
from sweeps.running.schedule import Schedule
from sweeps.spec.budget import Budget, overrides
from trainables.store import Leases, Store

SMALL = ["rewind=[0, 20]", "inits=2", "orders=2", "subnetworks=[dense]"]


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.now = 100.0
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_time_counts_from_run_to_run(tmp_path: Path, clock: Clock) -> None:
    budget, file = Budget(hours=1.0), tmp_path / "deep" / "spent.json"
    first = Meter(budget, file, "a")
    first.begin(lambda: 2)
    clock.now += 3000
    assert first.allows(599)
    assert not first.allows(601)
    assert first.line == (
        "the budget of 1 h 0 min does not reach for the next jobs: 50 min 0 s spent"
    )
    first.tick(last=True)
    clock.now += 10_000  # no run is under way
    second = Meter(budget, file, "a")
    second.begin(lambda: 2)
    assert second.seconds == 3000
    assert not second.allows(601)
    assert Meter(Budget(hours=2.0), file, "a").allows(601)
    assert Meter(budget, file, "another sweep").seconds == 0


def test_a_cost_is_of_every_worker_that_there_is(tmp_path: Path, clock: Clock) -> None:
    """Two workers for half an hour, then four: at 3 an hour these are 3, and 12 an hour."""
    workers = [2]
    meter = Meter(Budget(cost=9.0, price_per_hour=3.0), tmp_path / "spent.json", "a")
    meter.begin(lambda: workers[0])
    clock.now += 1800
    meter.tick()
    workers[0] = 4
    clock.now += 900
    assert meter.allows(899)  # 6, and 3 more
    assert not meter.allows(901)
    assert meter.line.endswith("45 min 0 s and 6.00 spent")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": {}}'])
def test_a_file_that_cannot_be_read_counts_as_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "spent.json"
    file.write_text(content)
    assert Meter(Budget(hours=1.0), file, "a").seconds == 0


def test_without_a_budget_nothing_is_kept(tmp_path: Path, clock: Clock) -> None:
    meter = Meter(None, tmp_path / "spent.json", "a")
    meter.begin(lambda: 1)
    clock.now += 1e6
    assert meter.allows(1e9)
    meter.tick(last=True)
    assert not (tmp_path / "spent.json").exists()


def test_a_killed_driver_forgets_little(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "spent.json"
    meter = Meter(Budget(hours=1.0), file, "a")
    meter.begin(lambda: 1)
    for _ in range(100):
        clock.now += 0.5
        meter.tick()
    assert 50 - json.loads(file.read_text())["a"]["seconds"] <= module.WRITE_SECONDS


def test_nothing_is_handed_out_beyond_a_budget_and_nothing_is_lost(tmp_path: Path) -> None:
    plan = expand(load("digits-mlp", SMALL)[0])
    schedule = Schedule(plan.jobs, 1)
    store = Store(str(tmp_path / "store"))
    leases = Leases(store, "me")
    meter = Meter(Budget(hours=1e-6), tmp_path / "spent.json", "a")
    handout = Handout(schedule, store, leases, lambda: 1, meter=meter)
    assert handout.next_batch("one") is None
    assert handout.out_of_budget
    assert handout.next_batch("two") is None
    assert schedule.left == len(plan.jobs)
    assert leases.claim(set(plan.jobs)) == set(plan.jobs)  # none is held


def test_a_slow_machine_reaches_less_far() -> None:
    plan = expand(load("lenet-mnist", SMALL)[0])  # a batch is a part of it
    schedule = Schedule(plan.jobs, 1)
    batch = schedule.next_batch("one")
    assert batch is not None
    [*_, last] = plan.jobs.values()
    usual = schedule.expected([last])
    for job in batch:
        schedule.job_done(job.key)
    schedule.worked("one", 1000.0)
    assert schedule.expected([last]) > 2 * usual


def test_a_forecast_ends_with_everything_or_with_what_fits() -> None:
    plan = expand(load("lenet-mnist", SMALL)[0])  # trained one after another
    work = sum(seconds(job) for job in plan.jobs.values())
    everything = forecast(plan, plan.jobs, 1, 2 * work + CPU_CORE.seconds_to_start)
    assert (everything.jobs, everything.trials) == (len(plan.jobs), len(plan.trials))
    assert everything.seconds == pytest.approx(CPU_CORE.seconds_to_start + work)
    part = forecast(plan, plan.jobs, 1, CPU_CORE.seconds_to_start + work / 2)
    assert 0 < part.jobs < len(plan.jobs)
    assert part.seconds <= CPU_CORE.seconds_to_start + work / 2
    assert forecast(plan, plan.jobs, 1, 1.0).jobs == 0
    done = forecast(plan, {}, 1, 1.0)
    assert (done.jobs, done.trials) == (0, len(plan.trials))


def test_of_trainings_side_by_side_some_fit_within_a_small_budget() -> None:
    """A batch of them takes up to 20 s: it is cut to what fits."""
    plan = expand(load("digits-mlp", ["inits=3", "orders=3", "rewind=[0]"])[0])
    work = sum(seconds(job) for job in plan.jobs.values())
    limits = [CPU_CORE.seconds_to_start + share * work for share in (0.05, 0.2, 0.5, 0.8)]
    found = [forecast(plan, plan.jobs, 2, limit) for limit in limits]
    done = [one.jobs for one in found]
    assert done == sorted(set(done))
    assert 0 < done[0] < done[-1] < len(plan.jobs) or done[-1] == len(plan.jobs)
    assert all(one.seconds <= limit for one, limit in zip(found, limits, strict=True))


def test_a_batch_is_cut_to_what_a_budget_reaches_for(tmp_path: Path, clock: Clock) -> None:
    plan = expand(load("digits-mlp", ["inits=3", "orders=3", "rewind=[0]"])[0])
    whole = Schedule(plan.jobs, 1).next_batch("whole")
    assert whole is not None
    schedule, store = Schedule(plan.jobs, 1), Store(str(tmp_path / "store"))
    limit = schedule.expected(whole) / 2
    leases = Leases(store, "me")
    meter = Meter(Budget(hours=limit / 3600), tmp_path / "spent.json", "a")
    handout = Handout(schedule, store, leases, lambda: 1, meter=meter)
    jobs = handout.next_batch("one")
    assert jobs == whole[: len(jobs or ())]
    assert schedule.expected(jobs or ()) <= limit
    assert not handout.out_of_budget
    others = {job.key for job in whole[len(jobs or ()) :]}
    assert others
    assert Leases(store, "another").claim(list(others)) == others, "they are given back"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (("2 h", None), ["budget.hours=2.0"]),
        (("90 min", None), ["budget.hours=1.5"]),
        (("90min", None), ["budget.hours=1.5"]),
        (("36 s", None), ["budget.hours=0.01"]),
        (("20", 1.5), ["budget.cost=20.0", "budget.price_per_hour=1.5"]),
        ((None, 1.5), ["budget.price_per_hour=1.5"]),
        ((None, None), []),
    ],
)
def test_options_are_overrides(said: tuple[str | None, float | None], found: list[str]) -> None:
    assert overrides(*said) == found


@pytest.mark.parametrize("said", [("2 days", None), ("", None), ("1", -1.0), ("1", float("nan"))])
def test_wrong_options_are_refused(said: tuple[str | None, float | None]) -> None:
    with pytest.raises(UserError):
        overrides(*said)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ("{}", "neither hours nor cost"),
        ("{cost: 3}", "a cost needs the price of a worker"),
        ("{hours: 0}", "budget.hours: must be a number of hours above 0"),
        ("{days: 3}", "budget.days: unknown key"),
        ("3", "budget: must be a mapping"),
    ],
)
def test_wrong_budgets_are_refused(budget: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        load("digits-mlp", [f"budget={budget}"])


def test_a_budget_has_no_influence_on_results() -> None:
    plain, limited = (load("digits-mlp", own)[0] for own in ([], ["budget={hours: 1}"]))
    assert sweep_key(expand(plain)) == sweep_key(expand(limited))
